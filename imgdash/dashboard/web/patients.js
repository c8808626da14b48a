// Patients of the emission record; the search runs on the server.
export function render({model, el}) {
  el.style.height = "100%"
  const list = h("div", {class: "list", role: "listbox", tabindex: 0, "aria-label": "Patients"})
  let timer = 0
  const search = h("input", {type: "search", placeholder: "Patient ID or name", "aria-label": "Patient ID or name", maxlength: 64, oninput: () => { clearTimeout(timer); timer = setTimeout(() => model.send_msg({search: search.value}), 250) }})
  el.append(h("style", {}, `
    .all{display:flex;flex-direction:column;height:100%;background:var(--panel);border-right:1px solid var(--line)}
    .top{padding:7px 8px;border-bottom:1px solid var(--line)}input{width:100%;font:inherit;font-size:12px;color:inherit;background:var(--ground);border:1px solid var(--edge);border-radius:4px;padding:3px 7px}
    .list{flex:1;overflow:auto;outline-offset:-2px}
    .patient{padding:5px 10px 6px;border-left:2px solid transparent;border-bottom:1px solid color-mix(in srgb,var(--line) 50%,transparent);cursor:pointer;font-size:12px;line-height:16px}
    .patient:hover{background:var(--raised)}.patient[aria-selected=true]{border-left-color:var(--accent);background:var(--raised)}
    .patient b{display:block;font-weight:500;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
    .patient div{display:flex;gap:8px;color:var(--dim);font-size:11px}.patient i{flex:1;font-style:normal}.open{color:var(--warn)}.done{color:var(--good)}
    .patient svg{width:12px;height:12px}.empty{padding:24px 12px;text-align:center;color:var(--dim);font-size:12px}
  `), h("div", {class: "all"}, h("div", {class: "top"}, search), list))
  list.addEventListener("keydown", (event) => {
    const step = {ArrowDown: 1, ArrowUp: -1}[event.key], at = model.patients.findIndex((p) => p.id === model.current)
    if (!step || !model.patients.length) return
    event.preventDefault()
    event.stopPropagation()
    model.send_msg({patient: model.patients[Math.max(0, Math.min(model.patients.length - 1, at + step))].id})
  })
  live(model, ["patients", "current", "waiting"], () => {
    if (!model.patients.length) { activate(list, null); list.replaceChildren(h("div", {class: "empty"}, model.waiting ? "One moment …" : "Nobody found.")); return }
    list.replaceChildren(...model.patients.map((p) => h("div", {class: "patient", role: "option", "aria-selected": String(p.id === model.current), "data-patient": p.id, onclick: () => model.send_msg({patient: p.id})},
      h("b", {title: p.name}, p.name || "–"), h("div", {}, h("i", {}, p.id), h("span", {}, `${p.shots} ${p.shots === 1 ? "shot" : "shots"}`),
        p.unsigned ? h("span", {class: "open"}, icon(model, "edit"), ` ${p.unsigned} unsigned`) : h("span", {class: "done"}, icon(model, "done"), " signed")))))
    activate(list, list.querySelector("[aria-selected=true]"))
  })
}
