// What can be done with rows of the emission record.
export function render({model, el}) {
  const why = h("input", {type: "text", maxlength: 300, placeholder: "Why the reference level was exceeded", "aria-label": "Reason", oninput: () => buttons()})
  const sign = h("button", {class: "main", onclick: () => model.send_msg({sign: true})})
  const justify = h("button", {onclick: () => { model.send_msg({justify: why.value}); why.value = ""; buttons() }}, "Justify")
  const old = h("label", {}, h("input", {type: "checkbox", onchange: (event) => model.send_msg({superseded: event.target.checked})}), "amended rows too")
  const exports = h("div", {class: "exports"}), said = h("span", {class: "said"})
  el.append(h("style", {}, `
    :host{color-scheme:dark}
    .all{display:flex;flex-wrap:wrap;gap:6px 10px;align-items:center;min-height:44px;padding:7px 14px;background:var(--ground);border-bottom:1px solid var(--line);font-size:12px}
    button{height:28px;padding:0 10px;background:var(--raised);border-color:var(--line)}.main{background:var(--accent);color:#001018;font-weight:600}.main:disabled{background:var(--raised);color:var(--dim)}
    input[type=text]{width:230px;height:28px;font:inherit;color:inherit;background:var(--panel);border:1px solid var(--edge);border-radius:4px;padding:3px 7px}
    label{display:flex;gap:6px;align-items:center;color:var(--dim)}.exports{display:flex;gap:4px;margin-left:auto}.said{color:var(--dim)}
    .split{width:1px;height:22px;background:var(--line)}
  `), h("div", {class: "all"}, sign, h("span", {class: "split"}), why, justify, old, said, exports))
  function buttons() {
    sign.textContent = model.chosen ? `Sign ${model.chosen} chosen` : model.unsigned ? `Sign all ${model.unsigned} unsigned` : "Nothing to sign"
    disable(sign, !model.may || model.busy || !(model.chosen || model.unsigned))
    disable(justify, !model.may || model.busy || model.chosen !== 1 || !why.value.trim())
    justify.title = model.chosen === 1 ? "" : "Choose one row"
    said.textContent = model.said
  }
  live(model, ["chosen", "unsigned", "may", "busy", "said"], buttons)
  live(model, ["formats"], () => exports.replaceChildren(h("button", {"data-tool": "columns", title: "Columns", "aria-label": "Columns", onclick: () => model.send_msg({columns: true})}, icon(model, "columns")), ...model.formats.map((format) => h("button", {title: `This patient's record as ${format}`, onclick: () => model.send_msg({export: format})}, format.toUpperCase()))))
}
