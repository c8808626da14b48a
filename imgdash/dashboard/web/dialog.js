// One dialog for every question: fields in, values out. The browser's own <dialog> keeps the focus inside.
export function render({model, el}) {
  const form = h("form", {method: "dialog"}), dialog = h("dialog", {}, form)
  el.append(h("style", {}, `
    dialog{border:1px solid var(--line);border-radius:8px;background:var(--panel);color:var(--text);padding:0;width:min(720px,92vw);max-height:90vh;box-shadow:0 24px 80px #000c}
    dialog::backdrop{background:#05070acc}form{display:flex;flex-direction:column;max-height:90vh}
    header{padding:14px 18px 10px;font:600 16px/1.3 var(--font)}header small{display:block;font:12px/1.4 var(--font);color:var(--dim)}
    .fields{padding:0 18px 6px;overflow:auto;display:flex;flex-direction:column;gap:12px}
    .field>label,.field>.label{display:block;color:var(--dim);font-size:12px;margin-bottom:3px}
    input[type=text],input[type=number],select,textarea{width:100%;font:inherit;color:inherit;background:var(--ground);border:1px solid var(--line);border-radius:4px;padding:6px 8px}
    textarea{min-height:54px;resize:vertical}.choices{display:grid;grid-template-columns:1fr 1fr;gap:5px}
    .choices label{display:flex;gap:7px;padding:6px 9px;border:1px solid var(--line);border-radius:4px;color:var(--text);font-size:13px;cursor:pointer;align-items:baseline}
    .choices label:has(input:checked){border-color:var(--accent);background:var(--raised)}.choices small{display:block;color:var(--dim)}
    .grid{display:grid;grid-template-columns:22px 1fr 110px 46px;gap:3px 8px;align-items:center;max-height:200px;overflow:auto;border:1px solid var(--line);border-radius:4px;padding:6px 8px}
    .grid input[type=number]{padding:2px 6px;text-align:right}.grid small{color:var(--faint)}.hint{color:var(--dim);font-size:12px;margin-top:3px}
    .keys{display:grid;grid-template-columns:1fr auto 1fr auto;gap:5px 14px;align-items:center}.keys input{width:76px;text-align:center;font:600 12px var(--font);color:inherit;background:var(--ground);border:1px solid var(--line);border-radius:4px;padding:4px}
    footer{display:flex;gap:8px;justify-content:flex-end;padding:12px 18px;border-top:1px solid var(--line);align-items:center}
    footer .complaint{flex:1;color:var(--bad)}footer button{height:34px;padding:0 16px;background:var(--raised);border-color:var(--line)}footer button.main{background:var(--accent);color:#001018;font-weight:600}
  `), dialog)
  const readers = new Map(), patchers = new Map()
  const KINDS = {
    select: (field) => {
      const node = h("select", {id: field.name, onchange: () => tell(field.name)}, field.options.map(([value, words]) => h("option", {value}, words)))
      node.value = field.value
      readers.set(field.name, () => node.value)
      return node
    },
    text: (field) => {
      const node = h("textarea", {id: field.name, value: field.value || "", maxlength: 400})
      readers.set(field.name, () => node.value)
      return node
    },
    choice: (field) => {
      const node = h("div", {class: "choices", role: "radiogroup", "aria-label": field.label}, field.options.map(([value, words, more]) => h("label", {},
        h("input", {type: "radio", name: field.name, value, checked: value === field.value, onchange: () => tell(field.name)}), h("span", {}, words, more ? h("small", {}, more) : null))))
      readers.set(field.name, () => node.querySelector("input:checked")?.value ?? "")
      patchers.set(field.name, ({value, words}) => {
        for (const input of node.querySelectorAll("input")) {
          if (value !== undefined) input.checked = input.value === value
          if (words && input.value in words) fill(input.nextSibling.querySelector("small"), words[input.value])
        }
      })
      return node
    },
    ticks: (field) => {
      const node = h("div", {class: "choices", role: "group", "aria-label": field.label}, field.options.map(([value, words, more]) => h("label", {},
        h("input", {type: "checkbox", value, checked: field.value.includes(value)}), h("span", {}, words, more ? h("small", {}, more) : null))))
      readers.set(field.name, () => [...node.querySelectorAll("input:checked")].map((input) => input.value))
      return node
    },
    parameters: (field) => {
      const rows = field.rows.map((row) => {
        const take = h("input", {type: "checkbox", checked: row.taken, "aria-label": `ask for ${row.label}`})
        const value = row.options
          ? h("select", {"aria-label": row.label}, row.options.map((option) => h("option", {value: option}, option)))
          : h("input", {type: "number", step: "any", min: row.bounds[0], max: row.bounds[1], "aria-label": row.label})
        value.value = row.value
        value.addEventListener("input", () => { take.checked = true })
        return {row, take, value}
      })
      readers.set(field.name, () => Object.fromEntries(rows.filter(({take, value}) => take.checked && value.value !== "").map(({row, value}) => [row.name, row.options ? value.value : Number(value.value)])))
      return h("div", {class: "grid"}, rows.flatMap(({row, take, value}) => [take, h("span", {title: row.doc}, row.label), value, h("small", {}, row.unit === "1" ? "" : row.unit || "")]))
    },
    keys: (field) => {
      const inputs = field.rows.map((row) => ({row, node: h("input", {value: show(row.key), readonly: true, "aria-label": row.label, "data-key": row.key, onkeydown: (event) => {
        if (event.key === "Tab" || event.key === "Escape") return
        event.preventDefault()
        event.stopPropagation()
        const key = event.key === "Backspace" || event.key === "Delete" ? "" : event.key.length === 1 ? event.key.toLowerCase() : event.key
        event.target.dataset.key = key
        event.target.value = show(key)
      }})}))
      readers.set(field.name, () => Object.fromEntries(inputs.map(({row, node}) => [row.name, node.dataset.key])))
      return h("div", {class: "keys"}, inputs.flatMap(({row, node}) => [h("span", {}, row.label), node]))
    },
  }
  const show = (key) => ({" ": "Space", "": "none"})[key] || (key.length === 1 ? key.toUpperCase() : key)
  const values = () => Object.fromEntries([...readers].map(([name, read]) => [name, read()]))
  const tell = (name) => model.send_msg({changed: name, values: values()})
  const complaint = h("span", {class: "complaint", role: "alert"})
  function build() {
    readers.clear()
    complaint.textContent = model.error
    fill(form, h("header", {}, model.title, model.subtitle ? h("small", {}, model.subtitle) : null),
      h("div", {class: "fields"}, model.fields.map((field) => h("div", {class: "field"}, field.label ? h("div", {class: "label"}, field.label) : null, KINDS[field.kind](field), field.hint ? h("div", {class: "hint"}, field.hint) : null))),
      h("footer", {}, complaint, h("button", {type: "button", onclick: () => dialog.close("cancel")}, "Cancel"), h("button", {type: "button", class: "main", onclick: submit}, model.submit)))
  }
  const submit = () => { model.send_msg({submit: model.kind, values: values()}) }
  form.addEventListener("submit", (event) => { event.preventDefault(); submit() })
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.tagName !== "TEXTAREA" && event.target.tagName !== "BUTTON") { event.preventDefault(); submit() }
    if (event.key !== "Escape") event.stopPropagation()
  })
  dialog.addEventListener("close", () => model.send_msg({closed: true}))
  live(model, ["fields"], build)
  // What follows from another field changes in place, so that nothing else that was filled in is lost.
  model.on("msg:custom", ({patch}) => { for (const [name, change] of Object.entries(patch)) patchers.get(name)?.(change) })
  model.on(["error"], () => { complaint.textContent = model.error })
  live(model, ["open"], () => {
    if (model.open && !dialog.open) { build(); dialog.showModal(); dialog.querySelector("select,textarea,input")?.focus() }
    if (!model.open && dialog.open) dialog.close()
  })
}
