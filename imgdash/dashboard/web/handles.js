// The two ends of a range on one track, under a figure whose frame it lines up with: moved by pointer and by keyboard,
// and a screen reader says which end it is and where it stands. A message names the image whose range was shown.
const within = (value, low, high) => Math.min(Math.max(value, low), Math.max(low, high))
export function render({model, el}) {
  const track = h("div", {class: "track"}), between = h("div", {class: "between"}), said = h("div", {class: "said", "aria-hidden": "true"})
  const names = ["low", "high"], at = {low: 0, high: 1}
  // What was moved stands until the station has it, or says nothing for long: an older answer moves nothing back.
  const awaited = {}
  let image = model.image
  const ends = names.map((name, n) => {
    const node = h("div", {class: "end", role: "slider", "aria-label": model.labels[n], "aria-valuemin": 0, "aria-valuemax": 1, title: model.labels[n]})
    // They do not pass each other.
    const moved = (value) => {
      at[name] = n ? within(value, at.low + model.step, 1) : within(value, 0, at.high - model.step)
      draw()
      clearTimeout(awaited[name]?.timer)
      awaited[name] = {value: at[name], timer: setTimeout(() => { delete awaited[name]; follow() }, 4000)}
      model.send_msg({[name]: at[name], image})
    }
    node.addEventListener("keydown", (event) => {
      const to = {ArrowLeft: at[name] - model.step, ArrowRight: at[name] + model.step, PageDown: at[name] - 10 * model.step, PageUp: at[name] + 10 * model.step, Home: 0, End: 1}[event.key]
      if (to === undefined || !model.enabled || event.ctrlKey || event.metaKey || event.altKey) return
      event.preventDefault()
      event.stopPropagation()
      // A key that is still down was pressed for the image before.
      if (!event.repeat) since = image
      if (since === image) moved(to)
    })
    let held = null, since = ""
    node.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || !model.enabled) return
      held = {x: event.clientX, from: at[name]}
      node.setPointerCapture(event.pointerId)
    })
    node.addEventListener("pointermove", (event) => { if (held) moved(held.from + (event.clientX - held.x) / track.getBoundingClientRect().width) })
    for (const over of ["pointerup", "pointercancel"]) node.addEventListener(over, () => { held = null; draw() })
    node.held = () => held
    node.letGo = () => { held = null }
    return node
  })
  // Drawn at the scale of the figure (theme.py), or it would not line up with it.
  el.append(h("style", {}, `
    :host{zoom:calc(1/var(--scale,1))}
    .all{position:relative;height:24px;padding:0 ${model.inset[1]}px 0 ${model.inset[0]}px}
    .track{position:relative;height:24px}
    .track::before,.between{content:"";position:absolute;left:0;right:0;top:11px;height:3px;border-radius:2px;background:var(--edge)}.between{background:var(--accent)}
    .end{position:absolute;top:0;width:24px;height:24px;margin-left:-12px;border-radius:12px;cursor:ew-resize;touch-action:none}
    .end::after{content:"";position:absolute;inset:5px;border-radius:7px;background:var(--accent);border:2px solid var(--panel)}
    .end:focus-visible{outline-offset:-3px}.off .end{cursor:default}.off .end::after,.off .between{background:var(--edge)}
    .said{position:absolute;left:0;width:${model.inset[0] - 13}px;text-align:right;font-size:10px;line-height:12px;color:var(--dim);font-variant-numeric:tabular-nums}
  `), h("div", {class: "all"}, said, fill(track, between, ...ends)))
  function draw() {
    between.style.left = `${100 * at.low}%`
    between.style.right = `${100 * (1 - at.high)}%`
    ends.forEach((node, n) => {
      node.style.left = `${100 * at[names[n]]}%`
      node.setAttribute("aria-valuenow", at[names[n]])
      node.setAttribute("aria-valuetext", `${at[names[n]].toFixed(3)} of the signal`)
    })
    fill(said, h("div", {}, at.low.toFixed(3)), h("div", {}, at.high.toFixed(3)))
  }
  function follow() {
    names.forEach((name, n) => {
      if (awaited[name] && Math.abs(awaited[name].value - model[name]) < model.step / 4) { clearTimeout(awaited[name].timer); delete awaited[name] }
      // What is in the hand is not moved away under it.
      if (!awaited[name] && !ends[n].held()) at[name] = model[name]
    })
    draw()
  }
  // The figure above sends what is moved in it, and cannot say for which image: it is of the one that was shown there
  // until it is said here that another one is, and no hand has taken the range of the one before.
  let hand = null, told = null
  const take = () => { hand?.abort(); hand = whenReleased(({type}) => { hand = null; if (type === "blur") take(); else setTimeout(there) }) }
  const there = () => { if (!hand && image && told !== image) { told = image; model.send_msg({there: image}) } }
  window.addEventListener("pointerdown", take, true)
  model.on("remove", () => { hand?.abort(); window.removeEventListener("pointerdown", take, true) })
  live(model, ["image"], () => {
    if (image !== model.image) {
      image = model.image
      for (const name of names) {
        clearTimeout(awaited[name]?.timer)
        delete awaited[name]
      }
      for (const node of ends) node.letGo()
      follow()
    }
    there()
  })
  live(model, ["low", "high", "enabled"], () => {
    track.parentElement.classList.toggle("off", !model.enabled)
    for (const node of ends) {
      node.tabIndex = model.enabled ? 0 : -1
      node.setAttribute("aria-disabled", String(!model.enabled))
    }
    follow()
  })
}
