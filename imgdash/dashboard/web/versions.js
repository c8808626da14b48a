// Versions of a key: what each changed; a former one can be released again, as the next one.
export function render({model, el}) {
  el.style.height = "100%"
  const list = h("div", {class: "list", role: "listbox", "aria-label": "Versions", tabindex: 0}), detail = h("div", {class: "detail"})
  el.append(h("style", {}, `
    :host{color-scheme:dark}
    .all{display:grid;grid-template-columns:minmax(260px,340px) 1fr;height:100%;background:var(--ground)}
    .list{overflow:auto;border-right:1px solid var(--line);background:var(--panel);outline-offset:-2px}
    .version{padding:8px 12px;border-bottom:1px solid var(--line);border-left:2px solid transparent;cursor:pointer}
    .version:hover{background:var(--raised)}.version[aria-selected=true]{border-left-color:var(--accent);background:var(--raised)}
    .version b{font-weight:600}.version small{color:var(--dim)}.version p{margin:2px 0 0;font-size:12px;color:var(--dim);overflow-wrap:anywhere}
    .tag{margin-left:6px;padding:0 6px;border-radius:8px;background:var(--good);color:#04150b;font-size:10px;font-weight:600}.tag.out{background:var(--warn);color:#210}
    .detail{overflow:auto;padding:14px 18px}h2{margin:0 0 4px;font-size:14px}.sub{color:var(--dim);margin-bottom:10px}
    table{border-collapse:collapse;font-size:12px;margin:8px 0 14px}th{font-weight:400;color:var(--dim);text-align:left}th,td{padding:3px 18px 3px 0;border-bottom:1px solid var(--line)}td.number{font-variant-numeric:tabular-nums}td.later{color:var(--accent)}
    pre{margin:0;padding:10px 12px;border:1px solid var(--line);border-radius:4px;background:var(--panel);font:11px/1.5 ui-monospace,'DejaVu Sans Mono',monospace;overflow:auto;white-space:pre-wrap}
    .plus{color:var(--good)}.minus{color:var(--bad)}.at{color:var(--faint)}
    .act{display:flex;gap:8px;align-items:center;margin:0 0 12px;flex-wrap:wrap}.act input{flex:1;min-width:180px;max-width:420px;font:inherit;font-size:12px;color:inherit;background:var(--panel);border:1px solid var(--line);border-radius:4px;padding:4px 7px}
    .act button{height:28px;padding:0 12px;background:var(--raised);border-color:var(--line)}.act button:hover:enabled{border-color:var(--faint)}
    select{font:inherit;font-size:12px;color:inherit;background:var(--panel);border:1px solid var(--line);border-radius:4px;padding:3px 6px}
    .error{color:var(--bad);font-size:12px;width:100%}
  `), h("div", {class: "all"}, list, detail))
  const note = h("input", {type: "text", maxlength: 200, placeholder: "Why", "aria-label": "Note", oninput: () => buttons()})
  const back = h("button", {onclick: () => model.send_msg({back: model.current, note: note.value})})
  const use = h("button", {onclick: () => model.send_msg({use: !model.in_use, note: note.value})})
  const look = h("button", {title: "Set the sliders to this version's values", onclick: () => model.send_msg({load: model.current})}, "Load into the sliders")
  const error = h("div", {class: "error", role: "alert"})
  const against = h("select", {"aria-label": "Compare with", onchange: () => model.send_msg({version: model.current, against: Number(against.value)})})
  list.addEventListener("keydown", (event) => {
    const step = {ArrowDown: 1, ArrowUp: -1}[event.key], at = model.versions.findIndex((v) => v.version === model.current)
    if (!step) return
    event.preventDefault()
    event.stopPropagation()
    const next = model.versions[Math.max(0, Math.min(model.versions.length - 1, at + step))]
    if (next) model.send_msg({version: next.version})
  })
  function buttons() {
    const latest = model.versions[0]?.version === model.current
    back.textContent = `Release version ${model.current} again`
    back.hidden = latest
    back.disabled = use.disabled = !model.may || !note.value.trim()
    use.textContent = model.in_use ? "Take the key out of use" : "Put the key into use"
    note.disabled = !model.may
    note.placeholder = model.may ? "Why" : "Releasing needs a manager"
  }
  live(model, ["versions", "current"], () => list.replaceChildren(...model.versions.map((v, n) => h("div", {
    class: "version", role: "option", "aria-selected": String(v.version === model.current), "data-version": v.version, onclick: () => model.send_msg({version: v.version}),
  }, h("b", {}, `Version ${v.version}`), n === 0 ? h("span", {class: "tag"}, "in force") : null, v.released ? null : h("span", {class: "tag out"}, "out of use"),
    h("div", {}, h("small", {}, [v.author, v.changed].filter(Boolean).join(" · ") || "–")), v.note ? h("p", {}, v.note) : null))))
  live(model, ["versions", "current", "against", "changes", "difference", "may", "in_use", "error"], () => {
    const others = model.versions.filter((v) => v.version !== model.current)
    against.replaceChildren(...others.map((v) => h("option", {value: v.version}, `version ${v.version}`)))
    against.value = model.against
    error.textContent = model.error
    error.hidden = !model.error
    buttons()
    const lines = model.difference.split("\n").filter(Boolean)
    detail.replaceChildren(h("h2", {}, `Version ${model.current}`),
      others.length ? h("div", {class: "sub"}, "compared with ", against) : h("div", {class: "sub"}, "The only version."),
      h("div", {class: "act"}, look, note, back, use, error),
      model.changes.length ? h("table", {}, h("tr", {}, ["Parameter", `Version ${Math.min(model.against, model.current)}`, `Version ${Math.max(model.against, model.current)}`].map((t) => h("th", {}, t))),
        model.changes.map((c) => h("tr", {}, h("td", {}, c.name), h("td", {class: "number"}, c.former), h("td", {class: "number later"}, c.later)))) : others.length ? h("p", {class: "sub"}, "No processing parameter differs.") : null,
      lines.length ? h("pre", {"aria-label": "Difference of the files"}, lines.map((line) => h("div", {class: line.startsWith("@@") || line.startsWith("---") || line.startsWith("+++") ? "at" : line[0] === "+" ? "plus" : line[0] === "-" ? "minus" : ""}, line))) : null)
  })
  model.on("saved", () => { note.value = ""; buttons() })
}
