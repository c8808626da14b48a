// What a list is narrowed by, and which of its pages is shown. Changes are sent as they are made, text when it rests.
export function render({model, el}) {
  const form = h("form", {role: "search", "aria-label": "Filters", onsubmit: (event) => { event.preventDefault(); send(); window.dispatchEvent(new Event("imgdash:list")) }}), pager = h("div", {class: "pager", role: "group", "aria-label": "Pages"}), tools = h("div", {class: "pager"})
  el.append(h("style", {}, `
    :host{color-scheme:dark}
    .all{display:flex;flex-wrap:wrap;gap:6px 14px;align-items:center;padding:7px 12px;background:var(--ground);border-bottom:1px solid var(--line);font-size:12px}
    form{display:flex;flex-wrap:wrap;gap:6px;align-items:center;flex:1;min-width:0}
    label{display:flex;gap:5px;align-items:center;color:var(--dim)}
    input,select,button{height:28px;font:inherit;font-size:12px;color:var(--text);background:var(--panel);border:1px solid var(--edge);border-radius:4px;padding:3px 8px}
    input[type=search]{flex:1 1 130px;min-width:110px;max-width:320px}input[type=date]{width:122px;padding:3px 5px}select{max-width:150px}
    .set{border-color:var(--accent)}button{background:var(--raised)}button:hover:enabled{border-color:var(--faint)}
    .pager{display:flex;gap:4px;align-items:center;color:var(--dim);font-variant-numeric:tabular-nums;white-space:nowrap}.pager button{min-width:28px;padding:0 7px}.pager span{padding:0 4px}
  `), h("div", {class: "all"}, form, pager, tools))
  let timer = 0, inputs = new Map()
  const told = () => Object.fromEntries([...inputs].map(([name, node]) => [name, node.value.trim()]))
  const send = () => { clearTimeout(timer); mark(); model.send_msg({find: told()}) }
  const mark = () => { for (const node of inputs.values()) node.classList.toggle("set", node.value !== ""); clear.hidden = ![...inputs.values()].some((node) => node.value !== "") }
  const clear = h("button", {type: "button", title: "Clear the filters", "aria-label": "Clear the filters", onclick: () => { for (const node of inputs.values()) node.value = ""; send() }}, "✕")
  const MADE = {
    search: (field) => h("input", {type: "search", placeholder: field.text, "aria-label": field.label, maxlength: 200, oninput: () => { clearTimeout(timer); timer = setTimeout(send, 120) }}),
    select: (field) => h("select", {"aria-label": field.label, onchange: send}, h("option", {value: ""}, field.text), (field.options || []).map(([value, words]) => h("option", {value}, words))),
    date: (field) => h("input", {type: "date", "aria-label": field.label, onchange: send}),
  }
  // Made anew when the choices change, which must not take the focus or a half-typed word away.
  live(model, ["fields"], () => {
    const focused = el.getRootNode().activeElement?.dataset?.field, before = inputs
    inputs = new Map()
    fill(form, ...model.fields.map((field) => {
      const kept = before.get(field.name), same = kept && field.kind !== "select"
      const node = same ? kept : MADE[field.kind](field)
      if (!same) { node.value = kept ? kept.value : model.values[field.name] || ""; node.dataset.field = field.name }
      inputs.set(field.name, node)
      return field.kind === "date" ? h("label", {}, field.text, node) : field.kind === "search" ? [node, clear] : node
    }).flat())
    mark()
    if (focused) inputs.get(focused)?.focus()
  })
  model.on(["values"], () => {
    clearTimeout(timer)
    for (const [name, node] of inputs) if (node.value.trim() !== (model.values[name] || "")) node.value = model.values[name] || ""
    mark()
  })
  const asked = ({detail}) => { if (detail.down && detail.action === "search" && el.getBoundingClientRect().width) form.querySelector("input[type=search]")?.focus() }
  window.addEventListener("imgdash:key", asked)
  model.on("remove", () => window.removeEventListener("imgdash:key", asked))
  live(model, ["tools"], () => fill(tools, ...model.tools.map((tool) => h("button", {type: "button", "data-tool": tool.name, title: tool.label, "aria-label": tool.label, onclick: () => model.send_msg({tool: tool.name})}, icon(model, tool.icon)))))
  live(model, ["offset", "total", "size"], () => {
    const last = Math.min(model.offset + model.size, model.total), step = (offset, sign, words) => h("button", {type: "button", "aria-label": words, title: words, disabled: offset < 0 || offset >= model.total || offset === model.offset, onclick: () => model.send_msg({offset})}, sign)
    const end = Math.max(0, Math.floor((model.total - 1) / model.size) * model.size)
    fill(pager, ...model.total > model.size ? [step(0, "«", "First page"), step(model.offset - model.size, "‹", "Page before"), h("span", {role: "status"}, `${model.offset + 1}–${last} of ${model.total.toLocaleString("en")}`), step(model.offset + model.size, "›", "Next page"), step(end, "»", "Last page")] : [])
  })
}
