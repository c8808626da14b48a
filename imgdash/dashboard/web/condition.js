// The condition key: a list of all, and those of its group under the digits.
export function render({model, el}) {
  const select = h("select", {"aria-label": "Condition key", onchange: () => { if (pointed() === select) select.blur(); model.send_msg({condition: select.value, image}) }})
  let image = model.image
  const digits = h("div", {class: "digits"}), head = h("div", {class: "head"}, h("h2", {}, "Condition key"), h("small", {}))
  el.append(h("style", {}, SECTION_CSS + `
    select{width:100%;font:inherit;color:inherit;background:var(--ground);border:1px solid var(--edge);border-radius:4px;padding:4px 6px}
    .digits{display:flex;flex-wrap:wrap;gap:4px;margin-top:6px}
    .digits button{border:1px solid var(--line);padding:2px 7px 2px 4px;font-size:12px;color:var(--dim)}
    .digits button[aria-pressed=true]{border-color:var(--accent);color:var(--text);background:var(--raised)}
  `), h("section", {}, head, select, digits))
  live(model, ["options", "current", "version", "digits", "enabled", "image"], () => {
    image = model.image
    const groups = new Map()
    for (const option of model.options) groups.set(option.group, [...(groups.get(option.group) || []), option])
    fill(select, ...[...groups].map(([group, options]) => h("optgroup", {label: group || "Others"},
      options.map((option) => h("option", {value: option.key}, option.title)))))
    if (!model.options.some((option) => option.key === model.current)) select.prepend(h("option", {value: model.current}, model.current || "none"))
    select.value = model.current
    select.disabled = !model.enabled
    head.lastChild.textContent = model.current ? `${model.current} · version ${model.version}` : ""
    keeping(digits, "data-key", () => fill(digits, ...model.digits.map((option, n) => h("button", {
      "data-key": option.key, disabled: !model.enabled, "aria-pressed": String(option.key === model.current), onclick: () => model.send_msg({condition: option.key, image}),
    }, h("kbd", {}, String(n + 1)), " ", option.title))))
  })
}
