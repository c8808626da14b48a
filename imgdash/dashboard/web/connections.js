// The other machines: is each of them there? Asked when the page is opened, and on demand.
export function render({model, el}) {
  const rows = h("div", {class: "rows", role: "list", "aria-label": "Connections"}), said = h("span", {role: "status"})
  const ask = h("button", {onclick: () => model.send_msg({check: true})})
  el.append(h("style", {}, `
    .all{background:var(--ground);max-height:calc(62vh/var(--scale,1));overflow:auto}.top{display:flex;gap:10px;align-items:center;padding:8px 14px;font-size:12px}.top h2{margin:0;font:600 11px/1.4 var(--font);letter-spacing:.06em;text-transform:uppercase;color:var(--dim)}.top span{flex:1;color:var(--dim)}
    .top button{height:28px;padding:0 12px;background:var(--raised);border-color:var(--line);font-size:12px}
    .rows{display:grid;grid-template-columns:repeat(auto-fill,minmax(340px,1fr));gap:8px;padding:0 14px 12px}
    .machine{display:grid;grid-template-columns:20px 1fr auto;gap:0 8px;padding:8px 10px;border:1px solid var(--line);border-left-width:3px;border-radius:4px;background:var(--panel);font-size:12px;line-height:17px}
    .machine.ok{border-left-color:var(--good)}.machine.away{border-left-color:var(--bad)}.machine.asking{border-left-color:var(--faint)}.machine.asking .state{color:var(--dim)}
    .machine>svg{color:var(--dim);margin-top:1px}b{font-weight:600}.kind{color:var(--dim);margin-left:6px}.ok .state{color:var(--good)}.away .state{color:var(--bad)}.state svg{width:13px;height:13px;margin-right:3px}
    .address{grid-column:2/4;color:var(--dim);font:11px/1.5 ui-monospace,'DejaVu Sans Mono',monospace;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
    .trouble{grid-column:2/4;color:var(--bad);overflow-wrap:anywhere}.trouble small{display:block;color:var(--dim)}
    .empty{padding:6px 14px 16px;color:var(--dim);font-size:12px}
  `), h("div", {class: "all"}, h("div", {class: "top"}, h("h2", {}, "Connections"), said, ask), rows))
  live(model, ["machines", "checking", "at"], () => {
    disable(ask, model.checking)
    ask.textContent = model.checking ? "Asking …" : "Ask again"
    const there = model.machines.filter((m) => m.state === "ok").length, known = model.machines.filter((m) => m.state !== "asking").length
    said.textContent = known ? `${there} of ${model.machines.length} answered${model.at ? ` · ${model.at}` : ""}` : ""
    rows.replaceChildren(...model.machines.map((m) => h("div", {class: `machine ${m.state}`, role: "listitem", "data-machine": m.name}, icon(model, m.icon),
      h("div", {}, h("b", {}, m.name), h("span", {class: "kind"}, m.kind)),
      h("div", {class: "state"}, m.state === "asking" ? "…" : icon(model, m.state === "ok" ? "check" : "warning"), m.state === "ok" ? `${m.ms} ms` : m.state === "away" ? "no answer" : null),
      h("div", {class: "address", title: m.address}, `${m.service} ${m.address}`),
      m.trouble ? h("div", {class: "trouble"}, m.trouble, h("small", {}, m.remedy)) : null)),
      model.machines.length ? "" : h("div", {class: "empty"}, "The site file names no other machine."))
  })
}
