// Thumbnails in the order of work. A node per image lives as long as the image is listed, so nothing flickers.
export function render({model, el}) {
  const list = h("div", {class: "thumbs", role: "listbox", tabindex: 0, "aria-label": "Images"}), head = h("div", {class: "head"}), more = h("button", {type: "button", class: "more", onclick: () => model.send_msg({more: true})}), all = h("div", {class: "all"}, head, list, more)
  el.style.height = "100%"
  el.append(h("style", {}, `
    .all{user-select:none;display:flex;flex-direction:column;height:100%;background:var(--panel);border-right:1px solid var(--line)}
    .head{padding:8px 10px 7px;border-bottom:1px solid var(--line);color:var(--dim);font-size:12px}.head b{color:var(--text);font-size:14px}.later{margin-left:9px;white-space:nowrap;color:var(--text)}.later svg{width:14px;height:14px;margin-right:3px;color:var(--warn)}
    .thumbs{flex:1;overflow-y:auto;padding:6px;display:flex;flex-direction:column;gap:6px;scrollbar-width:thin}
    .item{position:relative;flex:none;border:1px solid var(--line);border-radius:4px;background:#000;cursor:pointer;overflow:hidden;content-visibility:auto;contain-intrinsic-size:auto calc(var(--picture,92px) + 38px)}
    .item:hover{border-color:var(--faint)}
    .item[aria-selected=true]{border-color:var(--accent);box-shadow:0 0 0 1px var(--accent)}
    .item img{display:block;width:100%;height:var(--picture,92px);object-fit:contain;background:#000}
    .item.over img{opacity:.4}.item.held img{filter:grayscale(1);opacity:.45}
    .line{display:flex;gap:4px;align-items:center;padding:3px 6px;background:var(--raised);font-size:11px;white-space:nowrap}
    .line span{flex:1;overflow:hidden;text-overflow:ellipsis}
    .name{padding:0 6px 4px;background:var(--raised);font-size:11px;color:var(--dim);overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
    .flags{position:absolute;right:4px;top:3px;display:flex;gap:3px}.flags svg{width:17px;height:17px;padding:2px;border-radius:3px;background:#000b}
    .who{position:absolute;left:0;right:0;top:36px;text-align:center;font-size:11px;color:#fff;text-shadow:0 0 3px #000}
    .new{animation:come .35s ease-out}@keyframes come{from{opacity:0;transform:translateY(-6px)}}
    .more{flex:none;border:0;border-top:1px solid var(--line);border-radius:0;color:var(--dim);font-size:11px;padding:6px}.more:hover{color:var(--text);background:var(--raised)}.more[hidden]{display:none}
    .across .more{border:0;border-left:1px solid var(--line);max-width:96px}
    .empty{color:var(--dim);text-align:center;padding:40px 8px}
    .across{flex-direction:row;border:0;border-top:1px solid var(--line)}.across .head{width:92px;border:0;border-right:1px solid var(--line)}
    .across .thumbs{flex-direction:row;align-items:flex-start;overflow:auto hidden}.across .item{width:calc(var(--picture) * 1.4)}.across .who{top:25%}.across .empty{padding:24px}
  `), all)
  const nodes = new Map()
  let items = [], have = -1, asked = false, marked = null
  function make(item) {
    const picture = h("img", {alt: "", decoding: "async", loading: "lazy", draggable: "false"})
    const node = h("div", {class: "item new", role: "option", "aria-selected": "false", "data-image": item.id, onclick: () => model.send_msg({image: item.id})}, picture)
    return {node, picture, version: null, item: null}
  }
  function update(entry, item) {
    if (entry.item === item) return
    entry.item = item
    const [colour, face, word] = model.states[item.state] || ["dim", "question", item.state]
    if (entry.version !== item.version) {
      entry.version = item.version
      // What cannot be read has no picture to ask for.
      if (item.state !== "quarantined") entry.picture.src = `image/${item.id}/thumbnail?v=${encodeURIComponent(item.version)}`
    }
    const mark = (name, hue, title) => { const svg = icon(model, name, title); svg.style.color = `var(--${hue})`; return svg }
    const state = mark(face, colour, word)
    entry.node.className = `item${item.over ? " over" : ""}${item.held ? " held" : ""}`
    entry.node.title = `${item.number} · ${item.title} · ${word}${item.unfit ? " · not fit" : ""}`
    fill(entry.node, entry.picture,
      h("div", {class: "flags"}, item.priority ? mark("bolt", "bad", "priority") : null, item.protected ? mark("lock", "text", "protected") : null,
        item.unfit ? mark("warning", "warn", "not fit") : null, item.round ? mark("swap", "film", `round ${item.round + 1}`) : null),
      item.held ? h("div", {class: "who"}, item.held) : item.state === "quarantined" ? h("div", {class: "who"}, "cannot be read") : null,
      h("div", {class: "line"}, state, h("span", {}, item.title), h("small", {style: "color:var(--dim)"}, String(item.number))),
      h("div", {class: "name"}, item.name || word))
  }
  function select() {
    const entry = nodes.get(model.current)
    if (marked && marked !== entry) marked.node.setAttribute("aria-selected", "false")
    marked = entry
    activate(list, entry?.node)
    if (entry) {
      entry.node.setAttribute("aria-selected", "true")
      // Along the list, whichever way it runs.
      const [at, length, scroll, room] = model.across ? [entry.node.offsetLeft - list.offsetLeft, entry.node.offsetWidth, "scrollLeft", list.clientWidth] : [entry.node.offsetTop - list.offsetTop, entry.node.offsetHeight, "scrollTop", list.clientHeight]
      if (at < list[scroll] || at + length > list[scroll] + room) list[scroll] = at - room / 3
    }
  }
  function draw() {
    const wanted = new Set(items.map((item) => item.id))
    for (const [id, {node}] of nodes) if (!wanted.has(id)) { node.remove(); nodes.delete(id) }
    let before = list.firstChild
    for (const item of items) {
      if (!nodes.has(item.id)) nodes.set(item.id, make(item))
      const entry = nodes.get(item.id)
      update(entry, item)
      if (entry.node === before) before = before.nextSibling
      else list.insertBefore(entry.node, before)
    }
    tell()
    for (const rest of list.querySelectorAll(".empty")) rest.remove()
    if (!items.length) list.append(h("div", {class: "empty"}, "No image is waiting. What arrives appears here."))
    select()
  }
  function tell() {
    const rest = Object.values(model.beyond).reduce((sum, n) => sum + n, 0)
    const count = (state) => items.filter((item) => item.state === state).length + (model.beyond[state] || 0)
    const later = count("postponed")
    more.hidden = !rest
    more.textContent = `${rest.toLocaleString("en")} more after these`
    fill(head, h("b", {}, String(count("awaiting"))), " awaiting", later ? h("span", {class: "later", title: `${later} postponed`}, icon(model, "clock", "postponed"), String(later)) : null)
  }
  // Once for each list: what follows comes as a longer one.
  let longer = -1
  list.addEventListener("scroll", () => {
    const [at, room, all] = model.across ? [list.scrollLeft, list.clientWidth, list.scrollWidth] : [list.scrollTop, list.clientHeight, list.scrollHeight]
    if (more.hidden || longer === have || all <= room || at + 3 * room < all) return
    longer = have
    model.send_msg({more: true})
  })
  live(model, ["whole"], () => {
    items = [...model.whole.items]
    have = model.whole.serial
    asked = false
    draw()
  })
  model.on("msg:custom", ({base, serial, cut, put}) => {
    if (base !== have) {
      // A difference was missed: the whole comes once.
      if (!asked) model.send_msg({have})
      asked = true
      return
    }
    const gone = new Set(cut)
    items = items.filter((item) => !gone.has(item.id))
    for (const [place, item] of put) items.splice(place, 0, item)
    have = serial
    draw()
  })
  model.on("current", select)
  model.on("beyond", tell)
  live(model, ["across", "picture"], () => {
    all.classList.toggle("across", model.across)
    all.style.setProperty("--picture", `${model.picture}px`)
    select()
  })
  home(model, () => list)
  // Differences that came before this was drawn have not been heard.
  model.send_msg({have})
}
