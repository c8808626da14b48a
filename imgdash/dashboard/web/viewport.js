// The image: coarse, then full; window/level by dragging, zoom, pan, before/after; everything drawn at screen pixels.
export function render({model, el}) {
  const canvas = h("canvas", {tabindex: 0, "aria-label": "Radiograph"})
  const corner = (where) => h("div", {class: `corner ${where}`})
  const [upperLeft, upperRight, lowerLeft, lowerRight] = ["ul", "ur", "ll", "lr"].map(corner)
  const trouble = h("div", {class: "trouble", role: "alert"}), notice = h("div", {class: "notice"})
  const ruler = h("div", {class: "ruler", "aria-hidden": "true"}), tools = h("div", {class: "tools", role: "toolbar", "aria-label": "View"})
  const box = h("div", {class: "box"}, canvas, upperLeft, upperRight, lowerLeft, lowerRight, ruler, notice, trouble, tools)
  el.style.height = "100%"
  el.append(h("style", {}, VIEWPORT_CSS), box)

  const loader = makeLoader(), lut = new Uint32Array(65536), log = (window.imgdash = window.imgdash || {}).painted ||= []
  const view = {cx: 0, cy: 0, zoom: 1, turns: 0, mirror: false, fit: true}
  const look = {lo: 0, hi: 1, invert: false}
  let source = null, after = null, before = null, frame = null, wanted = 0, drag = null, asked = 0, comparing = false

  // -- drawing ------------------------------------------------------------------------------------------
  function size() {
    const ratio = window.devicePixelRatio || 1
    const width = Math.max(1, Math.round(box.clientWidth * ratio)), height = Math.max(1, Math.round(box.clientHeight * ratio))
    if (canvas.width !== width || canvas.height !== height || !frame) {
      canvas.width = width
      canvas.height = height
      const data = new ImageData(width, height)
      frame = {data, words: new Uint32Array(data.data.buffer)}
    }
  }
  function fit() {
    if (!source) return
    const odd = view.turns % 2, w = odd ? source.rows : source.columns, t = odd ? source.columns : source.rows
    Object.assign(view, {fit: true, cx: source.columns / 2, cy: source.rows / 2, zoom: Math.min(canvas.width / w, canvas.height / t)})
  }
  function paint(smooth = true) {
    asked = 0
    size()
    if (!source) { canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height); return }
    if (view.fit) fit()
    fillLut(lut, source.bits, look.lo, look.hi, look.invert)
    drawImage(canvas, frame, source, view, lut, smooth)
    const changed = look.lo !== 0 || look.hi !== 1
    notice.textContent = comparing ? "BEFORE · as received, no processing" : changed && !model.adjustable ? "DISPLAY WINDOW · not what is sent" : ""
    measure()
  }
  // Fast while something moves, exact as soon as it rests.
  let rest = 0
  function repaint() {
    if (!asked) asked = requestAnimationFrame(() => paint(false))
    clearTimeout(rest)
    rest = setTimeout(() => paint(true), 90)
  }
  function measure() {
    const zoom = view.zoom / (window.devicePixelRatio || 1)
    fill(lowerRight, `${Math.round(view.zoom * 100)} %${view.fit ? " · fit" : ""}`, h("br"),
      `C ${(1 / (look.hi - look.lo)).toFixed(2)}  B ${((0.5 - (look.lo + look.hi) / 2) * 100).toFixed(0)}${look.invert ? "  inverted" : ""}`)
    const pitch = model.pitch[0]
    ruler.hidden = !pitch
    if (!pitch) return
    const length = [200, 100, 50, 20, 10, 5, 2, 1].find((mm) => mm / pitch * zoom < box.clientWidth / 4) || 1
    ruler.style.width = `${length / pitch * zoom}px`
    ruler.textContent = `${length} mm`
  }

  // -- what is shown ------------------------------------------------------------------------------------
  function take(loaded, kind) {
    const same = source && source.rows === loaded.rows && source.columns === loaded.columns
    after = loaded
    if (!comparing) source = loaded
    if (!same) view.fit = true
    if (model.adjustable && !drag) Object.assign(look, {lo: 0, hi: 1})
    trouble.textContent = ""
    paint()
    log.push({image: model.image, kind, ms: Math.round((performance.now() - (window.imgdash.key || 0)) * 10) / 10})
    if (log.length > 500) log.shift()
  }
  async function show() {
    const now = ++wanted, {image, version, trial, logical} = model
    const same = after && after.image === image && after.version === version && !trial && !after.trial
    if (!image) { source = after = before = null; trouble.textContent = ""; paint(); return }
    try {
      const small = loader.load(image, "preview", version, logical, trial)
      const ready = small.done ? small.source : await small.promise
      if (now !== wanted) return
      if (!same) take(Object.assign(ready, {image, version, trial}), trial ? "trial" : "preview")
      if (trial) return
      loader.only([image, ...model.following.map((next) => next.image)])
      for (const next of model.following) loader.load(next.image, "preview", next.version, next.logical)
      const full = loader.load(image, "frame", version, logical)
      const loaded = full.done ? full.source : await full.promise
      if (now !== wanted) return
      if (after !== loaded) take(Object.assign(loaded, {image, version}), "frame")
      const next = model.following[0]
      if (next) loader.load(next.image, "frame", next.version, next.logical).promise.catch(() => {})
    } catch (error) {
      if (now !== wanted || error.name === "AbortError") return
      if (!after || after.image !== image) { source = after = null; paint() }
      fill(trouble, h("b", {}, "This image cannot be shown."), h("span", {}, error.message), h("span", {}, error.remedy || ""))
    }
  }
  // The properties of one change arrive one after another: looked at together, once all are there.
  let shown = "", due = false
  live(model, ["image", "version", "trial", "following"], () => {
    if (due) return
    due = true
    queueMicrotask(() => {
      due = false
      if (shown !== model.image) {
        shown = model.image
        Object.assign(view, {turns: 0, mirror: false, fit: true})
        Object.assign(look, {lo: 0, hi: 1})
        before = null
        comparing = false
      }
      show()
    })
  })
  live(model, ["pixels"], () => {
    if (!model.pixels || !model.pixels.byteLength) return
    // Notebooks have no frame addresses: the pixels come with the component.
    const bytes = new Uint8Array(model.pixels), [height, width] = model.logical, wide = bytes.length === 2 * height * width
    take(makeSource(wide ? new Uint16Array(bytes.buffer) : bytes, height, width, wide ? 12 : 8, [0, 0]), "bytes")
  })
  live(model, ["corners"], () => {
    for (const [node, name] of [[upperLeft, "ul"], [upperRight, "ur"]]) {
      fill(node, ...(model.corners[name] || []).map((line) => h("div", {}, line)))
    }
  })

  // -- hands --------------------------------------------------------------------------------------------
  async function compare(on) {
    comparing = on
    if (!on) { source = after; paint(); return }
    const image = model.image
    before = before || await loader.load(image, "received", model.version, model.logical).promise.catch(() => null)
    if (comparing && image === model.image && before) { source = before; paint() }
  }
  const actual = () => { Object.assign(view, {fit: false, zoom: view.zoom === 1 ? 2 : 1}); paint() }
  const actions = {
    fit: () => { view.fit = true; paint() },
    actual,
    invert: () => { look.invert = !look.invert; paint() },
    turn: () => { view.turns = (view.turns + 1) % 4; paint() },
    mirror: () => { view.mirror = !view.mirror; paint() },
    reset: () => { Object.assign(look, {lo: 0, hi: 1, invert: false}); Object.assign(view, {turns: 0, mirror: false, fit: true}); paint() },
    zoomin: () => zoom(1.25), zoomout: () => zoom(0.8),
  }
  tools.append(...[["fit", "fit", "Fit (F)"], ["actual", "1:1", "1:1 (A)"], ["invert", "invert", "Invert (I)"], ["turn", "turn", "Turn the view (T)"],
    ["mirror", "mirror", "Mirror the view (M)"], ["reset", "reset", "Reset the view (W)"]].map(([action, face, title]) =>
    h("button", {title, "aria-label": title, onclick: () => actions[action]()}, model.icons[face] ? icon(model, face) : face)),
    h("button", {title: "Before and after (hold B)", "aria-label": "Before and after", onpointerdown: () => compare(true), onpointerup: () => compare(false), onpointerleave: () => comparing && compare(false)}, icon(model, "compare")))
  const key = ({detail}) => {
    if (!box.isConnected || !box.clientWidth) return
    if (detail.action === "compare") compare(detail.down)
    else if (detail.down && actions[detail.action]) actions[detail.action]()
  }
  window.addEventListener("imgdash:key", key)

  function point(event) {
    const at = canvas.getBoundingClientRect(), ratio = canvas.width / at.width
    return [(event.clientX - at.left) * ratio, (event.clientY - at.top) * ratio]
  }
  function zoom(factor, event) {
    if (!source) return
    const at = event ? point(event) : [canvas.width / 2, canvas.height / 2], [x, y] = toImage(canvas, view, ...at)
    view.fit = false
    view.zoom = Math.min(Math.max(view.zoom * factor, 0.02), 32)
    const [nx, ny] = toImage(canvas, view, ...at)
    view.cx += x - nx
    view.cy += y - ny
    repaint()
  }
  canvas.addEventListener("wheel", (event) => { event.preventDefault(); zoom(Math.exp(-event.deltaY / 400), event) }, {passive: false})
  canvas.addEventListener("contextmenu", (event) => event.preventDefault())
  canvas.addEventListener("dblclick", () => actions.fit())
  canvas.addEventListener("pointerdown", (event) => {
    if (!source) return
    canvas.setPointerCapture(event.pointerId)
    const pan = event.button !== 0 || event.shiftKey
    drag = {pan, x: event.clientX, y: event.clientY, at: toImage(canvas, view, ...point(event)), lo: look.lo, hi: look.hi, contrast: 1, shift: 0}
  })
  canvas.addEventListener("pointermove", (event) => {
    if (!drag) { hover(event); return }
    const begun = performance.now()
    if (drag.pan) {
      const [x, y] = toImage(canvas, view, ...point(event))
      view.fit = false
      view.cx += drag.at[0] - x
      view.cy += drag.at[1] - y
    } else {
      drag.contrast = Math.exp((event.clientX - drag.x) / 400)
      drag.shift = (event.clientY - drag.y) / 800
      const middle = (drag.lo + drag.hi) / 2 + drag.shift, half = (drag.hi - drag.lo) / 2 / drag.contrast
      look.lo = middle - half
      look.hi = middle + half
    }
    paint(false)
    ;(window.imgdash.moves ||= []).push(performance.now() - begun)
  })
  const release = () => {
    if (!drag) return
    const {pan, contrast, shift} = drag
    drag = null
    paint()
    // What is on the screen is what will be sent: the server applies it, and its pixels replace the preview.
    if (!pan && model.adjustable && (contrast !== 1 || shift !== 0)) model.send_msg({contrast, shift})
  }
  canvas.addEventListener("pointerup", release)
  canvas.addEventListener("pointercancel", release)
  function hover(event) {
    const [x, y] = source ? toImage(canvas, view, ...point(event)) : [-1, -1], value = source && valueAt(source, x, y)
    if (value === null || value === undefined || value === false) { fill(lowerLeft); return }
    const [py, px] = model.pitch
    const place = px ? `x ${(x * px).toFixed(1)}  y ${(y * py).toFixed(1)} mm` : `x ${x | 0}  y ${y | 0} px`
    fill(lowerLeft, h("div", {}, place), h("div", {}, `P ${value} of ${(1 << source.bits) - 1}`))
  }
  canvas.addEventListener("pointerleave", () => fill(lowerLeft))
  const observer = new ResizeObserver(() => paint())
  observer.observe(box)
  model.on("remove", () => { observer.disconnect(); window.removeEventListener("imgdash:key", key) })
}

const VIEWPORT_CSS = `
  .box{position:relative;width:100%;height:100%;background:#000;overflow:hidden}
  canvas{width:100%;height:100%;display:block;cursor:crosshair;touch-action:none;outline-offset:-2px}
  .corner{position:absolute;pointer-events:none;font:12px/1.4 var(--font);color:#cdd3da;text-shadow:0 0 3px #000,0 0 2px #000;white-space:pre;font-variant-numeric:tabular-nums;background:#0006;border-radius:4px;padding:2px 7px}.corner:empty{display:none}
  .ul{left:6px;top:6px}.ur{right:6px;top:6px;text-align:right}.ll{left:6px;bottom:6px}.lr{right:6px;bottom:6px;text-align:right}
  .ul div:first-child{font-size:15px;font-weight:600;color:#fff}
  .ruler{position:absolute;left:50%;bottom:12px;transform:translateX(-50%);border:1px solid #aeb6c0;border-top:0;height:7px;font:10px/1 var(--font);color:#cdd3da;text-align:center;text-shadow:0 0 3px #000;padding-bottom:14px;border-image:none;pointer-events:none;line-height:0}
  .ruler{padding:0;height:6px}
  .notice{position:absolute;left:50%;top:10px;transform:translateX(-50%);background:#000a;color:var(--warn);font-weight:600;letter-spacing:.04em;border-radius:3px;padding:2px 10px;pointer-events:none}.notice:empty{display:none}
  .trouble{position:absolute;inset:auto 20% 45%;display:flex;flex-direction:column;gap:6px;text-align:center;color:var(--dim)}.trouble b{color:var(--bad);font-size:15px}.trouble:empty{display:none}
  .tools{position:absolute;right:8px;top:50%;transform:translateY(-50%);display:flex;flex-direction:column;gap:2px;background:#0009;border-radius:5px;padding:3px;opacity:.55;transition:opacity .1s}
  .tools:hover,.tools:focus-within{opacity:1}.tools button{width:30px;height:28px;padding:0;font-size:11px;color:#dfe4ea}.tools button:hover{background:#fff2}
`
