// Dragging boxes in parts of their frame: [left, top, width, height], 0…1.
const within = (value, low, high) => Math.min(Math.max(value, low), Math.max(low, high))

// While something is held nothing is drawn anew under the hand; `rest` is called after.
const holding = {held: false, rest: null}

// `moved(dx, dy, done)` in parts of `frame`; pointer capture keeps the drag outside it, too.
function draggable(node, frame, begun, moved) {
  node.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return
    event.preventDefault()
    event.stopPropagation()
    node.focus({preventScroll: true})
    node.setPointerCapture(event.pointerId)
    const box = frame.getBoundingClientRect(), from = [event.clientX, event.clientY]
    holding.held = true
    begun()
    const parts = (e) => [(e.clientX - from[0]) / box.width, (e.clientY - from[1]) / box.height]
    const move = (e) => moved(...parts(e), false)
    const end = (e) => {
      node.removeEventListener("pointermove", move)
      node.removeEventListener("pointerup", end)
      node.removeEventListener("pointercancel", end)
      moved(...parts(e), true)
      holding.held = false
      if (holding.rest) { const rest = holding.rest; holding.rest = null; rest() }
    }
    node.addEventListener("pointermove", move)
    node.addEventListener("pointerup", end)
    node.addEventListener("pointercancel", end)
  })
}

// A side at one of `lines` where it is nearer than `reach`.
function snapped(value, lines, reach) {
  let best = value, near = reach
  for (const line of lines) if (Math.abs(line - value) < near) { near = Math.abs(line - value); best = line }
  return best
}

// Part of a box that lies inside any of the polygons, by a grid of points.
function coveredPart([left, top, right, bottom], polygons) {
  const inside = (x, y) => polygons.some((points) => {
    let odd = false
    for (let i = 0, j = points.length - 1; i < points.length; j = i++) {
      const [xi, yi] = points[i], [xj, yj] = points[j]
      if (yi > y !== yj > y && x < (xj - xi) * (y - yi) / (yj - yi) + xi) odd = !odd
    }
    return odd
  })
  let hit = 0
  for (let i = 0; i < 8; i++) for (let j = 0; j < 8; j++) if (inside(left + (right - left) * (i + 0.5) / 8, top + (bottom - top) * (j + 0.5) / 8)) hit++
  return hit / 64
}
