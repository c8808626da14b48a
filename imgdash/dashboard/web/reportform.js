// What a report shows, its parameters, its exports. A changed parameter is sent at once.
export function render({model, el}) {
  const what = h("p"), form = h("form", {onsubmit: (event) => event.preventDefault()}), exports = h("div", {class: "exports"})
  el.append(h("style", {}, `
    :host{color-scheme:dark}
    .all{padding:9px 14px 10px;background:var(--ground);border-bottom:1px solid var(--line)}
    p{margin:0 0 2px;max-width:1100px;font-size:12px;line-height:17px;color:var(--dim);display:-webkit-box;-webkit-line-clamp:2;-webkit-box-orient:vertical;overflow:hidden}
    .line{display:flex;flex-wrap:wrap;gap:6px 10px;align-items:end;margin-top:7px}form{display:contents}
    label{display:flex;flex-direction:column;gap:2px;font-size:11px;color:var(--dim)}
    label.tick{flex-direction:row;align-items:center;gap:6px;height:26px}
    input,select{font:inherit;font-size:12px;color:var(--text);background:var(--panel);border:1px solid var(--edge);border-radius:4px;padding:3px 6px;height:26px}
    input[type=text]{width:104px}input[type=checkbox]{height:auto;accent-color:var(--accent)}
    .quick{display:flex;gap:2px}.quick button,.exports button{height:26px;font-size:12px;border-color:var(--line);color:var(--dim);padding:0 8px}.quick button:hover,.exports button:hover:enabled{color:var(--text);border-color:var(--faint)}
    .exports{display:flex;gap:4px;align-items:center;margin-left:auto;font-size:11px;color:var(--dim)}.exports button{color:var(--text)}
    .error{margin-top:6px;color:var(--bad);font-size:12px}
  `), h("div", {class: "all"}, what, h("div", {class: "line"}, form, exports), h("div", {class: "error", role: "alert"})))
  const error = el.querySelector?.(".error") || el.lastElementChild.lastElementChild
  const day = (date) => new Date(date.getTime() - date.getTimezoneOffset() * 60000).toISOString().slice(0, 10)
  const told = () => Object.fromEntries([...form.elements].filter((node) => node.name).map((node) => [node.name, node.type === "checkbox" ? node.checked : node.value]))
  const send = () => model.send_msg({values: told()})
  function period(days) {
    const end = new Date(), begin = new Date()
    begin.setDate(end.getDate() - days + 1)
    if (days === 366) begin.setMonth(0, 1)
    form.elements.begin.value = days ? day(begin) : ""
    form.elements.end.value = days ? day(end) : ""
    send()
  }
  function field(parameter) {
    const {name, type, choices, label, text} = parameter, value = model.values[name] ?? ""
    if (type === "boolean") return h("label", {class: "tick", title: text}, h("input", {type: "checkbox", name, checked: value === true, onchange: send}), label)
    if (choices.length) {
      const select = h("select", {name, onchange: send}, choices.map((choice) => h("option", {value: choice}, choice.replace("_", " "))))
      select.value = value
      return h("label", {title: text}, label, select)
    }
    return h("label", {title: text}, label, h("input", {type: {timestamp: "date", integer: "number"}[type] || "text", name, value: value ?? "", placeholder: type === "varchar" ? "any" : "", onchange: send}))
  }
  live(model, ["report", "values"], () => {
    what.textContent = model.report.what || ""
    what.title = [model.report.what, model.report.source].filter(Boolean).join("\n")
    const fields = (model.report.parameters || []).map(field)
    if ((model.report.parameters || []).some((p) => p.name === "begin")) fields.splice(2, 0, h("div", {class: "quick", role: "group", "aria-label": "Period"},
      [["today", 1], ["7 days", 7], ["30 days", 30], ["this year", 366], ["all", 0]].map(([word, days]) => h("button", {type: "button", onclick: () => period(days)}, word))))
    form.replaceChildren(...fields)
  })
  live(model, ["report", "series", "one", "formats", "busy"], () => {
    const choose = model.series.length > 1 ? h("label", {title: "Which of them is drawn"}, "drawn", h("select", {"data-tool": "drawn", onchange: (event) => model.send_msg({one: event.target.value})}, model.series.map((one) => h("option", {value: one}, one)))) : null
    if (choose) choose.lastElementChild.value = model.one
    keeping(exports, "data-tool", (held) => fill(exports, choose, h("button", {"data-tool": "columns", title: "Columns", "aria-label": "Columns", onclick: () => model.send_msg({columns: true})}, icon(model, "columns")),
      model.formats.map((format) => h("button", {"data-tool": format, disabled: model.busy && format !== held, title: `The whole result as ${format}`, onclick: () => model.busy || model.send_msg({export: format})}, format.toUpperCase()))))
  })
  live(model, ["error"], () => { error.textContent = model.error; error.hidden = !model.error })
}
