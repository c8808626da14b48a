// Reports by number.
export function render({model, el}) {
  el.style.height = "100%"
  const list = h("div", {class: "list", role: "listbox", tabindex: 0, "aria-label": "Reports"})
  el.append(h("style", {}, `
    .list{height:100%;overflow:auto;background:var(--panel);border-right:1px solid var(--line);outline-offset:-2px;padding:6px 0}
    .report{display:grid;grid-template-columns:30px 1fr;padding:6px 10px 7px 8px;border-left:2px solid transparent;cursor:pointer;font-size:12px;line-height:16px}
    .report:hover{background:var(--raised)}.report[aria-selected=true]{border-left-color:var(--accent);background:var(--raised)}
    .report span{color:var(--faint);font-variant-numeric:tabular-nums}
  `), list)
  list.addEventListener("keydown", (event) => {
    const step = {ArrowDown: 1, ArrowUp: -1}[event.key], at = model.reports.findIndex((r) => r.name === model.current)
    if (!step) return
    event.preventDefault()
    event.stopPropagation()
    model.send_msg({report: model.reports[Math.max(0, Math.min(model.reports.length - 1, at + step))].name})
  })
  home(model, () => list)
  live(model, ["reports", "current"], () => activate(list, fill(list, ...model.reports.map((report) => h("div", {
    class: "report", role: "option", "data-report": report.name, "aria-selected": String(report.name === model.current), title: report.what, onclick: () => model.send_msg({report: report.name}),
  }, h("span", {}, report.number), report.title))).querySelector("[aria-selected=true]")))
}
