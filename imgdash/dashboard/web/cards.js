// A list of cards. A node per item lives as long as the item is listed, so nothing flickers; text is always text.
const CARDS_CSS = `
  .all{position:relative;display:flex;flex-direction:column;height:100%;min-height:0;background:var(--panel)}
  .list{flex:1;min-height:0;overflow-y:auto;overflow-x:hidden;outline-offset:-2px}
  .card{position:relative;border-bottom:1px solid color-mix(in srgb,var(--line) 60%,transparent);border-left:3px solid transparent;cursor:pointer}
  .card:hover{background:var(--raised)}.card.warn{border-left-color:var(--warn);background:color-mix(in srgb,var(--warn) 7%,var(--panel))}.card.bad{border-left-color:var(--bad);background:color-mix(in srgb,var(--bad) 9%,var(--panel))}
  .card[aria-selected=true]{background:color-mix(in srgb,var(--accent) 16%,var(--panel));border-left-color:var(--accent)}
  .list:focus-visible .card.at{outline:1px solid var(--accent);outline-offset:-2px}
  .state{display:flex;gap:6px;align-items:center;white-space:nowrap}.state svg{width:15px;height:15px}
  .foot{display:flex;gap:0 14px;flex-wrap:wrap;padding:4px 10px;border-top:1px solid var(--line);color:var(--dim);font-size:11px}.many{margin-left:auto}
  .none{position:absolute;inset:0 0 24px;display:flex;align-items:center;justify-content:center;text-align:center;color:var(--dim);padding:20px;pointer-events:none;white-space:pre-line}
  .loading .list{opacity:.45}
`
function stateMark(model, state) {
  const [colour, face, word] = model.states[state] || ["dim", "question", state]
  const mark = icon(model, face)
  mark.style.color = `var(--${colour})`
  return h("span", {class: "state"}, mark, word)
}
const thumbnail = (item) => `image/${encodeURIComponent(item.id)}/thumbnail?v=${encodeURIComponent(item.version)}`

function cards(model, el, word, draw) {
  el.style.height = "100%"
  const list = h("div", {class: "list", role: "grid", tabindex: 0, "aria-label": model.label, "aria-multiselectable": String(model.picks === "many")})
  const none = h("div", {class: "none"}), foot = h("div", {role: "status"}), many = h("div", {class: "many", role: "status"})
  const all = h("div", {class: "all"}, list, none, h("div", {class: "foot"}, foot, many))
  el.append(all)
  const nodes = new Map()
  let at = -1
  function choose(number, event) {
    const from = at
    let chosen = [number]
    at = number
    if (model.picks === "many" && event) {
      const has = model.chosen.includes(number)
      if (event.shiftKey && from >= 0) {
        const span = model.items.map((_, n) => n).slice(Math.min(from, at), Math.max(from, at) + 1)
        chosen = [...model.chosen.filter((n) => !span.includes(n)), ...span]
        getSelection()?.removeAllRanges()
      } else if (event.ctrlKey || event.metaKey || event.key === " " || event.target.closest?.(".tick")) chosen = has ? model.chosen.filter((n) => n !== number) : [...model.chosen, number]
    }
    model.chosen = chosen
    model.send_msg({chosen})
    mark()
  }
  function mark() {
    const here = model.items[at]
    if (here) list.setAttribute("aria-activedescendant", `card-${here.key}`)
    else list.removeAttribute("aria-activedescendant")
    countChosen(many, model)
    model.items.forEach((item, number) => {
      const node = nodes.get(item.key)?.node, chosen = model.chosen.includes(number)
      if (!node) return
      node.setAttribute("aria-selected", String(chosen))
      node.classList.toggle("at", number === at)
      const tick = node.querySelector(".tick input")
      if (tick) tick.checked = chosen
    })
  }
  const number = (key) => model.items.findIndex((item) => item.key === key)
  function make(item) {
    const node = h("div", {role: "row", id: `card-${item.key}`, "data-key": item.key,
      onclick: (event) => choose(number(item.key), event), ondblclick: () => model.send_msg({opened: number(item.key)})})
    return {node, text: null}
  }
  // From its filters by Enter.
  const come = () => { if (list.clientHeight) list.focus({preventScroll: true}) }
  window.addEventListener("imgdash:list", come)
  model.on("remove", () => window.removeEventListener("imgdash:list", come))
  home(model, () => list)
  list.addEventListener("keydown", (event) => {
    const step = {ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8, Home: -1e9, End: 1e9}[event.key]
    if (event.target !== list || !model.items.length || !step && event.key !== "Enter" && event.key !== " ") return
    event.preventDefault()
    event.stopPropagation()
    if (step) {
      const next = Math.max(0, Math.min(model.items.length - 1, at + step))
      choose(next, event.shiftKey ? event : null)
      nodes.get(model.items[next].key).node.scrollIntoView({block: "nearest"})
    } else if (at >= 0 && event.key === "Enter") model.send_msg({opened: at})
    else if (at >= 0) choose(at, event)
  })
  live(model, ["items"], () => {
    const wanted = new Set(model.items.map((item) => item.key))
    for (const [key, {node}] of nodes) if (!wanted.has(key)) { node.remove(); nodes.delete(key) }
    let before = list.firstChild
    for (const item of model.items) {
      if (!nodes.has(item.key)) nodes.set(item.key, make(item))
      const entry = nodes.get(item.key), text = JSON.stringify(item)
      if (entry.text !== text) {
        entry.text = text
        entry.node.className = `card ${item.level || ""}`
        draw(item, entry.node)
        // Cells, because there are buttons in them.
        for (const part of entry.node.children) if (part.tagName !== "IMG") part.setAttribute("role", "gridcell")
      }
      if (entry.node === before) before = before.nextSibling
      else list.insertBefore(entry.node, before)
    }
    mark()
  })
  live(model, ["chosen"], () => { at = model.chosen.length ? model.chosen[model.chosen.length - 1] : Math.min(at, model.items.length - 1); mark() })
  live(model, ["items", "total", "waiting", "empty"], () => {
    all.classList.toggle("loading", model.waiting)
    list.setAttribute("aria-busy", String(model.waiting))
    none.textContent = model.items.length ? "" : model.waiting ? "One moment …" : model.empty
    const shown = model.items.length
    const words = model.total > shown ? `${shown} of ${model.total.toLocaleString("en")} ${word[1]}` : `${shown} ${shown === 1 ? word[0] : word[1]}`
    if (foot.textContent !== words) foot.textContent = words
  })
  return {list, nodes}
}
