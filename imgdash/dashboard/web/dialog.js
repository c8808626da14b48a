// One dialog for every question: fields in, values out. The browser's own <dialog> keeps the focus inside.
export function render({model, el}) {
  const form = h("form", {method: "dialog"}), dialog = h("dialog", {tabindex: -1}, form)
  el.append(h("style", {}, `
    dialog{border:1px solid var(--line);border-radius:8px;background:var(--panel);color:var(--text);padding:0;width:min(720px,calc(92vw/var(--scale,1)));max-height:calc(90vh/var(--scale,1));box-shadow:0 24px 80px #000c}
    dialog:focus{outline:none}dialog::backdrop{background:#05070acc}form{display:flex;flex-direction:column;max-height:calc(90vh/var(--scale,1))}
    header{padding:14px 18px 10px;font:600 16px/1.3 var(--font)}header small{display:block;font:12px/1.4 var(--font);color:var(--dim)}
    .fields{padding:0 18px 6px;overflow:auto;display:flex;flex-direction:column;gap:12px}
    .field>label,.field>.label{display:block;color:var(--dim);font-size:12px;margin-bottom:3px}
    input[type=text],input[type=number],select,textarea{width:100%;font:inherit;color:inherit;background:var(--ground);border:1px solid var(--edge);border-radius:4px;padding:6px 8px}
    textarea{min-height:54px;resize:vertical}.choices{display:grid;grid-template-columns:1fr 1fr;gap:5px}
    .choices label{display:flex;gap:7px;padding:6px 9px;border:1px solid var(--line);border-radius:4px;color:var(--text);font-size:13px;cursor:pointer;align-items:baseline}
    .choices label:has(input:checked){border-color:var(--accent);background:var(--raised)}.choices small{display:block;color:var(--dim)}
    .grid{display:grid;grid-template-columns:22px 1fr 110px 46px;gap:3px 8px;align-items:center;max-height:200px;overflow:auto;border:1px solid var(--line);border-radius:4px;padding:6px 8px}
    .grid input[type=number]{padding:2px 6px;text-align:right}.grid small{color:var(--faint)}.hint{color:var(--dim);font-size:12px;margin-top:3px}
    dialog:has(.wanted){width:min(1120px,calc(94vw/var(--scale,1)))}dialog:has(.wanted) .fields{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,1.15fr);grid-auto-flow:dense;align-content:start}.field:has(.wanted){grid-column:2;grid-row:1/span 6}.field:has(.rounds){grid-column:1/-1}
    .pair{display:grid;grid-template-columns:1fr 1fr;gap:8px;margin-bottom:8px}figure{margin:0}.pair canvas{display:block;width:100%;height:min(280px,calc(34vh/var(--scale,1)));object-fit:contain;background:#000;border-radius:4px}figcaption{color:var(--dim);font-size:12px;margin-top:2px}figcaption.bad,.wanted input:invalid{color:var(--bad)}
    .rounds{display:flex;gap:10px;overflow-x:auto}.rounds figure{width:150px;flex:none}.rounds img,.rounds .gone{display:block;width:150px;height:96px;object-fit:contain;background:#000;border-radius:4px;color:var(--dim);text-align:center;line-height:96px}.rounds b{color:var(--text);font-weight:600}
    .order{columns:2;column-gap:24px}.order .line{display:flex;gap:4px;align-items:center;break-inside:avoid;padding:2px 4px;border-radius:4px}.order .line:hover{background:var(--raised)}.order label{flex:1;display:flex;gap:8px;cursor:grab}.order button{border-color:var(--line);line-height:16px}
    .keys{columns:3;column-gap:22px}.keys .one{display:flex;gap:8px;align-items:center;justify-content:space-between;break-inside:avoid;padding:1px 0}.key{min-width:58px;text-align:center;font:600 12px/18px var(--font);background:var(--ground);border:1px solid var(--line);flex:none}
    .key:hover{border-color:var(--dim)}.key.own{border-color:var(--accent)}.key.listening{border-color:var(--warn);color:var(--warn)}.key.twice{border-color:var(--bad);color:var(--bad)}
    dialog:has(.keys){width:min(1100px,calc(94vw/var(--scale,1)))}dialog:has(.keys) .label{font-weight:600;color:var(--text)}
    footer{display:flex;gap:8px;justify-content:flex-end;padding:12px 18px;border-top:1px solid var(--line);align-items:center}
    footer .complaint{flex:1;color:var(--bad)}footer button{height:34px;padding:0 16px;background:var(--raised);border-color:var(--line)}footer button.main{background:var(--accent);color:#001018;font-weight:600}footer button.main.danger{background:var(--bad);color:#200}
  `), dialog)
  const readers = new Map(), patchers = new Map(), objectors = new Map()
  const KINDS = {
    select: (field) => {
      const node = h("select", {id: field.name, "aria-label": field.label, "aria-required": field.required ? "true" : null, onchange: () => tell(field.name)}, field.options.map(([value, words]) => h("option", {value}, words)))
      node.value = field.value
      readers.set(field.name, () => node.value)
      return node
    },
    text: (field) => {
      const node = h("textarea", {id: field.name, "aria-label": field.label, value: field.value || "", maxlength: 400})
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
        // Who empties what he did not ask for asks for nothing.
        value.addEventListener("input", () => { take.checked ||= value.value !== "" })
        return {row, take, value}
      })
      const taken = () => Object.fromEntries(rows.filter(({take}) => take.checked).map(({row, value}) => [row.name, row.options ? value.value : Number(value.value)]))
      const shot = (words) => { const canvas = h("canvas", {width: 1, height: 1, role: "img", "aria-label": words}); const caption = h("figcaption", {}, words); return {canvas, caption, figure: h("figure", {}, canvas, caption)} }
      const [now, then] = [shot("as it is"), shot("as wanted")]
      // Of two answers that overtake each other the one asked for last is shown.
      let asked = 0
      const paint = async (canvas, query) => {
        const number = canvas === then.canvas ? ++asked : 0
        const answer = await fetch(`image/${field.image}/preview?${new URLSearchParams(query)}`, {credentials: "same-origin"}).catch(() => null)
        if (!answer || !answer.ok) return
        const [height, width] = answer.headers.get("X-Shape").split(",").map(Number), grey = new Uint8Array(await answer.arrayBuffer())
        if (number && number !== asked) return
        const data = new ImageData(width, height)
        for (let n = 0; n < grey.length; n++) { data.data[4 * n] = data.data[4 * n + 1] = data.data[4 * n + 2] = grey[n]; data.data[4 * n + 3] = 255 }
        canvas.width = width
        canvas.height = height
        canvas.getContext("2d").putImageData(data, 0, 0)
        canvas.dataset.painted = Number(canvas.dataset.painted || 0) + 1
      }
      let timer = 0
      // A value that is none is said where it is seen that nothing comes of it; the station would refuse it.
      const wrong = () => rows.find(({take, value}) => take.checked && (value.value === "" || !value.validity.valid))
      const objection = ({row, value}) => value.value === "" ? `${row.label}: write a value, or do not ask for it.` : `${row.label} lies between ${row.bounds[0]} and ${row.bounds[1]}`
      const wanted = () => {
        const found = wrong()
        clearTimeout(timer)
        then.caption.textContent = found ? objection(found) : "as wanted"
        then.caption.classList.toggle("bad", Boolean(found))
        if (!found) timer = setTimeout(() => paint(then.canvas, {o: JSON.stringify({...field.base, ...taken()})}), 120)
      }
      if (field.image) {
        paint(now.canvas, {v: field.version})
        wanted()
        for (const {take, value} of rows) { take.addEventListener("change", wanted); value.addEventListener("input", wanted) }
      }
      readers.set(field.name, taken)
      objectors.set(field.name, () => {
        const found = wrong()
        found?.value.focus()
        return found ? objection(found) : ""
      })
      return h("div", {class: "wanted"}, field.image ? h("div", {class: "pair"}, now.figure, then.figure) : null, h("div", {class: "grid"}, rows.flatMap(({row, take, value}) => [take, h("span", {title: row.doc}, row.label), value, h("small", {}, row.unit === "1" ? "" : row.unit || "")])))
    },
    rounds: (field) => h("div", {class: "rounds"}, field.rows.map((row) => h("figure", {}, row.id ? h("img", {src: `image/${row.id}/thumbnail?v=${encodeURIComponent(row.version)}`, alt: row.title}) : h("div", {class: "gone"}, "deleted"), h("figcaption", {}, h("b", {}, row.title), row.lines.map((line) => h("div", {}, line)))))),
    // What is ticked, in the order it stands; moved with the buttons or by dragging.
    order: (field) => {
      const list = h("div", {class: "order", role: "list", "aria-label": field.label})
      const move = (row, step) => {
        const other = step < 0 ? row.previousElementSibling : row.nextElementSibling
        if (other) step < 0 ? other.before(row) : other.after(row)
        row.querySelector(step < 0 ? ".up" : ".down").focus()
      }
      let held = null
      for (const [value, words] of field.options) {
        const row = h("div", {class: "line", role: "listitem", draggable: "true", ondragstart: () => { held = row }, ondragend: () => { held = null },
          ondragover: (event) => { if (!held || held === row) return; event.preventDefault(); const box = row.getBoundingClientRect(); event.clientY < box.top + box.height / 2 ? row.before(held) : row.after(held) }},
          h("label", {}, h("input", {type: "checkbox", value, checked: field.value.includes(value)}), words),
          h("button", {type: "button", class: "up", "aria-label": `${words}: one earlier`, onclick: () => move(row, -1)}, "↑"), h("button", {type: "button", class: "down", "aria-label": `${words}: one later`, onclick: () => move(row, 1)}, "↓"))
        list.append(row)
      }
      readers.set(field.name, () => [...list.querySelectorAll("input:checked")].map((input) => input.value))
      return list
    },
    keys: (field) => {
      // A key is taken only after its place was clicked, or Enter pressed on it: looking at the sheet changes nothing.
      const listen = (node, on) => { node.classList.toggle("listening", on); node.textContent = on ? "press a key" : show(node.dataset.key); clashes() }
      const inputs = field.rows.map((row) => ({row, node: h("button", {type: "button", class: row.key === row.usual ? "key" : "key own", "aria-label": `${row.label}: ${show(row.key)}`, "data-key": row.key, "data-action": row.name, "data-everywhere": row.everywhere ? "yes" : null,
        onclick: (event) => listen(event.currentTarget, true), onblur: (event) => listen(event.currentTarget, false),
        onkeydown: (event) => {
          const node = event.currentTarget
          if (!node.classList.contains("listening") || event.key === "Tab") return
          event.preventDefault()
          event.stopPropagation()
          if (["Shift", "Control", "Alt", "Meta", "AltGraph"].includes(event.key)) return
          if (event.key !== "Escape") node.dataset.key = event.key === "Backspace" || event.key === "Delete" ? "" : event.key.length === 1 ? event.key.toLowerCase() : event.key
          node.classList.toggle("own", node.dataset.key !== row.usual)
          node.setAttribute("aria-label", `${row.label}: ${show(node.dataset.key)}`)
          listen(node, false)
        }}, show(row.key))}))
      readers.set(field.name, () => Object.fromEntries(inputs.map(({row, node}) => [row.name, node.dataset.key])))
      return h("div", {class: "keys"}, inputs.map(({row, node}) => h("div", {class: "one"}, h("span", {}, row.label), node)))
    },
  }
  const show = (key) => ({" ": "Space", "": "none", ArrowDown: "↓", ArrowUp: "↑", ArrowLeft: "←", ArrowRight: "→"})[key] || (key.length === 1 ? key.toUpperCase() : key)
  // What stands for two things of one page is seen before anything is kept, on both.
  function clashes() {
    const groups = [...form.querySelectorAll(".keys")].map((group) => [...group.querySelectorAll(".key")])
    for (const nodes of groups) for (const node of nodes) {
      const among = node.dataset.everywhere ? groups.flat() : [...nodes, ...groups.flat().filter((other) => other.dataset.everywhere)]
      const twice = node.dataset.key && among.some((other) => other !== node && other.dataset.key === node.dataset.key)
      node.classList.toggle("twice", Boolean(twice))
      node.title = twice ? "This key stands for something else on the same page, too." : ""
    }
  }
  const values = () => Object.fromEntries([...readers].map(([name, read]) => [name, read()]))
  const tell = (name) => model.send_msg({changed: name, values: values()})
  let opener = null
  const complaint = h("span", {class: "complaint", role: "alert"})
  function build() {
    readers.clear()
    objectors.clear()
    complaint.textContent = model.error
    dialog.setAttribute("aria-label", model.title)
    fill(form, h("header", {}, model.title, model.subtitle ? h("small", {}, model.subtitle) : null),
      h("div", {class: "fields"}, model.fields.map((field) => h("div", {class: "field"}, field.label ? h("div", {class: "label"}, field.label) : null, KINDS[field.kind](field), field.hint ? h("div", {class: "hint"}, field.hint) : null))),
      h("footer", {}, model.other ? h("button", {type: "button", "data-other": "", onclick: () => model.send_msg({other: model.kind})}, model.other) : null, complaint, h("button", {type: "button", onclick: () => shut()}, "Cancel"), h("button", {type: "button", class: model.danger ? "main danger" : "main", onclick: submit}, model.submit)))
  }
  const submit = () => {
    const missing = model.fields.find((field) => field.required && !readers.get(field.name)())
    const objections = missing ? [] : [...objectors.values()].map((object) => object()).filter(Boolean)
    if (objections.length) { complaint.textContent = objections[0]; return }
    if (!missing) { model.send_msg({submit: model.kind, values: values()}); return }
    complaint.textContent = `${missing.label}: choose one first.`
    form.querySelector(`[id="${missing.name}"]`)?.focus()
  }
  form.addEventListener("submit", (event) => { event.preventDefault(); submit() })
  dialog.addEventListener("keydown", (event) => {
    // Just closed, it has the focus until the next frame: the key is for the page.
    if (!dialog.open) return
    if (event.key === "Enter" && event.target.tagName !== "TEXTAREA" && event.target.tagName !== "BUTTON") { event.preventDefault(); submit() }
    if (event.key === "?" && model.kind === "keys" && event.target === dialog) shut()
    if (event.key !== "Escape") event.stopPropagation()
  })
  // The browser tells a frame later that it has closed a dialog, and on a busy machine later still: what is pressed in
  // between is for the page, and may ask for the dialog again.
  let asking = false
  function shut() { dialog.close(); over() }
  dialog.addEventListener("cancel", (event) => { if (event.target === dialog) { event.preventDefault(); shut() } })
  dialog.addEventListener("close", () => over())
  function over() {
    if (!asking || dialog.open) return
    asking = false
    delete document.documentElement.dataset.modal
    // The browser gives the keyboard back to what had it; what was clicked has it as little as before.
    if (opener && window.imgdash) window.imgdash.pointed = opener
    dialog.getRootNode().activeElement?.blur()
    window.dispatchEvent(new CustomEvent("imgdash:answered"))
    // Here too: where the server closes and opens in one go, only the opening arrives, and would be no change.
    model.open = false
    model.send_msg({closed: true})
  }
  model.on("fields", () => { if (dialog.open) build() })
  // What follows from another field changes in place, so that nothing else that was filled in is lost.
  model.on("msg:custom", ({patch}) => { for (const [name, change] of Object.entries(patch)) patchers.get(name)?.(change) })
  model.on(["error"], () => { complaint.textContent = model.error })
  live(model, ["open"], () => {
    if (model.open && !dialog.open) { asking = true; opener = pointed(); build(); document.documentElement.dataset.modal = "open"; dialog.showModal(); (dialog.querySelector("select,textarea,input") || dialog).focus() }
    if (!model.open && dialog.open) dialog.close()
  })
}
