// Queue entries in the order of sending. What waits can be dragged to another place.
export function render({model, el}) {
  el.append(h("style", {}, CARDS_CSS + `
    .card{display:grid;grid-template-columns:24px 56px minmax(150px,1.1fr) 112px minmax(120px,.7fr) minmax(0,1.6fr);gap:12px;align-items:center;height:56px;padding:0 12px 0 7px;font-size:12px;content-visibility:auto;contain-intrinsic-size:auto 56px}
    .card img{display:block;width:56px;height:48px;object-fit:contain;background:#000;border-radius:3px}
    .tick{display:flex;height:100%;align-items:center;justify-content:center}.tick input{margin:0;accent-color:var(--accent);pointer-events:none}
    .two{min-width:0}.two b,.two span{display:block;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}.two b{font-weight:600;font-size:13px}.two span,.times{color:var(--dim);font-variant-numeric:tabular-nums}
    .prior{display:flex;gap:4px;align-items:center;color:var(--bad);font-size:11px}.prior svg{width:13px;height:13px}
    .why{display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:3;overflow:hidden;line-height:1.3;color:var(--dim);font-size:11.5px}.bad .why,.warn .why{color:var(--text)}
    .card[draggable=true]{cursor:grab}.card.over{box-shadow:inset 0 2px var(--accent)}.card.under{box-shadow:inset 0 -2px var(--accent)}.card.moving{opacity:.4}
    .list{container-type:inline-size}
    @container(max-width:760px){.card{grid-template-columns:20px 48px minmax(120px,1fr) 100px minmax(0,1.3fr);gap:9px}.card img{width:48px}.card .times{display:none}}
    @container(max-width:430px){.card{grid-template-columns:18px minmax(0,1fr) 92px}.card>:nth-child(2),.card .why{display:none}}
  `))
  let moving = null
  function draw(item, node) {
    node.draggable = item.movable
    node.title = item.trouble || ""
    fill(node,
      h("span", {class: "tick"}, h("input", {type: "checkbox", tabindex: -1, "aria-label": "chosen"})),
      item.version ? h("img", {src: thumbnail(item), alt: "", decoding: "async", loading: "lazy", draggable: "false"}) : h("span"),
      h("div", {class: "two"}, h("b", {}, item.title), h("span", {}, item.name || "–")),
      h("div", {}, stateMark(model, item.state), item.priority ? h("div", {class: "prior"}, icon(model, "bolt"), "priority") : null),
      h("div", {class: "times"}, h("div", {}, item.times[0] || ""), h("div", {}, item.times[1] || "")),
      h("div", {class: "why"}, item.trouble))
  }
  const {list} = cards(model, el, ["entry", "entries"], draw)
  const card = (event) => event.target.closest?.(".card")
  const clear = () => { for (const node of list.querySelectorAll(".over,.under,.moving")) node.classList.remove("over", "under", "moving") }
  // Over the upper half of a card it goes before it, over the lower half behind it.
  const lower = (card, event) => { const box = card.getBoundingClientRect(); return event.clientY > box.top + box.height / 2 }
  list.addEventListener("dragstart", (event) => { moving = card(event)?.dataset.key || null; card(event)?.classList.add("moving"); event.dataTransfer.effectAllowed = "move"; event.dataTransfer.setData("text/plain", "") })
  list.addEventListener("dragover", (event) => {
    if (!moving) return
    event.preventDefault()
    const over = card(event)
    for (const node of list.querySelectorAll(".over,.under")) node.classList.remove("over", "under")
    if (over?.draggable) over.classList.add(lower(over, event) ? "under" : "over")
  })
  list.addEventListener("drop", (event) => {
    event.preventDefault()
    const over = card(event), key = over?.dataset.key || null
    if (moving && key !== moving && (over?.draggable || !over)) model.send_msg({moved: moving, ...over && lower(over, event) ? {behind: key} : {before: key}})
    moving = null
    clear()
  })
  list.addEventListener("dragend", () => { moving = null; clear() })
}
