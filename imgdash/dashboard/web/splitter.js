// The edge between a list and its details: dragged, or moved with the arrow keys.
export function render({model, el}) {
  el.style.height = "100%"
  const bar = h("div", {class: "edge", role: "separator", tabindex: 0, "aria-orientation": "vertical", "aria-label": "Width of the details", title: "Drag to make the details wider or narrower"})
  el.append(h("style", {}, `
    .edge{width:5px;height:100%;cursor:col-resize;background:var(--ground);border-left:1px solid var(--line);touch-action:none}
    .edge:hover,.edge.held{background:var(--accent)}.edge:focus-visible{background:var(--accent);outline:none}
  `), bar)
  const [least, most] = model.bounds, within = (width) => Math.round(Math.min(most, Math.max(least, width)))
  let from = null, wanted = 0, asked = 0
  const tell = () => { if (!asked) asked = requestAnimationFrame(() => { asked = 0; model.send_msg({width: wanted}) }) }
  bar.addEventListener("pointerdown", (event) => { from = {x: event.clientX, width: model.value}; wanted = model.value; bar.setPointerCapture(event.pointerId); bar.classList.add("held") })
  bar.addEventListener("pointermove", (event) => { if (from) { wanted = within(from.width + (from.x - event.clientX) / (bar.currentCSSZoom || 1)); tell() } })
  const drop = () => { if (from) { from = null; bar.classList.remove("held"); model.send_msg({rests: wanted}) } }
  bar.addEventListener("pointerup", drop)
  bar.addEventListener("pointercancel", drop)
  bar.addEventListener("keydown", (event) => {
    const step = {ArrowLeft: 24, ArrowRight: -24}[event.key]
    if (!step) return
    event.preventDefault()
    event.stopPropagation()
    wanted = within(model.value + step)
    model.send_msg({rests: wanted})
  })
  live(model, ["value"], () => { bar.setAttribute("aria-valuenow", model.value); bar.setAttribute("aria-valuemin", least); bar.setAttribute("aria-valuemax", most) })
}
