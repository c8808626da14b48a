// Keys of the whole document. Shadow DOM hides the real target, so the composed path is asked whether somebody types.
export function render({model, el}) {
  const typing = (event) => {
    const node = event.composedPath()[0]
    return !(node instanceof Element) || /^(INPUT|TEXTAREA|SELECT)$/.test(node.tagName) && node.type !== "range"
      && node.type !== "checkbox" || node.isContentEditable
  }
  // What was reached with the keyboard takes the keys that are its own. What was clicked does not, although it has the
  // keyboard, and the browser shows that from the next key on: who clicked Fit means the image by Space.
  const PRESSED = "button,summary,input[type=checkbox],[role=button],[role=switch]", SLID = "input[type=range]"
  const SLIDES = ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "PageUp", "PageDown", "Home", "End"]
  const its = (node, key) => node !== pointed() && node.matches?.(":focus-visible") && Boolean(node.matches?.(PRESSED) && (key === " " || key === "Enter") || node.matches?.(SLID) && SLIDES.includes(key))
  const focused = () => { let node = document.activeElement; while (node?.shadowRoot?.activeElement) node = node.shadowRoot.activeElement; return node }
  const told = window.imgdash = window.imgdash || {}
  const point = (event) => { told.pointed = event.composedPath().find((node) => node.matches?.(`${PRESSED},${SLID},select,canvas`)) || null }
  // Tab would stop at each figure, where no key does anything: what can be moved in one has sliders beside it.
  const pass = (root) => { for (const node of root.querySelectorAll("*")) if (node.shadowRoot) pass(node.shadowRoot); else if (node.tabIndex === 0 && node.classList.contains("bk-events")) node.tabIndex = -1 }
  const leave = (event) => { if (event.key === "Tab") { told.pointed = null; pass(document) } }
  const held = new Set()
  let jumping = 0
  const tell = (action, down) => window.dispatchEvent(new CustomEvent("imgdash:key", {detail: {action, down}}))
  const name = (event) => (event.key.length === 1 ? event.key.toLowerCase() : event.key)
  const down = (event) => {
    if (document.documentElement.dataset.modal || event.ctrlKey || event.metaKey || event.altKey || typing(event) || its(event.composedPath()[0], event.key)) return
    if (event.timeStamp - jumping < 1500 && /^[0-9]$/.test(event.key)) {
      jumping = 0
      event.preventDefault()
      model.send_msg({action: `jump${event.key}`, page: model.page})
      return
    }
    const action = model.keymap[name(event)]
    if (!action) return
    event.preventDefault()
    if (event.repeat) return
    if (action === "jump") { jumping = event.timeStamp; return }
    // No outline comes up around what the key is not for.
    const node = focused()
    if (node && node === pointed() && node.matches(PRESSED)) node.blur()
    Object.assign(told, {key: performance.now(), action})
    held.add(name(event))
    if (model.local.includes(action)) tell(action, true)
    else model.send_msg({action, page: model.page, image: inSight()})
  }
  const up = (event) => {
    if (!held.delete(name(event))) return
    const action = model.keymap[name(event)]
    if (model.local.includes(action)) tell(action, false)
  }
  // A page that is come to by a key hides what had the keyboard: what the page is about has it then, once it is there and
  // drawn no more. Looks are counted, not seconds: a busy browser comes to few of them while it makes the page.
  const LOOKS = 100, KEPT = 10
  let byKey = false, looking = 0
  const pressing = () => { byKey = true }, pointing = () => { byKey = false }
  const settle = (looks, kept = 0) => {
    const node = focused(), there = node !== document.body && node?.getClientRects().length
    if (!byKey || !looks || there && kept > KEPT) return
    const later = (...left) => { looking = setTimeout(() => settle(...left), 100) }
    // What is asked meanwhile has it until it is answered.
    if (document.documentElement.dataset.modal) { later(looks); return }
    const detail = {taken: Boolean(there), last: false}
    for (detail.last of [false, true]) window.dispatchEvent(new CustomEvent("imgdash:home", {detail}))
    later(looks - 1, detail.taken ? (there ? kept : 0) + 1 : 0)
  }
  model.on("page", () => { clearTimeout(looking); looking = setTimeout(() => requestAnimationFrame(() => settle(LOOKS)), 0) })
  document.addEventListener("keydown", pressing, true)
  document.addEventListener("pointerdown", pointing, true)
  document.addEventListener("pointerdown", point, true)
  document.addEventListener("keydown", leave, true)
  document.addEventListener("keydown", down)
  document.addEventListener("keyup", up)
  model.on("remove", () => {
    clearTimeout(looking)
    document.removeEventListener("keydown", pressing, true)
    document.removeEventListener("pointerdown", pointing, true)
    document.removeEventListener("pointerdown", point, true)
    document.removeEventListener("keydown", leave, true)
    document.removeEventListener("keydown", down)
    document.removeEventListener("keyup", up)
  })
}
