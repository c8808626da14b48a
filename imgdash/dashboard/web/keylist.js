// Condition keys by group: title, version, who released it, how much it is used.
export function render({model, el}) {
  el.style.height = "100%"
  el.style.maxWidth = "100%"
  const list = h("div", {class: "list", role: "listbox", "aria-label": "Condition keys", tabindex: 0})
  const problems = h("div")
  const filter = h("input", {type: "search", placeholder: "Find a key", "aria-label": "Find a condition key", oninput: () => draw()})
  el.append(h("style", {}, `
    .all{display:flex;flex-direction:column;height:100%;background:var(--panel);border-right:1px solid var(--line)}
    .top{padding:7px 8px;border-bottom:1px solid var(--line)}
    input{width:100%;font:inherit;font-size:12px;color:inherit;background:var(--ground);border:1px solid var(--edge);border-radius:4px;padding:3px 7px}
    .list{flex:1;overflow:auto;padding-bottom:10px;outline-offset:-2px}
    h2{position:sticky;top:0;margin:0;padding:7px 10px 3px;background:var(--panel);font:600 10px/1.4 var(--font);letter-spacing:.06em;text-transform:uppercase;color:var(--dim)}
    .key{padding:4px 10px 5px;border-left:2px solid transparent;cursor:pointer}
    .key:hover{background:var(--raised)}.key[aria-selected=true]{border-left-color:var(--accent);background:var(--raised)}
    .line{display:flex;gap:6px;align-items:baseline}.line b{flex:1;font-weight:500;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
    .line span{font-size:11px;color:var(--dim);font-variant-numeric:tabular-nums}.key.unused b{color:var(--dim)}
    small{display:block;font-size:11px;color:var(--faint);overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
    .out{color:var(--warn)!important}.problem{margin:8px;padding:6px 8px;border:1px solid var(--bad);border-radius:4px;font-size:11px;color:var(--bad);overflow-wrap:anywhere}
    .empty{padding:24px 12px;text-align:center;color:var(--dim);font-size:12px}
  `), h("div", {class: "all"}, h("div", {class: "top"}, filter), problems, list))
  const asked = ({detail}) => { if (detail.down && detail.action === "search" && el.getBoundingClientRect().width) filter.focus() }
  window.addEventListener("imgdash:key", asked)
  model.on("remove", () => window.removeEventListener("imgdash:key", asked))
  const found = () => {
    const text = filter.value.trim().toLowerCase()
    return model.keys.filter((key) => !text || `${key.title} ${key.key} ${key.group}`.toLowerCase().includes(text))
  }
  list.addEventListener("keydown", (event) => {
    const step = {ArrowDown: 1, ArrowUp: -1}[event.key], keys = found()
    if (!step || !keys.length) return
    event.preventDefault()
    event.stopPropagation()
    const at = keys.findIndex((key) => key.key === model.current)
    model.send_msg({key: keys[Math.max(0, Math.min(keys.length - 1, at + step))].key})
  })
  const current = () => list.querySelector("[aria-selected=true]")
  function draw() {
    const nodes = []
    list.setAttribute("aria-busy", String(model.waiting))
    fill(problems, ...model.problems.map((text) => h("div", {class: "problem", role: "alert"}, text)))
    let group = null
    for (const key of found()) {
      if (key.group !== group) nodes.push(h("div", {role: "group", "aria-label": (group = key.group) || "others"}, h("h2", {"aria-hidden": "true"}, group || "others")))
      nodes.at(-1).append(h("div", {
        class: `key ${key.images ? "" : "unused"}`, role: "option", "aria-selected": String(key.key === model.current), "data-key": key.key, title: key.note || null,
        onclick: () => model.send_msg({key: key.key}),
      }, h("div", {class: "line"}, h("b", {}, key.title), h("span", {title: key.images === 1 ? "1 image" : `${key.images} images`}, key.images ? String(key.images) : "")),
        h("small", {class: key.released ? "" : "out"}, key.released ? `v${key.version} · ${key.author || "–"}${key.changed ? ` · ${key.changed}` : ""}` : `v${key.version} · out of use`)))
    }
    if (!nodes.length) nodes.push(h("div", {class: "empty"}, model.keys.length ? "No key of this name." : model.waiting ? "One moment …" : "No condition key is in force."))
    list.replaceChildren(...nodes)
    activate(list, current())
  }
  home(model, () => list)
  live(model, ["keys", "problems", "waiting"], draw)
  live(model, ["current"], () => {
    for (const node of list.querySelectorAll(".key")) node.setAttribute("aria-selected", String(node.dataset.key === model.current))
    current()?.scrollIntoView({block: "nearest"})
    activate(list, current())
  })
}
