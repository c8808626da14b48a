// Keys of the whole document. Shadow DOM hides the real target, so the composed path is asked whether somebody types.
export function render({model, el}) {
  const typing = (event) => {
    const node = event.composedPath()[0]
    return !(node instanceof Element) || /^(INPUT|TEXTAREA|SELECT)$/.test(node.tagName) && node.type !== "range"
      && node.type !== "checkbox" || node.isContentEditable
  }
  // A button reached with Tab is pressed by Space and Enter; one that was clicked does not catch the keys.
  const pressing = (event) => (event.key === " " || event.key === "Enter") && event.composedPath()[0].matches?.("button:focus-visible,[role=button]:focus-visible")
  const held = new Set()
  let jumping = 0
  const tell = (action, down) => window.dispatchEvent(new CustomEvent("imgdash:key", {detail: {action, down}}))
  const name = (event) => (event.key.length === 1 ? event.key.toLowerCase() : event.key)
  const down = (event) => {
    if (document.documentElement.dataset.modal || event.ctrlKey || event.metaKey || event.altKey || typing(event) || pressing(event)) return
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
    if (event.key === " ") document.activeElement?.blur?.()
    window.imgdash = Object.assign(window.imgdash || {}, {key: performance.now(), action})
    held.add(name(event))
    if (model.local.includes(action)) tell(action, true)
    else model.send_msg({action, page: model.page, image: inSight()})
  }
  const up = (event) => {
    if (!held.delete(name(event))) return
    const action = model.keymap[name(event)]
    if (model.local.includes(action)) tell(action, false)
  }
  document.addEventListener("keydown", down)
  document.addEventListener("keyup", up)
  model.on("remove", () => {
    document.removeEventListener("keydown", down)
    document.removeEventListener("keyup", up)
  })
}
