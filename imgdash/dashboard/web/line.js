// The line of the profile by keyboard: the arrows move it over the picture, after Enter one of its ends; a screen reader
// says where it lies then.
const parts = [{name: "", end: null}, {name: "First end", end: 0}, {name: "Second end", end: 1}]
export function render({model, el}) {
  const line = h("div", {class: "line", role: "slider", tabindex: 0, "aria-label": "Profile line", "aria-orientation": "vertical", "aria-valuemin": 0, title: "The arrows move the line over the picture, with Shift ten times as far; Enter takes one of its ends, then the other, then the whole line"})
  el.append(h("style", {}, `
    .line{display:flex;gap:6px;align-items:center;height:24px;padding:0 10px;font-size:10px;color:var(--dim);font-variant-numeric:tabular-nums;white-space:nowrap;overflow:hidden;outline-offset:-2px}
    .line i{flex:none;width:22px;border-top:2px solid var(--film)}.line span{overflow:hidden;text-overflow:ellipsis}
  `), line)
  const words = h("span")
  line.append(h("i"), words)
  let part = 0
  line.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      event.preventDefault()
      event.stopPropagation()
      part = (part + 1) % parts.length
      say()
      return
    }
    const step = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]}[event.key]
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    event.stopPropagation()
    model.send_msg({move: step.map((way) => way * (event.shiftKey ? 0.1 : 0.01)), end: parts[part].end})
  })
  const say = () => {
    const [[x0, y0], [x1, y1]] = model.ends, [height] = model.extent, mm = (value) => value.toFixed(1)
    const level = mm(y0) === mm(y1)
    const {name} = parts[part], before = name ? `${name}: ` : ""
    words.textContent = before + (level ? `${mm(y0)} down, ${mm(x0)} – ${mm(x1)} mm` : `${mm(x0)}, ${mm(y0)} – ${mm(x1)}, ${mm(y1)} mm`)
    line.setAttribute("aria-valuemax", mm(height))
    line.setAttribute("aria-valuenow", mm((y0 + y1) / 2))
    line.setAttribute("aria-valuetext", before + (level ? `${mm(y0)} mm down, from ${mm(x0)} to ${mm(x1)} mm across` : `from ${mm(x0)} mm across, ${mm(y0)} mm down, to ${mm(x1)} mm across, ${mm(y1)} mm down`))
  }
  live(model, ["ends", "extent"], say)
}
