// The latest images of a key, as a row of thumbnails.
export function render({model, el}) {
  const list = h("div", {class: "list", role: "listbox", "aria-label": "Images of this key", tabindex: 0})
  el.append(h("style", {}, `
    .list{display:flex;gap:5px;height:84px;padding:6px 8px;overflow-x:auto;overflow-y:hidden;background:var(--ground);border-bottom:1px solid var(--line);outline-offset:-2px;scrollbar-width:thin}
    .item{position:relative;flex:none;width:72px;height:72px;border:1px solid var(--line);border-radius:4px;background:#000;cursor:pointer;overflow:hidden}
    .item:hover{border-color:var(--faint)}.item[aria-selected=true]{border-color:var(--accent);box-shadow:0 0 0 1px var(--accent)}
    img{width:100%;height:100%;object-fit:contain;display:block}
    span{position:absolute;left:0;right:0;bottom:0;padding:0 4px;font-size:10px;background:#000a;color:#cfd6de;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
    .item svg{position:absolute;right:3px;top:3px;width:12px;height:12px}
    .empty{align-self:center;margin:auto;color:var(--dim);font-size:12px}
  `), list)
  const move = (step) => {
    const at = model.images.findIndex((image) => image.id === model.current)
    const next = model.images[Math.max(0, Math.min(model.images.length - 1, at + step))]
    if (next) model.send_msg({image: next.id})
  }
  list.addEventListener("keydown", (event) => {
    const step = {ArrowRight: 1, ArrowLeft: -1}[event.key]
    if (!step) return
    event.preventDefault()
    event.stopPropagation()
    move(step)
  })
  live(model, ["images", "waiting"], () => {
    list.setAttribute("aria-busy", String(model.waiting))
    if (!model.images.length) {
      list.replaceChildren(h("div", {class: "empty"}, model.waiting ? "One moment …" : "No image of this key or of its group has arrived yet: there is nothing to tune it on."))
      return
    }
    list.replaceChildren(...model.images.map((image) => {
      const mark = image.unfit ? icon(model, "warning", "not fit") : null
      if (mark) mark.style.color = "var(--warn)"
      return h("div", {class: "item", role: "option", "aria-selected": String(image.id === model.current), "data-image": image.id, title: `${image.number} · ${image.title} · ${image.text}`, onclick: () => model.send_msg({image: image.id})},
        h("img", {src: image.src, alt: "", decoding: "async", draggable: "false"}), mark, h("span", {}, `${image.number} ${image.sender}`))
    }))
  })
  live(model, ["current", "images", "waiting"], () => {
    for (const node of list.querySelectorAll(".item")) node.setAttribute("aria-selected", String(node.dataset.image === model.current))
    const current = list.querySelector("[aria-selected=true]")
    current?.scrollIntoView({block: "nearest", inline: "nearest"})
    activate(list, current)
  })
}
