// A line over the pictures: what the left one is, and what the right one shows.
export function render({model, el}) {
  const said = h("div", {class: "said"}), choice = h("div", {class: "choice", role: "radiogroup", "aria-label": model.label})
  el.append(h("style", {}, `
    .all{display:grid;grid-template-columns:1fr 1fr;align-items:center;height:30px;background:var(--ground);font-size:12px}
    .said{padding:0 10px;color:var(--dim);overflow:hidden;text-overflow:ellipsis;white-space:nowrap}.said b{color:var(--text);font-weight:600}.said .flip{color:var(--warn)}
    .choice{display:flex;gap:2px;padding:0 10px}.choice button{padding:2px 10px;border-color:var(--line);color:var(--dim);font-size:12px}
    .choice button[aria-checked=true]{border-color:var(--accent);color:var(--text);background:var(--raised)}
  `), h("div", {class: "all"}, said, choice))
  live(model, ["said", "flipped"], () => said.replaceChildren(h("b", {}, model.flipped ? h("span", {class: "flip"}, "Version in force") : "Tried"), ` · ${model.said} `, h("kbd", {title: "Show the version in force here"}, "B")))
  live(model, ["modes", "current"], () => choice.replaceChildren(...model.modes.map((mode) => h("button", {
    role: "radio", "aria-checked": String(mode.name === model.current), title: mode.text || null, onclick: () => model.send_msg({mode: mode.name}),
  }, mode.title))))
}
