// One image on a canvas at screen pixels, with lines and words over it. Several panes share one view.
const SVG = "http://www.w3.org/2000/svg"

function makePane(label) {
  const canvas = h("canvas", {class: "image", tabindex: 0, "aria-label": label})
  const marks = document.createElementNS(SVG, "svg"), lens = h("canvas", {class: "lens", hidden: true, "aria-hidden": "true"})
  const corner = Object.fromEntries(["ul", "ur", "ll", "lr"].map((where) => [where, h("div", {class: `corner ${where}`})]))
  const busy = h("div", {class: "busy", role: "status", hidden: true}), ruler = h("div", {class: "ruler", "aria-hidden": "true"})
  const notice = h("div", {class: "notice"}), trouble = h("div", {class: "trouble", role: "alert"})
  marks.setAttribute("class", "marks")
  const node = h("div", {class: "pane"}, canvas, marks, lens, ...Object.values(corner), ruler, notice, busy, trouble)
  const pane = {node, canvas, corner, busy, ruler, notice, trouble, source: null, view: null, exact: null}
  let frame = null, lensFrame = null, timer = 0

  function sized(target, width, height) {
    target.width = width
    target.height = height
    const data = new ImageData(width, height)
    return {data, words: new Uint32Array(data.data.buffer)}
  }
  // The screen's own pixels where the browser tells them: nothing is resampled, also on high-DPI screens.
  pane.size = () => {
    const ratio = pixelsOf(node)
    const usual = [Math.round(node.clientWidth * ratio), Math.round(node.clientHeight * ratio)]
    const [width, height] = pane.exact && Math.abs(pane.exact[0] - usual[0]) < 2 ? pane.exact : usual
    if (canvas.width !== Math.max(1, width) || canvas.height !== Math.max(1, height) || !frame) frame = sized(canvas, Math.max(1, width), Math.max(1, height))
  }
  pane.paint = (view, lut, smooth) => {
    pane.view = view
    if (pane.source) drawImage(canvas, frame, pane.source, view, lut, smooth)
    else canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height)
  }
  // Twice as large as the image is shown, and never less than its own pixels.
  pane.magnify = (at, lut) => {
    lens.hidden = !at || !pane.source
    if (lens.hidden) return
    const ratio = pixelsOf(node), side = Math.round(260 * ratio)
    if (!lensFrame || lens.width !== side) lensFrame = sized(lens, side, side)
    drawImage(lens, lensFrame, pane.source, {...pane.view, cx: at[0], cy: at[1], zoom: Math.max(pane.view.zoom * 2, 1)}, lut, true)
    const [x, y] = toCanvas(canvas, pane.view, ...at)
    lens.style.left = `${x / ratio - 130}px`
    lens.style.top = `${y / ratio - 130}px`
  }
  // Lines between points of the image; each is {from, to, text, kind}.
  pane.mark = (lines) => {
    const ratio = pixelsOf(node)
    marks.replaceChildren(...(pane.source ? lines : []).flatMap(({from, to, text, kind}) => {
      const [x1, y1] = toCanvas(canvas, pane.view, ...from).map((v) => v / ratio), [x2, y2] = toCanvas(canvas, pane.view, ...to).map((v) => v / ratio)
      const line = document.createElementNS(SVG, "line"), words = document.createElementNS(SVG, "text")
      for (const [name, value] of Object.entries({x1, y1, x2, y2, class: kind || "line"})) line.setAttribute(name, value)
      words.setAttribute("x", x2 + 8)
      words.setAttribute("y", y2 - 6)
      words.textContent = text || ""
      return [line, words]
    }))
  }
  // Words in the middle, but not for what is there in a moment.
  pane.wait = (text, after = 0) => {
    clearTimeout(timer)
    if (!text) { busy.hidden = true; return }
    const show = () => { fill(busy, h("span", {class: "spin"}), text); busy.hidden = false }
    if (after) timer = setTimeout(show, after)
    else show()
  }
  pane.point = (event) => {
    const at = canvas.getBoundingClientRect(), ratio = canvas.width / at.width
    return [(event.clientX - at.left) * ratio, (event.clientY - at.top) * ratio]
  }
  pane.measure = () => {
    const {source, view} = pane, zoom = view ? view.zoom / pixelsOf(node) : 1
    ruler.hidden = !source || !source.mm
    if (ruler.hidden) return
    const length = [200, 100, 50, 20, 10, 5, 2, 1].find((mm) => mm / source.mm * zoom < node.clientWidth / 4) || 1
    ruler.style.width = `${length / source.mm * zoom}px`
    ruler.textContent = `${length} mm`
  }
  return pane
}

// How many pixels of `main` one pixel of `other` is: by length where both are known, else by the whole extent.
function ratioOf(main, other) {
  return main.mm && other.mm ? other.mm / main.mm : main.columns / other.columns
}
function linkedPoint(main, other, [x, y]) {
  const k = ratioOf(main, other)
  return [other.columns / 2 + (x - main.columns / 2) / k, other.rows / 2 + (y - main.rows / 2) / k]
}
function linkedView(view, main, other) {
  if (!main || !other) return view
  const [cx, cy] = linkedPoint(main, other, [view.cx, view.cy])
  return {...view, cx, cy, zoom: view.zoom * ratioOf(main, other)}
}
