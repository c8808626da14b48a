// A line over the pictures: what the left one is, what the right one shows, and which version is compared with.
export function render({model, el}) {
  const said = h("div", {class: "said"}), choice = h("div", {class: "choice", role: "radiogroup", "aria-label": model.label})
  const against = h("select", {"aria-label": "Compare with version", title: "Version that is compared with: right picture, dashed curves, numbers, replay", onchange: () => model.send_msg({version: Number(against.value)})})
  el.append(h("style", {}, `
    :host{color-scheme:dark}
    .all{display:grid;grid-template-columns:minmax(0,1fr) minmax(min-content,1fr);align-items:center;height:30px;background:var(--ground);font-size:12px}
    .said{padding:0 10px;color:var(--dim);overflow:hidden;text-overflow:ellipsis;white-space:nowrap}.said b{color:var(--text);font-weight:600}.said .flip{color:var(--warn)}
    .right{display:flex;gap:6px;padding:0 10px}.choice{display:flex;gap:2px}.choice button{padding:2px 6px;border-color:var(--line);color:var(--dim);font-size:12px}
    .choice button[aria-checked=true]{border-color:var(--accent);color:var(--text);background:var(--raised)}
    select{min-width:72px;flex:0 1 auto;font:inherit;color:inherit;background:var(--ground);border:1px solid var(--edge);border-radius:4px;padding:1px 4px}select.other{border-color:var(--warn);color:var(--warn)}
  `), h("div", {class: "all"}, said, h("div", {class: "right"}, choice, against)))
  live(model, ["said", "flipped", "reference"], () => said.replaceChildren(h("b", {}, model.flipped ? h("span", {class: "flip"}, `Version ${model.reference}`) : "Tried"), ` · ${model.said} `, h("kbd", {title: "Show here what is compared with"}, "B")))
  live(model, ["modes", "current"], () => choice.replaceChildren(...model.modes.map((mode) => h("button", {
    role: "radio", "aria-checked": String(mode.name === model.current), title: mode.text || null, onclick: () => model.send_msg({mode: mode.name}),
  }, mode.title))))
  live(model, ["versions", "reference", "in_force"], () => {
    against.replaceChildren(...model.versions.map((v) => h("option", {value: v}, `vs v${v}${v === model.in_force ? ", in force" : ""}`)))
    against.value = model.reference
    against.hidden = model.versions.length < 2
    against.classList.toggle("other", model.reference !== model.in_force)
  })
}
