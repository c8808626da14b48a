// Output image range (left) and output range (right) of one apparatus: both moved by hand, the right one shows what is sent.
export function render({model, el}) {
  const tabs = h("div", {class: "tabs", role: "tablist"}), side = h("div", {class: "side"}), said = h("div", {class: "said", role: "status"})
  const whole = h("div", {class: "frame whole"}), film = h("div", {class: "frame film"})
  const hint = h("p", {}, "Drag the sides, the corners, or the whole range. Overlays snap to edges, middle and each other.")
  const left = h("div", {class: "half"}, h("h3", {}, "Output image range"), h("div", {class: "room"}, whole), hint)
  const right = h("div", {class: "half"}, h("h3", {}, "Output range"), h("div", {class: "room"}, film), said)
  const reset = h("button", {onclick: () => { local = null; model.send_msg({reset: model.current, image: drawn}) }}, "Reset")
  const close = h("button", {onclick: () => { model.send_msg({close: true}); leaving() }}, "Done ", h("kbd", {}, "Esc"))
  const box = h("div", {class: "range", tabindex: -1, role: "region", "aria-label": "Output range"},
    h("div", {class: "head"}, tabs, h("span", {class: "gap"}), reset, close), h("div", {class: "body"}, left, right, side))
  el.style.height = "100%"
  el.append(box)
  const loader = makeLoader()
  // The image whose ranges stand there: what is moved is of it, also where another one comes while a hand holds it.
  let drawn = model.image
  let picture = null, pictured = "", sent = null, wanted = 0, busy = false, own = {}, marks = []

  const here = () => model.destinations.find((to) => to.name === model.current) || model.destinations[0]
  const put = (node, [x, y, w, t]) => { node.style.cssText = `left:${100 * x}%;top:${100 * y}%;width:${100 * w}%;height:${100 * t}%` }
  function canvasOf(source) {
    const {pixels, width, height} = source.levels[0], canvas = h("canvas", {width, height}), data = new ImageData(width, height)
    const words = new Uint32Array(data.data.buffer), lut = new Uint32Array(1 << source.bits)
    fillLut(lut, source.bits, 0, 1, false)
    for (let i = 0; i < pixels.length; i++) words[i] = lut[pixels[i]]
    canvas.getContext("2d").putImageData(data, 0, 0)
    return canvas
  }
  // As large as the room allows, in true proportion.
  function proportion(frame, aspect) {
    const room = frame.parentElement, width = Math.min(room.clientWidth, room.clientHeight * aspect)
    frame.style.width = `${width}px`
    frame.style.height = `${width / aspect}px`
  }
  // What was moved stands as it is until the station has it, or says nothing for long: an older answer moves nothing back.
  let local = null
  function keep(values) {
    own = {...own, ...values}
    clearTimeout(local?.timer)
    local = {name: here().name, image: drawn, values: own, timer: setTimeout(() => { local = null; draw() }, 4000)}
    // Only what was moved: the rest stays as it is by then.
    model.send_msg({range: local.name, values, image: drawn})
  }
  const settled = (to) => {
    // What was moved on another image is no reason to show that one any longer.
    if (local && local.image !== model.image) { clearTimeout(local.timer); local = null }
    if (!local || local.name !== to.name) return true
    const names = Object.keys(local.values)
    if (names.length !== Object.keys(to.own).length || names.some((name) => to.own[name] !== local.values[name])) return false
    clearTimeout(local.timer)
    local = null
    return true
  }
  const round = (value) => Math.round(value * 10000) / 10000

  // -- the image range ----------------------------------------------------------------------------------
  function drawWhole(to) {
    proportion(whole, to.aspect)
    let sides = [...to.sides]
    const rect = h("button", {class: "rect", "aria-label": "Output image range: arrows move it, with Shift its right and lower side", disabled: !model.enabled || !to.formed})
    const shade = h("div", {class: "shade"})
    const show = () => {
      put(rect, [sides[0], sides[1], sides[2] - sides[0], sides[3] - sides[1]])
      shade.style.clipPath = `polygon(evenodd,0 0,100% 0,100% 100%,0 100%,0 0,${[[0, 1], [2, 1], [2, 3], [0, 3], [0, 1]].map(([a, b]) => `${100 * sides[a]}% ${100 * sides[b]}%`).join(",")})`
    }
    const store = () => keep({left: round(sides[0]), top: round(sides[1]), right: round(sides[2]), bottom: round(sides[3])})
    // Field borders and the image's own edges are what people aim at.
    const lines = [[0, 1], [0, 1]]
    for (const polygon of to.field) for (const [x, y] of polygon) { lines[0].push(x); lines[1].push(y) }
    const least = 0.02
    // A key's step is what it says: one that snapped would never leave the line that a side is on.
    function stretch(names, dx, dy, from, reach = 8 / whole.clientWidth) {
      if (names.includes("l")) sides[0] = within(snapped(from[0] + dx, lines[0], reach), 0, sides[2] - least)
      if (names.includes("r")) sides[2] = within(snapped(from[2] + dx, lines[0], reach), sides[0] + least, 1)
      if (names.includes("t")) sides[1] = within(snapped(from[1] + dy, lines[1], reach), 0, sides[3] - least)
      if (names.includes("b")) sides[3] = within(snapped(from[3] + dy, lines[1], reach), sides[1] + least, 1)
    }
    function shift(dx, dy, from) {
      const x = within(dx, -from[0], 1 - from[2]), y = within(dy, -from[1], 1 - from[3])
      sides = [from[0] + x, from[1] + y, from[2] + x, from[3] + y]
    }
    let from = sides
    const begun = () => { from = [...sides] }
    if (model.enabled && to.formed) {
      draggable(rect, whole, begun, (dx, dy, done) => { shift(dx, dy, from); show(); if (done) store() })
      for (const names of ["l", "r", "t", "b", "lt", "rt", "lb", "rb"]) {
        const grip = h("span", {class: `grip ${[...names].join(" ")}`})
        draggable(grip, whole, begun, (dx, dy, done) => { stretch(names, dx, dy, from); show(); if (done) store() })
        rect.append(grip)
      }
      rect.addEventListener("keydown", (event) => {
        const step = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]}[event.key]
        if (!step) return
        event.preventDefault()
        begun()
        if (event.shiftKey) stretch("rb", step[0] * 0.005, step[1] * 0.005, from, 0)
        else shift(step[0] * 0.005, step[1] * 0.005, from)
        show()
        store()
      })
    }
    const outline = document.createElementNS("http://www.w3.org/2000/svg", "svg")
    outline.setAttribute("viewBox", "0 0 1 1")
    outline.setAttribute("preserveAspectRatio", "none")
    for (const polygon of to.field) {
      const line = document.createElementNS("http://www.w3.org/2000/svg", "polygon")
      line.setAttribute("points", polygon.map((point) => point.join(",")).join(" "))
      outline.append(line)
    }
    fill(whole, picture ? picture.cloneNode() : null, shade, outline, rect)
    if (picture) whole.firstChild.getContext("2d").drawImage(picture, 0, 0)
    show()
  }

  // -- the film -----------------------------------------------------------------------------------------
  function drawFilm(to) {
    proportion(film, to.frame[0] / to.frame[1])
    const several = to.parts.length > 0
    const place = h("div", {class: "place", tabindex: to.movable && model.enabled ? 0 : null, role: "group", "data-stays": "image", "aria-label": several ? "Image over several films: + and - change its size" : "Image on the film: arrows move it, + and - change its size"})
    const exact = sent && sent.key === key(to) ? sent.canvas : null
    // What was formed is no longer true once something moves.
    const stale = () => { sent = null; place.classList.remove("over"); exact?.remove() }
    let at = [...to.place], scale = to.scale
    const show = () => put(place, at)
    const room = () => [to.free[2] - at[2], to.free[3] - at[3]]
    // A size is set by hand only by who changes it: an image that is merely moved still fits itself to the film.
    const store = (size = {}) => {
      const [w, t] = room()
      keep({x: w > 1e-6 ? round(within(at[0] / w, 0, 1)) : 0.5, y: t > 1e-6 ? round(within(at[1] / t, 0, 1)) : 0.5, ...size})
    }
    const storeSize = () => several ? keep({scale: round(scale)}) : store({scale: round(scale)})
    function size(factor, largest = to.most) {
      const next = within(factor, 0.05, largest)
      // Which film shows what of it is known once the station has laid it out.
      if (several || next > to.most) { scale = next; return }
      const k = next / scale, centre = [at[0] + at[2] / 2, at[1] + at[3] / 2]
      scale = next
      const w = at[2] * k, t = at[3] * k
      at = [within(centre[0] - w / 2, 0, to.free[2] - w), within(centre[1] - t / 2, 0, to.free[3] - t), w, t]
      show()
    }
    // What goes over several films is as large as it is: where it lies is given by that.
    if (to.movable && model.enabled && !several) {
      let from = at
      draggable(place, film, () => { from = [...at]; stale() }, (dx, dy, done) => {
        const [w, t] = room(), reach = 8 / film.clientWidth
        at[0] = within(snapped(from[0] + dx, [0, w / 2, w], reach), 0, w)
        at[1] = within(snapped(from[1] + dy, [0, t / 2, t], reach), 0, t)
        show()
        if (done) store()
      })
      const grip = h("span", {class: "grip r b"})
      let begun = scale, width = at[2]
      draggable(grip, film, () => { begun = scale; width = at[2]; stale() }, (dx, dy, done) => { size(snapped(begun * (1 + 2 * dx / width), [1, to.most], 0.02)); if (done) storeSize() })
      place.append(grip)
    }
    if (to.movable && model.enabled) {
      let timer = 0
      place.addEventListener("wheel", (event) => { event.preventDefault(); size(scale * Math.exp(-event.deltaY / 1500), to.largest); clearTimeout(timer); timer = setTimeout(storeSize, 250) }, {passive: false})
      place.addEventListener("keydown", (event) => {
        const step = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]}[event.key]
        if (event.key === "+" || event.key === "-") { size(scale * (event.key === "+" ? 1.02 : 1 / 1.02), to.largest); storeSize() }
        else if (step && !several && event.target === place) { const [w, t] = room(); at[0] = within(at[0] + step[0] * 0.005, 0, w); at[1] = within(at[1] + step[1] * 0.005, 0, t); show(); store() }
        else return
        event.preventDefault()
      })
    }
    const [l, t, r, b] = to.sides
    const part = ([x0, y0, x1, y1]) => {
      const [x, y] = [l + x0 * (r - l), t + y0 * (b - t)], [w, d] = [(x1 - x0) * (r - l), (y1 - y0) * (b - t)]
      const copy = h("canvas", {width: Math.max(1, Math.round(w * picture.width)), height: Math.max(1, Math.round(d * picture.height))})
      copy.getContext("2d").drawImage(picture, -x * picture.width, -y * picture.height)
      return copy
    }
    if (picture && !several) place.prepend(part([0, 0, 1, 1]))
    const parts = to.parts.map(({place: at, sides}) => { const node = h("div", {class: "part"}, picture ? part(sides) : null); put(node, at); return node })
    const outside = to.field.map((polygon) => polygon.map(([x, y]) => [(x - l) / (r - l), (y - t) / (b - t)]))
    const inCell = to.cells.length > 0 && !several
    if (exact) exact.className = inCell ? "exact cell" : "exact"
    if (exact && inCell) put(exact, to.cells[0])
    const cells = to.cells.map((cell) => { const node = h("div", {class: "cell"}); put(node, cell); return node })
    fill(film, to.band.length ? (() => { const node = h("div", {class: "band"}); put(node, to.band); return node })() : null, parts, exact, cells, place)
    place.classList.toggle("over", Boolean(exact))
    // On several films they are seen once all is formed, and moved where it fits one.
    marks = several ? [] : to.marks.map((mark) => markNode(to, mark, place, outside, exact))
    place.append(...marks)
    show()
  }
  function markNode(to, mark, place, field, exact) {
    const node = h("button", {class: "mark", disabled: !model.enabled, title: mark.text || "scale", "aria-label": `Overlay ${mark.text || "scale"}: arrows move it, Delete takes it away`}, exact ? "" : mark.text || "")
    let x = mark.x0, y = mark.y0
    const w = mark.x1 - mark.x0, t = mark.y1 - mark.y0
    const warned = (part) => node.classList.toggle("covers", field.length > 0 && part > 0.02)
    const show = () => { put(node, [x, y, w, t]); node.style.fontSize = `${Math.max(7, t * place.clientHeight * 0.6)}px` }
    const store = () => model.send_msg({mark: {kind: mark.kind, text: mark.text, x: round(x), y: round(y), height: mark.height, length_mm: mark.length_mm}, index: mark.index, image: drawn})
    const others = () => to.marks.filter((other) => other !== mark)
    let from = [x, y]
    if (model.enabled) {
      draggable(node, place, () => { from = [x, y]; node.textContent = mark.text || "" }, (dx, dy, done) => {
        const reach = 7 / place.clientWidth, edge = 0.03
        const across = [edge, (1 - w) / 2, 1 - edge - w, ...others().flatMap((o) => [o.x0, o.x1 - w])], down = [edge, (1 - t) / 2, 1 - edge - t, ...others().flatMap((o) => [o.y0, o.y1 - t])]
        x = within(snapped(from[0] + dx, across, reach), 0, 1 - w)
        y = within(snapped(from[1] + dy, down, reach), 0, 1 - t)
        show()
        warned(coveredPart([x, y, x + w, y + t], field))
        if (done && (x !== from[0] || y !== from[1])) store()
      })
      node.addEventListener("keydown", (event) => {
        const step = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]}[event.key]
        if (event.key === "Delete" || event.key === "Backspace") model.send_msg({unmark: mark.index, kind: mark.kind, text: mark.text, image: drawn})
        else if (step) { x = within(x + step[0] * 0.005, 0, 1 - w); y = within(y + step[1] * 0.005, 0, 1 - t); show(); store() }
        else return
        event.preventDefault()
        event.stopPropagation()
      })
    }
    warned(mark.covers_field)
    requestAnimationFrame(show)
    show()
    return node
  }

  // -- beside it ----------------------------------------------------------------------------------------
  const words = h("input", {type: "text", maxlength: 64, placeholder: "Comment", "aria-label": "Comment to write into the image"})
  function drawSide(to) {
    const add = (kind, text) => model.send_msg({mark: {kind, text, x: 0.04, y: within(0.05 + 0.09 * to.marks.length, 0, 0.9)}, index: -1, image: drawn})
    const button = (face, act) => h("button", {disabled: !model.enabled, onclick: act}, face)
    fill(side, h("h3", {}, "Overlays"),
      ...to.marks.map((mark) => h("div", {class: "row"}, h("span", {}, mark.text || `scale ${mark.length_mm} mm`), h("small", {}, mark.covers_field > 0.02 && !to.unfielded ? "covers the field" : to.unfielded ? "field unknown" : "beside the field"),
        h("button", {disabled: !model.enabled, "aria-label": `Take ${mark.text || "scale"} away`, onclick: () => model.send_msg({unmark: mark.index, kind: mark.kind, text: mark.text, image: drawn})}, icon(model, "cross")))),
      h("div", {class: "add"}, ...["L", "R"].map((text) => button(text, () => add("side", text))), ...["AP", "PA", "LAT"].map((text) => button(text, () => add("projection", text))), button("scale", () => add("scale", ""))),
      h("form", {onsubmit: (event) => { event.preventDefault(); if (words.value.trim()) add("comment", words.value.trim()); words.value = "" }}, words, h("button", {disabled: !model.enabled}, "Write")),
      to.trouble.length ? h("h3", {}, "Mind") : null, ...to.trouble.map((text) => h("p", {class: "warn"}, icon(model, "warning"), text)))
  }
  // What is pressed before the station has closed it is for the page; who came here by Tab is where he was.
  let opener = null
  function leaving() {
    box.getRootNode().activeElement?.blur()
    if (opener?.isConnected) opener.focus({preventScroll: true})
    opener = null
  }
  function entering() {
    let node = document.activeElement
    while (node?.shadowRoot?.activeElement) node = node.shadowRoot.activeElement
    opener = node === pointed() ? null : node
    box.focus({preventScroll: true})
  }
  const nameOf = (node) => node.dataset.stays || node.getAttribute("aria-label")
  const key = (to) => JSON.stringify([model.image, to.name, model.sent])
  function draw() {
    if (holding.held) { holding.rest = draw; return }
    const to = here()
    if (!to || !box.clientWidth || !settled(to)) return
    const root = box.getRootNode(), active = root.activeElement, before = box.contains(active) ? nameOf(active) : null
    own = {...to.own}
    drawn = model.image
    fill(tabs, ...model.destinations.map((other) => h("button", {role: "tab", "aria-selected": String(other === to), onclick: () => model.send_msg({current: other.name})}, icon(model, other.kind === "printer" ? "film" : "storage"), other.name)))
    reset.disabled = !model.enabled || !Object.keys(to.own).length
    hint.style.visibility = to.formed ? "" : "hidden"
    drawWhole(to)
    drawFilm(to)
    drawSide(to)
    if (!to.formed) fill(said, `${to.text} · `, h("b", {}, "goes there as it was received"), ": nothing is formed, so nothing can be moved.")
    else fill(said, to.text, h("b", {}, sent && sent.key === key(to) ? " · shown as it is sent" : busy ? " · being formed" : ""))
    // What the keys move is drawn anew, and keeps them.
    if (before && root.activeElement !== active) [...box.querySelectorAll("[aria-label]")].find((node) => nameOf(node) === before)?.focus({preventScroll: true})
  }
  async function fetchAll() {
    const to = here(), number = ++wanted
    if (!model.open || !to || !model.image) return
    busy = true
    draw()
    const image = model.image
    try {
      const small = await loader.load({image: model.image, version: model.version, logical: [0, 0]}, "preview").promise
      if (number !== wanted) return
      picture = canvasOf(small)
      pictured = image
      busy = to.formed
      draw()
      if (!to.formed) return
      const exact = await loader.load({image: model.image, version: model.sent, logical: [0, 0], output: to.name}, "output").promise
      if (number !== wanted) return
      sent = {key: key(to), canvas: canvasOf(exact), source: exact}
      busy = false
      draw()
      ;(window.imgdash.sent ||= []).push({image: model.image, apparatus: to.name, width: exact.levels[0].width, height: exact.levels[0].height, pixels: exact.levels[0].pixels})
      if (window.imgdash.sent.length > 2) window.imgdash.sent.shift()
    } catch (error) {
      if (number !== wanted || error.name === "AbortError") return
      busy = false
      draw()
      fill(said, h("b", {class: "warn"}, `${error.message} ${error.remedy || ""}`))
    }
  }
  // Its keys are its own: the page's would confirm or go to another image.
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      model.send_msg({close: true})
      leaving()
    }
    if (event.key !== "Tab") event.stopPropagation()
  })
  // Where nothing of it has the keyboard any more, as after its button was switched off, it is left all the same.
  const leave = (event) => { if (event.key === "Escape" && model.open && box.clientWidth && !document.documentElement.dataset.modal) model.send_msg({close: true}) }
  document.addEventListener("keydown", leave)
  let due = false, commented = model.image
  live(model, ["destinations", "image", "version", "sent", "current", "open", "enabled"], () => {
    // What was being written is about that image, and no other.
    if (model.image !== commented) { commented = model.image; words.value = "" }
    if (due) return
    due = true
    queueMicrotask(() => { due = false; fetchAll(); if (model.open && !box.contains(box.getRootNode().activeElement)) entering() })
  })
  const observer = new ResizeObserver(() => draw())
  observer.observe(box)
  const insight = ({detail}) => { if (model.open && box.isConnected && box.clientWidth) detail.image = pictured }
  window.addEventListener("imgdash:insight", insight)
  model.on("remove", () => { observer.disconnect(); document.removeEventListener("keydown", leave); window.removeEventListener("imgdash:insight", insight) })
}
