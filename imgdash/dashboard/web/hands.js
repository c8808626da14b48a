// What hands do over the panes: window and level, move, zoom, measure, read values. `state` is shared with the viewport.
function makeHands({panes, state, paint, repaint, hover, adjusted}) {
  // Always in pixels of the main image, over whichever pane the pointer is.
  function place(pane, event) {
    const main = panes[0].source, at = toImage(pane.canvas, pane.view, ...pane.point(event))
    return pane === panes[0] || !pane.source ? at : linkedPoint(pane.source, main, at)
  }
  function zoom(factor, pane, event) {
    const main = panes[0], view = state.view
    if (!main.source || !main.view) return
    const before = event ? place(pane, event) : [view.cx, view.cy]
    const next = Math.min(Math.max(view.zoom * factor, 0.02), 32), k = view.zoom / next
    // What is under the pointer stays there.
    Object.assign(view, {fit: false, zoom: next, cx: before[0] + (view.cx - before[0]) * k, cy: before[1] + (view.cy - before[1]) * k})
    repaint()
  }
  function length({from, to}) {
    const {mm} = panes[0].source, pixels = Math.hypot(to[0] - from[0], to[1] - from[1])
    return mm ? `${(pixels * mm).toFixed(1)} mm` : `${pixels.toFixed(0)} px`
  }
  function down(pane, event) {
    if (!panes[0].source || !pane.source) return
    pane.canvas.setPointerCapture(event.pointerId)
    const at = place(pane, event)
    if (state.tool === "measure" && event.button === 0 && !event.shiftKey) {
      const line = {from: at, to: at, text: ""}
      state.lines = [...state.lines.slice(-19), line]
      state.drag = {kind: "line", line}
      return
    }
    const kind = event.button !== 0 || event.shiftKey ? "pan" : "look"
    state.drag = {kind, x: event.clientX, y: event.clientY, at, lo: state.look.lo, hi: state.look.hi, contrast: 1, shift: 0, image: inSight()}
  }
  function move(pane, event) {
    const {drag, view, look} = state
    state.pointer = panes[0].source && pane.source ? place(pane, event) : null
    if (!drag) { hover(); return }
    const begun = performance.now()
    if (drag.kind === "line") {
      drag.line.to = state.pointer
      drag.line.text = length(drag.line)
      hover()
      return
    }
    if (drag.kind === "pan") {
      const [x, y] = state.pointer
      Object.assign(view, {fit: false, cx: view.cx + drag.at[0] - x, cy: view.cy + drag.at[1] - y})
    } else {
      drag.contrast = Math.exp((event.clientX - drag.x) / 400)
      drag.shift = (event.clientY - drag.y) / 800
      const middle = (drag.lo + drag.hi) / 2 + drag.shift, half = (drag.hi - drag.lo) / 2 / drag.contrast
      Object.assign(look, {lo: middle - half, hi: middle + half})
    }
    paint(false)
    ;(window.imgdash.moves ||= []).push(performance.now() - begun)
  }
  function up() {
    const drag = state.drag
    if (!drag) return
    state.drag = null
    if (drag.kind === "line" && Math.hypot(drag.line.to[0] - drag.line.from[0], drag.line.to[1] - drag.line.from[1]) < 2) {
      state.lines = state.lines.filter((line) => line !== drag.line)
    }
    paint(true)
    if (drag.kind === "look" && (drag.contrast !== 1 || drag.shift !== 0)) adjusted({contrast: drag.contrast, shift: drag.shift, image: drag.image})
  }
  // Larger than its pane, an image that was reached with Tab is moved by the arrows: by a tenth of the pane.
  function arrow(pane, event) {
    const step = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]}[event.key], main = panes[0]
    if (!step || !main.source || !main.view || state.view.fit || pointed() === pane.canvas) return
    event.preventDefault()
    event.stopPropagation()
    const {width, height} = main.canvas, [cx, cy] = toImage(main.canvas, main.view, width * (0.5 + step[0] / 10), height * (0.5 + step[1] / 10))
    Object.assign(state.view, {cx, cy})
    repaint()
  }
  for (const pane of panes) {
    const {canvas} = pane
    canvas.addEventListener("keydown", (event) => arrow(pane, event))
    canvas.addEventListener("wheel", (event) => { event.preventDefault(); zoom(Math.exp(-event.deltaY / 400), pane, event) }, {passive: false})
    canvas.addEventListener("contextmenu", (event) => event.preventDefault())
    canvas.addEventListener("dblclick", () => { state.view.fit = true; paint(true) })
    canvas.addEventListener("pointerdown", (event) => down(pane, event))
    canvas.addEventListener("pointermove", (event) => move(pane, event))
    canvas.addEventListener("pointerup", up)
    canvas.addEventListener("pointercancel", up)
    canvas.addEventListener("pointerleave", () => { if (!state.drag) { state.pointer = null; hover() } })
  }
  return {zoom}
}
