// Thumbnails in the order of work. A node per image lives as long as the image is listed, so nothing flickers.
export function render({model, el}) {
  const list = h("div", {class: "thumbs", role: "listbox", "aria-label": "Images"}), head = h("div", {class: "head"})
  el.style.height = "100%"
  el.append(h("style", {}, `
    .all{display:flex;flex-direction:column;height:100%;background:var(--panel);border-right:1px solid var(--line)}
    .head{padding:8px 10px 7px;border-bottom:1px solid var(--line);color:var(--dim);font-size:12px}.head b{color:var(--text);font-size:14px}
    .thumbs{flex:1;overflow-y:auto;padding:6px;display:flex;flex-direction:column;gap:6px;scrollbar-width:thin}
    .item{position:relative;flex:none;border:1px solid var(--line);border-radius:4px;background:#000;cursor:pointer;overflow:hidden;content-visibility:auto;contain-intrinsic-size:auto 130px}
    .item:hover{border-color:var(--faint)}
    .item[aria-selected=true]{border-color:var(--accent);box-shadow:0 0 0 1px var(--accent)}
    .item img{display:block;width:100%;height:92px;object-fit:contain;background:#000}
    .item.over img{opacity:.4}.item.held img{filter:grayscale(1);opacity:.45}
    .line{display:flex;gap:4px;align-items:center;padding:3px 6px;background:var(--raised);font-size:11px;white-space:nowrap}
    .line span{flex:1;overflow:hidden;text-overflow:ellipsis}
    .name{padding:0 6px 4px;background:var(--raised);font-size:11px;color:var(--dim);overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
    .flags{position:absolute;right:4px;top:3px;display:flex;gap:3px}.flags svg{width:14px;height:14px;filter:drop-shadow(0 0 2px #000)}
    .who{position:absolute;left:0;right:0;top:36px;text-align:center;font-size:11px;color:#fff;text-shadow:0 0 3px #000}
    .new{animation:come .35s ease-out}@keyframes come{from{opacity:0;transform:translateY(-6px)}}
    .empty{color:var(--dim);text-align:center;padding:40px 8px}
  `), h("div", {class: "all"}, head, list))
  const nodes = new Map()
  function make(item) {
    const picture = h("img", {alt: "", decoding: "async", draggable: "false"})
    const node = h("div", {class: "item new", role: "option", "data-image": item.id, onclick: () => model.send_msg({image: item.id})}, picture)
    return {node, picture, version: null, text: null}
  }
  function update(entry, item) {
    const text = JSON.stringify(item)
    if (entry.text === text) return
    entry.text = text
    const [colour, face, word] = model.states[item.state] || ["dim", "question", item.state]
    if (entry.version !== item.version) {
      entry.version = item.version
      entry.picture.src = `image/${item.id}/thumbnail?v=${encodeURIComponent(item.version)}`
    }
    const mark = (name, hue, title) => { const svg = icon(model, name, title); svg.style.color = `var(--${hue})`; return svg }
    const state = mark(face, colour, word)
    entry.node.className = `item${item.over ? " over" : ""}${item.held ? " held" : ""}`
    entry.node.title = `${item.number} · ${item.title} · ${word}${item.unfit ? " · not fit" : ""}`
    fill(entry.node, entry.picture,
      h("div", {class: "flags"}, item.priority ? mark("bolt", "bad", "priority") : null, item.protected ? mark("lock", "text", "protected") : null,
        item.unfit ? mark("warning", "warn", "not fit") : null, item.round ? mark("swap", "film", `round ${item.round + 1}`) : null),
      item.held ? h("div", {class: "who"}, item.held) : null,
      h("div", {class: "line"}, state, h("span", {}, item.title), h("small", {style: "color:var(--dim)"}, String(item.number))),
      h("div", {class: "name"}, item.name || word))
  }
  function select() {
    for (const [id, {node}] of nodes) node.setAttribute("aria-selected", String(id === model.current))
    const entry = nodes.get(model.current)
    if (entry) {
      const at = entry.node.offsetTop - list.offsetTop, tall = entry.node.offsetHeight
      if (at < list.scrollTop || at + tall > list.scrollTop + list.clientHeight) list.scrollTop = at - list.clientHeight / 3
    }
  }
  live(model, ["items"], () => {
    const wanted = new Set(model.items.map((item) => item.id))
    for (const [id, {node}] of nodes) if (!wanted.has(id)) { node.remove(); nodes.delete(id) }
    let before = list.firstChild
    for (const item of model.items) {
      if (!nodes.has(item.id)) nodes.set(item.id, make(item))
      const entry = nodes.get(item.id)
      update(entry, item)
      if (entry.node === before) before = before.nextSibling
      else list.insertBefore(entry.node, before)
    }
    const count = (state) => model.items.filter((item) => item.state === state).length
    fill(head, h("b", {}, String(count("awaiting"))), " awaiting", count("postponed") ? ` · ${count("postponed")} postponed` : "")
    for (const rest of list.querySelectorAll(".empty")) rest.remove()
    if (!model.items.length) list.append(h("div", {class: "empty"}, "No image is waiting. What arrives appears here."))
    select()
  })
  model.on("current", select)
}
