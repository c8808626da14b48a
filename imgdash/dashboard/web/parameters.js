// One row for each processing parameter: slider, number, unit. What was set by hand is marked; its dot takes it back.
// A message names the image that was shown when a person began: what a hand still holds is of that one.
export function render({model, el}) {
  const rows = h("div", {class: "rows"})
  const all = h("button", {onclick: () => tell({reset: "all"})}, "reset all")
  el.append(h("style", {}, SECTION_CSS + `
    .rows{display:grid;grid-template-columns:minmax(86px,auto) 1fr 58px 14px;grid-auto-rows:minmax(24px,auto);gap:0 8px;align-items:center;font-size:12px}
    label{color:var(--dim);overflow:hidden;text-overflow:ellipsis;white-space:nowrap}label.set{color:var(--text);font-weight:600}
    input[type=range]{width:100%;height:24px;accent-color:var(--accent);margin:0}
    input[type=number],select{width:100%;font:inherit;font-variant-numeric:tabular-nums;color:inherit;background:var(--ground);border:1px solid var(--edge);border-radius:3px;height:22px;padding:1px 4px;text-align:right}
    select{grid-column:2/4;text-align:left}input[type=number]{-moz-appearance:textfield}input::-webkit-inner-spin-button{display:none}
    label.inert{color:var(--faint)}
    .dot{padding:0;width:12px;height:12px;border-radius:6px;background:var(--accent);visibility:hidden}.dot.set{visibility:visible}
    .out{grid-column:1/-1;color:var(--bad)}.out:empty{display:none}
    .unit{color:var(--faint);font-size:10px}
  `), h("section", {}, h("div", {class: "head"}, h("h2", {}, model.title), all), rows))
  const parts = new Map()
  let said = model.image
  // `loose`: the window has lost the hand, which may still drag what is of another image by now.
  let image = model.image, holding = null, loose = false
  const tell = (message) => model.send_msg({...message, image})
  function hold() {
    const mine = holding = whenReleased(({type}) => {
      if (type === "blur") { loose = true; image = model.image; hold() }
      else setTimeout(() => { if (holding === mine) { holding = null; loose = false; image = model.image } })
    })
  }
  rows.addEventListener("pointerdown", () => {
    // What was taken before was let go of unseen: this is of the image that is shown.
    holding?.abort()
    loose = false
    image = model.image
    hold()
  })
  rows.addEventListener("keydown", () => { loose = false }, true)
  model.on("remove", () => holding?.abort())
  let waiting = null, last = 0, timer = 0
  // At most one trial on its way for each 50 ms: the newest counts.
  function tryOut(change) {
    waiting = {...(waiting || {}), ...change}
    clearTimeout(timer)
    const send = () => { last = performance.now(); if (waiting) tell({trial: waiting}); waiting = null }
    timer = setTimeout(send, Math.max(0, last + 50 - performance.now()))
  }
  function keep(change) { clearTimeout(timer); waiting = null; tell({set: change}) }
  const shownAs = (d, value) => value === null || value === undefined ? "" : Number(value).toFixed(Math.min(4, Math.max(0, Math.ceil(-Math.log10(d.step || 0.01)))))
  live(model, ["descriptions"], () => {
    parts.clear()
    fill(rows, ...model.descriptions.flatMap((d) => {
      const id = d.name.replace(".", "-"), title = `${d.doc} ${d.bounds ? `(${d.bounds[0]} … ${d.bounds[1]}${d.unit && d.unit !== "1" ? " " + d.unit : ""})` : ""}`
      const label = h("label", {for: id, title}, d.label)
      const dot = h("button", {class: "dot", title: "Set by hand; back to the condition key", "aria-label": `${d.label}: back to the condition key`, onclick: () => tell({reset: [d.name]})})
      if (d.kind === "choice" || d.kind === "boolean") {
        const options = d.kind === "boolean" ? [true, false] : d.options
        const choose = h("select", {id, "aria-label": d.label, onchange: () => keep({[d.name]: options[choose.selectedIndex]})}, options.map((o) => h("option", {}, o === true ? "on" : o === false ? "off" : String(o))))
        parts.set(d.name, {d, label, dot, show: (v) => { choose.selectedIndex = options.indexOf(v) }, nodes: [choose]})
        return [label, choose, dot]
      }
      const slide = h("input", {id, type: "range", min: d.bounds[0], max: d.bounds[1], step: d.step, "aria-label": d.label,
        oninput: () => { if (loose) { show(model.values[d.name]); return }
          number.value = shownAs(d, slide.value); out.textContent = ""; tryOut({[d.name]: Number(slide.value)}) }, onchange: () => { if (loose) show(model.values[d.name]); else keep({[d.name]: Number(slide.value)}) }})
      const number = h("input", {type: "number", min: d.bounds[0], max: d.bounds[1], step: "any", "aria-label": `${d.label}, value`,
        onchange: () => {
          out.textContent = number.value === "" ? "" : outOfBounds(d, Number(number.value))
          if (number.value === "" || out.textContent) show(model.values[d.name])
          else keep({[d.name]: Number(number.value)})
        }})
      const out = h("div", {class: "out", role: "alert"})
      const show = (v) => { slide.value = v; number.value = shownAs(d, v) }
      parts.set(d.name, {d, label, dot, nodes: [slide, number], show, out})
      return [label, slide, number, dot, out]
    }))
  })
  live(model, ["descriptions", "values", "overrides", "inert", "enabled", "image"], () => {
    if ((!holding || loose) && image !== model.image) { clearTimeout(timer); waiting = null; image = model.image }
    // What was said of a number was of the image for which it was typed.
    if (said !== model.image) for (const {out} of parts.values()) out?.replaceChildren()
    said = model.image
    for (const [name, {label, dot, show, nodes}] of parts) {
      if (!nodes.includes(el.getRootNode().activeElement) || nodes[0].type === "range") show(model.values[name])
      const set = name in model.overrides
      label.className = set ? "set" : ""
      dot.className = set ? "dot set" : "dot"
      dot.disabled = !model.enabled
      const inert = model.inert.includes(name)
      label.classList.toggle("inert", inert)
      for (const node of nodes) { node.disabled = !model.enabled || inert; node.title = inert ? "Does nothing here: the sender has processed this image, and it is shown as sent." : "" }
    }
    all.hidden = !Object.keys(model.overrides).length || !model.enabled
  })
}
