// The image: coarse, then full; alone, or beside another form of it. What is seen is what is sent, or it says that it is not.
// Rounded down, so that a place is never told to be in the pixel beside it.
const down = (millimetres) => (Math.floor(millimetres * 10) / 10).toFixed(1)

export function render({model, el}) {
  const main = makePane("Radiograph"), other = makePane("Beside it"), panes = [main, other]
  const tools = h("div", {class: "tools", role: "toolbar", "aria-label": "View"})
  const choice = h("select", {class: "beside", "aria-label": "Beside the image", hidden: true, onpointerdown: () => { taken = model.image }, onkeydown: () => { taken = model.image }, onblur: () => { taken = null }, onchange: () => chosen()})
  const box = h("div", {class: "box"}, main.node, other.node, tools)
  // What was chosen among the forms of one image is not put beside the next one, which came meanwhile.
  let taken = null
  function chosen() {
    const image = taken ?? model.image
    model.send_msg({beside: choice.value, image})
    if (image !== model.image) choice.value = model.beside.name || ""
    taken = null
    if (pointed() === choice) choice.blur()
  }
  other.node.append(choice)
  other.node.hidden = true
  el.style.height = "100%"
  el.append(box)

  const loader = makeLoader(), lut = new Uint32Array(65536), log = (window.imgdash = window.imgdash || {}).painted ||= []
  const state = {
    view: {cx: 0, cy: 0, zoom: 1, turns: 0, mirror: false, fit: true}, look: {lo: 0, hi: 1, invert: false},
    tool: "", lens: false, lines: [], pointer: null, drag: null,
  }
  const {view, look} = state
  let after = null, before = null, wanted = 0, asked = 0, comparing = false, pending = 0, told = ""
  // Which image is seen, or said to be unshowable, and whether anything here is: what is not hidden is drawn a frame later.
  let seen = "", visible = false

  // -- drawing ------------------------------------------------------------------------------------------
  function fit() {
    const {source, canvas} = main, odd = view.turns % 2
    Object.assign(view, {fit: true, cx: source.columns / 2, cy: source.rows / 2,
      zoom: Math.min(canvas.width / (odd ? source.rows : source.columns), canvas.height / (odd ? source.columns : source.rows))})
  }
  function paint(smooth = true) {
    asked = 0
    for (const pane of panes) if (!pane.node.hidden) pane.size()
    const {source} = main
    if (source) {
      if (view.fit) fit()
      fillLut(lut, source.bits, look.lo, look.hi, look.invert)
    }
    main.paint(view, lut, smooth)
    if (!other.node.hidden) {
      if (other.source && other.source.bits !== source?.bits) fillLut(lut, other.source.bits, look.lo, look.hi, look.invert)
      other.paint(linkedView(view, source, other.source), lut, smooth)
    }
    words()
    hover()
  }
  // Fast while something moves, exact as soon as it rests.
  let rest = 0
  function repaint() {
    if (!asked) asked = requestAnimationFrame(() => paint(false))
    clearTimeout(rest)
    rest = setTimeout(() => paint(true), 90)
  }
  function words() {
    const neutral = look.lo === 0 && look.hi === 1, {drag} = state
    const contrast = (1 / (look.hi - look.lo)).toFixed(2), density = ((look.lo + look.hi) / 2 - 0.5).toFixed(2)
    fill(main.corner.lr, main.source ? h("div", {}, `${Math.round(view.zoom * 100)} %${view.fit ? " · fit" : ""}`) : null,
      drag?.kind === "look" && model.adjustable ? h("div", {}, `contrast × ${drag.contrast.toFixed(2)}  density ${drag.shift < 0 ? "−" : "+"}${Math.abs(drag.shift).toFixed(2)}`)
        : neutral ? null : h("div", {class: "changed"}, `display only: contrast × ${contrast}  density ${density}`),
      look.invert ? h("div", {class: "changed"}, "display inverted") : null,
      view.turns || view.mirror ? h("div", {class: "changed"}, `view ${[view.turns ? `turned ${view.turns * 90}°` : "", view.mirror ? "mirrored" : ""].filter(Boolean).join(", ")}`) : null)
    main.notice.className = comparing || !neutral ? "notice" : "notice plain"
    main.notice.textContent = comparing ? "BEFORE · as received, no processing" : !neutral && !model.adjustable ? "DISPLAY WINDOW · not what is sent" : ""
    for (const pane of panes) pane.measure()
  }
  // Lines, lens and values follow the pointer, over both panes at the same place.
  function hover() {
    const {pointer} = state
    for (const pane of panes) {
      const {source} = pane
      if (pane.node.hidden || !source || !main.source || !pane.view) { fill(pane.corner.ll); pane.mark([]); continue }
      const here = (at) => (pane === main ? at : linkedPoint(main.source, source, at))
      const lines = state.lines.map((line) => ({...line, from: here(line.from), to: here(line.to)}))
      const at = pointer && here(pointer), value = at ? valueAt(source, ...at) : null
      if (at && !other.node.hidden) {
        const arm = 9 * pixelsOf(main.node) / pane.view.zoom
        lines.push({from: [at[0] - arm, at[1]], to: [at[0] + arm, at[1]], kind: "cross"}, {from: [at[0], at[1] - arm], to: [at[0], at[1] + arm], kind: "cross"})
      }
      pane.mark(lines)
      pane.magnify(state.lens ? at : null, lut)
      const mm = source.mm
      fill(pane.corner.ll, ...(value === null ? [] : [
        h("div", {}, mm ? `x ${down(at[0] * mm)}  y ${down(at[1] * mm)} mm` : `x ${at[0] | 0}  y ${at[1] | 0} px`),
        h("div", {}, `P ${value} of ${(1 << source.bits) - 1}`)]), state.tool === "measure" ? h("div", {}, "Measure: drag a line · D ends") : null)
    }
  }

  // -- what is shown ------------------------------------------------------------------------------------
  const described = () => ({image: model.image, version: model.version, logical: model.logical, mm: model.pitch[0]})
  function take(loaded, kind) {
    const same = main.source && main.source.rows === loaded.rows && main.source.columns === loaded.columns
    after = loaded
    if (!comparing) main.source = loaded
    if (!same) view.fit = true
    if (model.adjustable && !state.drag && !pending) Object.assign(look, {lo: 0, hi: 1})
    main.trouble.replaceChildren()
    main.wait("")
    paint()
    seen = loaded.image ?? model.image
    if (told !== seen) { told = seen; model.send_msg({shown: told}) }
    log.push({image: seen, kind, ms: Math.round((performance.now() - (window.imgdash.key || 0)) * 10) / 10, at: performance.now()})
    if (log.length > 500) log.shift()
  }
  function refuse(cause, remedy) {
    main.source = after = null
    main.wait("")
    paint()
    seen = model.image
    const offer = model.offers ? h("button", {onclick: () => model.send_msg({action: "request", image: inSight()})}, "Ask for it again ", h("kbd", {}, model.offers)) : null
    fill(main.trouble, h("b", {}, "This image cannot be shown."), h("span", {}, cause), remedy ? h("span", {}, remedy) : null, offer)
  }
  // Whole images that follow come last: the next one once all rests, the one after it if that lasts. Where others work at
  // the same list, what follows changes often.
  let resting = 0
  function ahead() {
    const now = wanted
    const fetchAt = (place, pause) => {
      resting = setTimeout(async () => {
        const next = model.following[place]
        if (!next) return
        await loader.load(next, "frame").promise.catch(() => {})
        if (now === wanted) fetchAt(place + 1, 1000)
      }, pause)
    }
    clearTimeout(resting)
    fetchAt(0, 150)
  }
  async function show() {
    clearTimeout(resting)
    const now = ++wanted, {image, version, trial} = model, what = described()
    const same = after && after.image === image && after.version === version && !trial && !after.trial
    if (!image) {
      main.source = after = before = null
      seen = ""
      main.trouble.replaceChildren()
      main.wait("")
      paint()
      if (model.said) main.wait(model.said)
      main.busy.classList.toggle("still", !model.reading)
      return
    }
    if (model.why.length) { refuse(...model.why); return }
    if (!after || after.image !== image) main.wait("Loading the image", 120)
    try {
      const small = loader.load(what, "preview", trial)
      // On a slow line nothing large may stand before what is looked at.
      if (!small.done && !same) loader.only([])
      const ready = small.done ? small.source : await small.promise
      if (now !== wanted) return
      if (!same) take(Object.assign(ready, {image, version, trial}), trial ? "trial" : "preview")
      if (trial) return
      loader.only([image, ...model.following.map((next) => next.image)])
      for (const next of model.following) loader.load(next, "preview").promise.catch(() => {})
      const full = loader.load(what, "frame")
      const loaded = full.done ? full.source : await full.promise
      if (now !== wanted) return
      if (after !== loaded) take(Object.assign(loaded, {image, version}), "frame")
      ahead()
    } catch (error) {
      if (now !== wanted || error.name === "AbortError") return
      if (!after || after.image !== image) refuse(error.message, error.remedy)
    }
  }
  // The properties of one change arrive one after another: looked at together, once all are there.
  let shown = "", looked = "", due = false
  live(model, ["image", "version", "trial", "following", "why", "said", "offers"], () => {
    if (due) return
    due = true
    queueMicrotask(() => {
      due = false
      const now = [model.image, model.version, model.trial].join()
      if (now !== looked) pending = 0
      looked = now
      if (shown !== model.image) {
        shown = model.image
        Object.assign(view, {turns: 0, mirror: false, fit: true})
        Object.assign(look, {lo: 0, hi: 1, invert: false})
        Object.assign(state, {lines: []})
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
    take(makeSource(wide ? new Uint16Array(bytes.buffer) : bytes, height, width, wide ? 12 : 8, [0, 0], model.pitch[0]), "bytes")
  })
  live(model, ["corners"], () => {
    for (const name of ["ul", "ur"]) fill(main.corner[name], ...(model.corners[name] || []).map((line) => h("div", {}, line)))
  })

  // -- beside it ----------------------------------------------------------------------------------------
  let besides = 0
  async function showBeside() {
    const {beside} = model, number = ++besides, open = Boolean(beside.label)
    const changed = other.node.hidden === open
    other.node.hidden = choice.hidden = !open
    button.beside.setAttribute("aria-pressed", String(open))
    other.source = open && other.source?.key === beside.image ? other.source : null
    fill(other.corner.ur, ...(open ? [beside.label, ...(beside.lines || [])].map((line) => h("div", {}, line)) : []))
    other.trouble.replaceChildren()
    other.wait("")
    if (changed) { main.exact = other.exact = null; view.fit = true }
    paint()
    if (!beside.image) { if (open) fill(other.trouble, h("span", {}, beside.why || "There is none.")); return }
    other.wait("Loading", 120)
    try {
      for (const kind of beside.plain ? ["received", "original"] : ["preview", "frame"]) {
        const source = await loader.load(beside, kind).promise
        if (number !== besides) return
        other.source = Object.assign(source, {key: beside.image})
        other.wait("")
        paint()
        log.push({image: beside.image, kind: `beside ${kind}`, at: performance.now(), ms: 0})
      }
    } catch (error) {
      if (number !== besides || error.name === "AbortError") return
      other.wait("")
      fill(other.trouble, h("span", {}, error.message), h("span", {}, error.remedy || ""))
    }
  }

  // -- hands --------------------------------------------------------------------------------------------
  async function compare(on) {
    comparing = on
    if (!on) { main.source = after; paint(); return }
    const image = model.image
    if (!image || !after) return
    try {
      // Coarse at once, then every pixel: what the processing did is judged on the pixels of the detector.
      for (const kind of ["received", "original"]) {
        if (!before || before.kind !== "original") before = Object.assign(await loader.load(described(), kind).promise, {kind})
        if (!comparing || image !== model.image) return
        main.source = before
        paint()
        log.push({image, kind: `before ${before.kind}`, at: performance.now(), ms: 0})
      }
    } catch (error) {
      if (comparing && error.name !== "AbortError") main.notice.textContent = "There is no other form of this image."
    }
  }
  const press = (name, on) => button[name].setAttribute("aria-pressed", String(on))
  const magnify = (on) => { state.lens = on; press("magnify", on); hover() }
  const actions = {
    fit: () => { view.fit = true; paint() },
    actual: () => { Object.assign(view, {fit: false, zoom: view.zoom === 1 ? 2 : 1}); paint() },
    invert: () => { look.invert = !look.invert; paint() },
    turn: () => { view.turns = (view.turns + 1) % 4; paint() },
    mirror: () => { view.mirror = !view.mirror; paint() },
    reset: () => { Object.assign(look, {lo: 0, hi: 1, invert: false}); Object.assign(view, {turns: 0, mirror: false, fit: true}); state.lines = []; paint() },
    measure: () => { state.tool = state.tool ? "" : "measure"; if (!state.tool) state.lines = []; press("measure", state.tool); hover() },
    beside: () => model.send_msg({beside: model.beside.label ? "" : "last", image: model.image}),
    zoomin: () => hands.zoom(1.25), zoomout: () => hands.zoom(0.8),
  }
  const button = {}
  for (const [action, face, title] of [["fit", "fit", "Fit"], ["actual", "1:1", "1:1, again 2:1"], ["invert", "invert", "Invert the view"], ["turn", "turn", "Turn the view"],
    ["mirror", "mirror", "Mirror the view"], ["reset", "reset", "Reset the view"], ["measure", "ruler", "Measure distances"]]) {
    button[action] = h("button", {title, "aria-label": title, onclick: () => actions[action]()}, model.icons[face] ? icon(model, face) : face)
  }
  button.magnify = h("button", {title: "Magnifier", "aria-label": "Magnifier", onclick: () => magnify(!state.lens)}, icon(model, "lens"))
  button.beside = h("button", {title: "Side by side", "aria-label": "Side by side", onclick: () => actions.beside()}, icon(model, "beside"))
  button.compare = h("button", {title: "Before and after, while held", "aria-label": "Before and after, while held", onpointerdown: () => compare(true), onpointerup: () => compare(false), onpointerleave: () => comparing && compare(false),
    onkeydown: (event) => { if ((event.key === " " || event.key === "Enter") && pointed() !== event.currentTarget) { event.preventDefault(); if (!event.repeat) compare(true) } },
    onkeyup: (event) => { if (comparing && (event.key === " " || event.key === "Enter")) compare(false) }, onblur: () => comparing && compare(false)}, icon(model, "compare"))
  tools.append(...Object.values(button))
  for (const name of ["measure", "magnify", "beside"]) press(name, false)
  const key = ({detail}) => {
    if (!box.isConnected || !box.clientWidth) return
    if (detail.action === "compare") compare(detail.down)
    else if (detail.action === "magnify") magnify(detail.down)
    else if (detail.down && actions[detail.action]) actions[detail.action]()
  }
  window.addEventListener("imgdash:key", key)
  const insight = ({detail}) => { if (visible && box.isConnected && box.clientWidth) detail.image = seen }
  window.addEventListener("imgdash:insight", insight)
  const hands = makeHands({panes, state, paint, repaint, hover, adjusted: (change) => {
    // What is on the screen is what will be sent: the server applies it, and its pixels replace the preview.
    if (!model.adjustable) return
    // Another image came while the hand held the first one: what was meant for that one changes neither.
    if (change.image !== seen) { Object.assign(look, {lo: 0, hi: 1}); paint(); return }
    pending = setTimeout(() => { pending = 0; if (model.adjustable) { Object.assign(look, {lo: 0, hi: 1}); paint() } }, 3000)
    model.send_msg(change)
  }})
  live(model, ["besides", "beside"], () => {
    fill(choice, ...model.besides.map(({name, label}) => h("option", {value: name}, label)))
    choice.value = model.beside.name || ""
    showBeside()
  })
  const observer = new ResizeObserver((entries) => {
    for (const entry of entries) {
      const pane = panes.find(({canvas}) => canvas === entry.target), exact = entry.devicePixelContentBoxSize?.[0]
      pane.exact = exact && exact.inlineSize ? [exact.inlineSize, exact.blockSize] : null
    }
    paint()
    if (!box.clientWidth) visible = false
    else if (!visible) requestAnimationFrame(() => requestAnimationFrame(() => { visible = true }))
  })
  for (const {canvas} of panes) {
    try { observer.observe(canvas, {box: "device-pixel-content-box"}) } catch { observer.observe(canvas) }
  }
  model.on("remove", () => { clearTimeout(resting); observer.disconnect(); window.removeEventListener("imgdash:key", key); window.removeEventListener("imgdash:insight", insight) })
}
