// h("div", {class: "row", onclick}, "text", child…): text is always set as text, never parsed as HTML.
function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue
    if (name === "onclick") node.addEventListener("pointerdown", press)
    if (name === "onclick") node.addEventListener("click", (event) => { if (node.ariaDisabled !== "true") value(event) })
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value)
    else if (name === "style") node.style.cssText = value
    else if (name === "value" || name === "checked" || name === "disabled") node[name] = value
    else node.setAttribute(name, value === true ? "" : value)
  }
  if (attributes.type === "number") node.addEventListener("beforeinput", pointForComma)
  return fill(node, ...children)
}

// The browser drops a comma without a word, and 1,5 would be fifteen: it is a decimal point.
function pointForComma(event) {
  if (!event.data?.includes(",")) return
  event.preventDefault()
  document.execCommand("insertText", false, event.data.replaceAll(",", "."))
}

// What is wrong with a number that was typed, in words; empty where nothing is. It is not quietly made another one.
const outOfBounds = (d, typed) => typed < d.bounds[0] || typed > d.bounds[1] ? `${d.label} lies between ${d.bounds[0]} and ${d.bounds[1]}: ${typed} is not taken.` : ""

// Replace what is in a node; null, undefined and false are nothing.
function fill(node, ...children) {
  node.replaceChildren(...children.flat().filter((child) => child !== null && child !== undefined && child !== false))
  return node
}

// The same as `fill`, but what stays is not moved: an input keeps its focus, its caret and what is being composed in it.
function arrange(node, children) {
  for (const child of [...node.childNodes]) if (!children.includes(child)) child.remove()
  let next = node.firstChild
  for (const child of children) {
    if (child === next) next = next.nextSibling
    else node.insertBefore(child, next)
  }
  return node
}

function icon(model, name, title) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg")
  svg.setAttribute("viewBox", "0 0 24 24")
  svg.setAttribute("class", "icon")
  svg.setAttribute(title ? "aria-label" : "aria-hidden", title || "true")
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path")
  path.setAttribute("d", model.icons[name] || "")
  svg.append(path)
  return svg
}

// Pixels of the screen in one of a node: the screen is fine, the browser is zoomed, or the page is drawn larger (theme.py).
const pixelsOf = (node) => (window.devicePixelRatio || 1) * (node.currentCSSZoom || 1)

// Which image is in sight in this moment; empty where none is: what is pressed is meant for it, and for no other.
function inSight() {
  const detail = {image: ""}
  window.dispatchEvent(new CustomEvent("imgdash:insight", {detail}))
  return detail.image
}

// What is drawn anew between the two halves of a click is gone when its second half comes, and the click with it:
// while something is pressed that waits for a click, drawing waits.
const undrawn = new Set()
let pressed = false

// `done` is called once what is pressed is let go of; also where nobody says so: the window has lost the hand, or a
// pointer moves with nothing pressed.
function whenReleased(done) {
  const over = new AbortController()
  const release = (event) => {
    if (event.type === "blur" ? event.target !== window : event.type === "pointermove" && event.buttons) return
    over.abort()
    done(event)
  }
  for (const name of ["pointerup", "pointercancel", "pointermove", "blur"]) window.addEventListener(name, release, {capture: true, signal: over.signal})
  return over
}

function press() {
  if (pressed) return
  pressed = true
  whenReleased((event) => {
    // The click follows; at once from a mouse, a little later from a finger.
    setTimeout(() => {
      pressed = false
      const due = [...undrawn]
      undrawn.clear()
      for (const draw of due) draw()
    }, event.pointerType === "touch" ? 60 : 0)
  })
}

// What has the keyboard because it was clicked (keys.js): its user looks elsewhere, and does not mean it by the next key.
const pointed = () => window.imgdash?.pointed || null

// What has the keyboard has it also when all is drawn anew: `attribute` is the name that the former and the new one share;
// `draw` is told it where it was reached with the keyboard. Where it is gone, the keyboard is at `otherwise`.
function keeping(box, attribute, draw, otherwise = () => null) {
  const root = box.getRootNode(), active = root.activeElement, clicked = active !== null && active === pointed()
  const name = active && box.contains(active) ? active.getAttribute(attribute) : null
  draw(clicked ? null : name)
  if (name === null || root.activeElement === active) return
  const again = [...box.querySelectorAll(`[${attribute}]`)].find((node) => node.getAttribute(attribute) === name) || otherwise()
  if (clicked) window.imgdash.pointed = again
  again?.focus({preventScroll: true})
}

// What has the keyboard keeps it while it can do nothing, as while it is carried out: the next key is not to go astray.
function disable(button, off) {
  const stays = Boolean(off) && button.getRootNode().activeElement === button
  button.disabled = Boolean(off) && !stays
  button.ariaDisabled = stays ? "true" : null
}

// The list box has the keyboard, not its options: which of them it is at is told to a screen reader in this way.
let optionsNamed = 0
function activate(list, option) {
  if (!option) { list.removeAttribute("aria-activedescendant"); return }
  option.id ||= `option-${++optionsNamed}`
  list.setAttribute("aria-activedescendant", option.id)
}

// What has the keyboard on a page that was come to by a key (keys.js): what `node()` gives, where it is seen; `last` is asked
// where the page has nothing else.
function home(model, node, last = false) {
  const come = ({detail}) => {
    const found = detail.taken || detail.last !== last ? null : node()
    if (!found?.clientHeight) return
    found.focus({preventScroll: true})
    detail.taken = true
  }
  window.addEventListener("imgdash:home", come)
  model.on("remove", () => window.removeEventListener("imgdash:home", come))
}

// The host fills the space that Panel gives it; `draw` runs now and at each change of the named properties.
function live(model, names, draw) {
  model.on(names, () => pressed ? undrawn.add(draw) : draw())
  draw()
}

// The model as a script draws it: what came as text (component.py) is what it was before, made of each text once.
function told(model) {
  const texts = new Set(model.texts), kept = new Map()
  const made = (name, text) => {
    if (kept.get(name)?.text !== text) kept.set(name, {text, value: JSON.parse(text)})
    return kept.get(name).value
  }
  const on = (name, heard) => model.on(name, name === "msg:custom" ? (text) => heard(JSON.parse(text)) : heard)
  return new Proxy(model, {get: (_, name) => name === "on" ? on : texts.has(name) ? made(name, model[name]) : model[name]})
}
