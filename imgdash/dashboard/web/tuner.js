// Every declared parameter, by step: slider, number, unit; what differs from the version in force is marked.
// One trial is on its way at a time: the server says which it has shown, then the newest goes out.
export function render({model, el}) {
  el.style.height = "100%"
  const groups = h("div", {class: "groups"}), count = h("span", {role: "status"})
  const all = h("button", {onclick: () => { for (const {out} of parts.values()) out?.replaceChildren(); model.send_msg({reset: Object.keys(changed())}) }}, "Take all back")
  const note = h("input", {type: "text", maxlength: 200, placeholder: "What changed, and why", "aria-label": "Note to the version", oninput: () => foot()})
  const save = h("button", {class: "main", onclick: () => { flush(); model.send_msg({save: note.value}) }})
  const why = h("div", {class: "why", role: "status"})
  const file = h("button", {title: "Save the tried parameters as a condition file (TOML)", onclick: () => { flush(); model.send_msg({export: true}) }}, "Export")
  el.append(h("style", {}, `
    :host{color-scheme:dark}
    .all{display:flex;flex-direction:column;height:100%;background:var(--panel)}
    .groups{flex:1;min-height:0;overflow:auto;scrollbar-width:thin}
    details{border-bottom:1px solid var(--line)}summary{display:flex;gap:8px;align-items:center;padding:5px 12px;font:600 11px/1.5 var(--font);letter-spacing:.05em;text-transform:uppercase;color:var(--dim);cursor:pointer;list-style:none}
    summary::before{content:"▸";font-size:10px;width:8px}details[open]>summary::before{content:"▾"}summary:hover{color:var(--text)}
    summary i{flex:1;font-style:normal}summary b{padding:0 6px;border-radius:8px;background:var(--accent);color:#001018;font-size:10px;letter-spacing:0}
    .rows{display:grid;grid-template-columns:94px 1fr 54px 22px 12px;gap:2px 6px;align-items:center;padding:1px 10px 8px 12px;font-size:12px}
    label{color:var(--dim);overflow:hidden;text-overflow:ellipsis;white-space:nowrap}label.set{color:var(--accent);font-weight:600}
    input[type=range]{width:100%;min-width:40px;height:22px;margin:0;accent-color:var(--dim)}input[type=range].set{accent-color:var(--accent)}
    input[type=number],input[type=text],select{width:100%;font:inherit;font-variant-numeric:tabular-nums;color:inherit;background:var(--ground);border:1px solid var(--edge);border-radius:3px;height:22px;padding:1px 4px}
    input[type=number]{text-align:right;-moz-appearance:textfield}input::-webkit-inner-spin-button{display:none}input.auto{color:var(--faint);font-style:italic}
    .wide{grid-column:2/5}.unit{color:var(--faint);font-size:10px;overflow:hidden}label.idle{color:var(--faint);font-style:italic}input.idle,select.idle{opacity:.6}
    .dot{padding:0;width:12px;height:12px;border-radius:6px;background:var(--accent);visibility:hidden}.dot.set{visibility:visible}
    .was{grid-column:2/6;margin:-3px 0 2px;color:var(--faint);font-size:10px;line-height:12px}
    .out{grid-column:1/-1;color:var(--bad);line-height:14px}.out:empty{display:none}
    .foot{padding:8px 12px 10px;border-top:1px solid var(--line)}.foot .line{display:flex;gap:8px;align-items:center;font-size:12px;color:var(--dim)}
    .foot .line span{flex:1}.foot .line button{color:var(--accent)}.foot input{margin:5px 0;height:auto;padding:4px 7px}
    button.main{width:100%;height:30px;background:var(--accent);color:#001018;font-weight:600}button.main:disabled{background:var(--raised);color:var(--dim);opacity:1}
    .why{margin-top:4px;font-size:11px;line-height:14px;color:var(--dim)}.why.bad{color:var(--bad)}
  `), h("div", {class: "all"}, groups, h("div", {class: "foot"}, h("div", {class: "line"}, count, all, file), note, save, why)))
  const parts = new Map(), steps = new Map()
  let held = null, waiting = null, sent = 0, timer = 0, late = 0

  const value = (name) => (waiting && name in waiting ? waiting[name] : model.values[name])
  const same = (a, b) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null)
  const changed = () => Object.fromEntries(model.descriptions.filter((d) => !same(value(d.name), model.released[d.name])).map((d) => [d.name, value(d.name)]))
  const places = (d) => Math.min(4, Math.max(0, Math.ceil(-Math.log10(d.step || 0.01) - 1e-9)))
  const shown = (d, v) => v === null || v === undefined ? "" : typeof v === "number" ? v.toFixed(places(d)) : v === true ? "on" : v === false ? "off" : Array.isArray(v) ? (v.length ? `${v.length} corners` : "none") : String(v)

  function send() {
    clearTimeout(timer)
    if (!waiting) return
    if (sent > model.seen && performance.now() - late < 1500) { timer = setTimeout(send, 300); return }
    late = performance.now()
    model.send_msg({trial: waiting, number: ++sent})
    waiting = null
  }
  function tryOut(change) { waiting = {...(waiting || {}), ...change}; if (sent <= model.seen) send(); else { clearTimeout(timer); timer = setTimeout(send, 300) }; marks() }
  function flush() { if (waiting) { sent = model.seen; send() } }
  model.on("seen", () => { if (waiting) send() })

  const unit = (d) => h("span", {class: "unit"}, d.unit === "1" ? "" : d.unit)

  function make(d) {
    const id = d.name.replace(".", "-"), range = d.bounds ? ` (${d.bounds[0]} … ${d.bounds[1]}${d.unit && d.unit !== "1" ? " " + d.unit : ""})` : ""
    const label = h("label", {for: id, title: `${d.doc}${range}`}, d.label)
    const dot = h("button", {class: "dot", title: "Back to the version in force", "aria-label": `${d.label}: back to the version in force`, onclick: () => { if (waiting) delete waiting[d.name]; part.out?.replaceChildren(); model.send_msg({reset: [d.name]}) }})
    const was = h("div", {class: "was", hidden: true})
    const part = {d, label, dot, was, inputs: [], title: `${d.doc}${range}`}
    parts.set(d.name, part)
    if (d.kind === "number") {
      const slide = h("input", {id, type: "range", min: d.bounds[0], max: d.bounds[1], step: d.step, "aria-label": d.label, oninput: () => { number.value = shown(d, Number(slide.value)); number.classList.remove("auto"); part.out.textContent = ""; tryOut({[d.name]: Number(slide.value)}) }})
      for (const name of ["pointerdown", "focus"]) slide.addEventListener(name, () => { held = name === "pointerdown" ? d.name : held })
      for (const name of ["pointerup", "pointercancel", "change"]) slide.addEventListener(name, () => { held = null })
      const number = h("input", {type: "number", min: d.bounds[0], max: d.bounds[1], step: "any", placeholder: d.optional ? "auto" : "", "aria-label": `${d.label}, value`, onchange: () => {
        part.out.textContent = number.value === "" ? "" : outOfBounds(d, Number(number.value))
        if (part.out.textContent || number.value === "" && !d.optional) number.value = shown(d, value(d.name) ?? model.calculated[d.name])
        else tryOut({[d.name]: number.value === "" ? null : Number(number.value)})
      }})
      part.inputs = [slide, number]
      part.out = h("div", {class: "out", role: "alert"})
      return [label, slide, number, unit(d), dot, was, part.out]
    }
    let input
    if (d.kind === "choice" || d.kind === "boolean") {
      const options = d.kind === "boolean" ? [true, false] : d.options
      input = h("select", {id, class: "wide", "aria-label": d.label, onchange: () => tryOut({[d.name]: options[input.selectedIndex]})}, options.map((o) => h("option", {}, shown({step: 1}, o))))
      part.options = options
    } else input = h("input", {id, type: "text", class: "wide", maxlength: 64, readonly: d.kind === "list", "aria-label": d.label, onchange: () => d.kind === "text" && tryOut({[d.name]: input.value})})
    part.inputs = [input]
    return [label, input, dot, was]
  }
  function show(part) {
    const {d, inputs} = part, v = value(d.name)
    if (held === d.name) return
    const focused = el.getRootNode().activeElement
    if (d.kind === "number") {
      const calculated = v === null || v === undefined ? model.calculated[d.name] : v
      if (calculated !== null && calculated !== undefined) inputs[0].value = calculated
      if (focused !== inputs[1]) inputs[1].value = shown(d, calculated)
      inputs[1].classList.toggle("auto", v === null || v === undefined)
    } else if (part.options) inputs[0].selectedIndex = part.options.findIndex((o) => same(o, v))
    else if (focused !== inputs[0]) inputs[0].value = shown(d, v)
  }
  function marks() {
    const now = changed()
    for (const part of parts.values()) {
      const set = part.d.name in now
      part.label.classList.toggle("set", set)
      part.dot.classList.toggle("set", set)
      part.inputs[0].classList.toggle("set", set)
      part.was.hidden = !set
      if (set) part.was.textContent = `was ${shown(part.d, model.released[part.d.name]) || "auto"}`
    }
    for (const [step, badge] of steps) {
      const n = Object.keys(now).filter((name) => name.startsWith(step + ".")).length
      badge.hidden = !n
      badge.textContent = n
    }
    foot(Object.keys(now).length)
  }
  function foot(n = Object.keys(changed()).length) {
    // Before it is known what the version in force has, nothing can be said or moved.
    groups.inert = !model.version
    groups.style.opacity = model.version ? "" : ".4"
    count.textContent = !model.version ? "" : n ? `${n} ${n === 1 ? "parameter differs" : "parameters differ"} from version ${model.version}` : `as version ${model.version} has it`
    all.hidden = !n
    save.textContent = model.saving ? "Saving …" : `Save as version ${model.next}`
    note.hidden = save.hidden = !model.may || !model.version
    disable(save, !model.may || !n || !note.value.trim() || model.saving)
    note.disabled = !model.may || model.saving
    why.textContent = model.error || (!model.may ? "Read only: a version is released by a manager. Try out whatever you like; Export gives it to one as a file." : n && !note.value.trim() ? "A version needs a note." : "")
    why.className = model.error ? "why bad" : "why"
  }
  live(model, ["descriptions"], () => {
    const open = new Map([...groups.querySelectorAll("details")].map((node) => [node.dataset.step, node.open]))
    parts.clear()
    steps.clear()
    const byStep = new Map()
    for (const d of model.descriptions) byStep.set(d.step_name, [...(byStep.get(d.step_name) || []), d])
    groups.replaceChildren(...[...byStep].map(([step, found]) => {
      const badge = h("b", {hidden: true, title: "differ from the version in force"})
      steps.set(step, badge)
      return h("details", {"data-step": step, open: open.get(step) ?? ["frequency", "equalization", "gradation"].includes(step)},
        h("summary", {}, h("i", {}, step), badge), h("div", {class: "rows"}, found.flatMap(make)))
    }))
  })
  live(model, ["descriptions", "values", "released", "calculated"], () => { for (const part of parts.values()) show(part); marks() })
  live(model, ["descriptions", "idle"], () => {
    for (const [name, part] of parts) {
      const idle = model.idle.includes(name)
      for (const node of [part.label, ...part.inputs]) node.classList.toggle("idle", idle)
      part.label.title = idle ? `${part.title}\nNo effect as the other parameters are set.` : part.title
    }
  })
  live(model, ["may", "version", "next", "saving", "error"], () => foot())
  model.on("saved", () => { note.value = ""; foot() })
}
