// Views of a page: one is shown at a time. Arrow keys move between them, as ARIA's tab list asks.
export function render({model, el}) {
  const list = h("div", {class: "views", role: "tablist", "aria-label": model.title}), heading = h("h1", {}), said = h("div", {class: "said", role: "status"})
  el.append(h("style", {}, `
    .all{display:flex;align-items:stretch;gap:18px;height:40px;padding:0 14px;background:var(--panel);border-bottom:1px solid var(--line);white-space:nowrap}
    h1{margin:0;min-width:60px;overflow:hidden;text-overflow:ellipsis;font:600 14px/40px var(--font)}h1 small{font-weight:400;font-size:12px;color:var(--dim);margin-left:8px}
    .views{display:flex;gap:2px;flex:none}
    .views button{border:0;border-radius:0;border-bottom:2px solid transparent;padding:0 12px;color:var(--dim)}
    .views button:hover{color:var(--text)}.views button[aria-selected=true]{color:var(--text);border-bottom-color:var(--accent)}
    .views small{margin-left:6px;padding:0 5px;border-radius:8px;background:var(--line);color:var(--text);font-size:10px}.views small.warn{background:var(--warn);color:#210}.views small.bad{background:var(--bad);color:#200}
    .said{flex:1;text-align:right;font-size:12px;line-height:40px;color:var(--dim);overflow:hidden;text-overflow:ellipsis}
  `), h("div", {class: "all"}, heading, list, said))
  home(model, () => list.querySelector("[aria-selected=true]"), true)
  const choose = (tab) => model.send_msg({tab})
  live(model, ["title", "subtitle"], () => heading.replaceChildren(model.title, h("small", {}, model.subtitle)))
  live(model, ["said"], () => { said.textContent = model.said; said.title = model.said })
  live(model, ["tabs", "current"], () => {
    keeping(list, "data-tab", () => list.replaceChildren(...model.tabs.map((tab, at) => h("button", {
      role: "tab", "data-tab": tab.name, "aria-selected": String(tab.name === model.current), tabindex: tab.name === model.current ? 0 : -1, title: tab.text || null,
      onclick: () => choose(tab.name),
      onkeydown: (event) => {
        const count = model.tabs.length, to = {ArrowRight: (at + 1) % count, ArrowLeft: (at - 1 + count) % count, Home: 0, End: count - 1}[event.key]
        if (to === undefined) return
        event.preventDefault()
        event.stopPropagation()
        const next = model.tabs[to]
        list.querySelector(`[data-tab="${next.name}"]`).focus()
        choose(next.name)
      },
    }, tab.title, tab.count ? h("small", {class: tab.colour || ""}, String(tab.count)) : null))), () => list.querySelector(`[data-tab="${model.current}"]`))
  })
}
