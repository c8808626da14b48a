// Every attribute of a header: found by words, corrected in place where that is allowed. Text is always set as text.
export function render({model, el}) {
  const search = h("input", {type: "search", placeholder: "tag, name, keyword or value", "aria-label": "Search the header", maxlength: 100, oninput: () => draw()})
  const only = h("input", {type: "checkbox", onchange: () => draw()}), count = h("span", {class: "count", role: "status"})
  const title = h("h2"), said = h("p"), error = h("p", {class: "error", role: "alert"}), body = h("div", {class: "body", role: "table", tabindex: 0, "aria-label": "Attributes"})
  const dialog = h("dialog", {tabindex: -1}, h("header", {}, title, h("button", {type: "button", class: "close", "aria-label": "Close", onclick: () => dialog.close()}, icon(model, "cross"))),
    h("div", {class: "find"}, search, h("label", {}, only, "only what was corrected"), count), body, error, said)
  el.append(h("style", {}, `
    dialog{border:1px solid var(--line);border-radius:8px;background:var(--panel);color:var(--text);padding:0;width:min(1100px,calc(94vw/var(--scale,1)));height:calc(86vh/var(--scale,1));box-shadow:0 24px 80px #000c;overflow:hidden}dialog[open]{display:flex;flex-direction:column}dialog:focus{outline:none}
    dialog::backdrop{background:#05070acc}header{display:flex;align-items:center;padding:12px 16px 6px}h2{flex:1;margin:0;font:600 16px/1.3 var(--font)}
    .find{display:flex;gap:14px;align-items:center;padding:4px 16px 10px;font-size:12px;color:var(--dim)}.find input[type=search]{flex:1;max-width:420px;font:inherit;font-size:13px;color:var(--text);background:var(--ground);border:1px solid var(--edge);border-radius:4px;padding:6px 9px}.find label{display:flex;gap:6px;align-items:center}
    .body{flex:1;overflow:auto;border-top:1px solid var(--line);font-size:12px}
    .row{display:grid;grid-template-columns:128px minmax(160px,.8fr) 34px minmax(0,1.4fr);gap:10px;align-items:center;min-height:26px;padding:0 16px;border-bottom:1px solid color-mix(in srgb,var(--line) 45%,transparent);content-visibility:auto;contain-intrinsic-size:auto 26px}
    .row:hover{background:var(--raised)}.tag,.vr{font-family:ui-monospace,'DejaVu Sans Mono',monospace;font-size:11px;color:var(--dim)}.name{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
    .value{overflow-wrap:anywhere}.value.none{color:var(--dim)}.value small{display:block;color:var(--warn)}.row.corrected{box-shadow:inset 2px 0 var(--accent)}
    button.value{display:block;width:100%;min-height:24px;text-align:left;padding:0 4px;margin-left:-5px;border-radius:3px}button.value:hover{border-color:var(--accent)}button.value svg{width:12px;height:12px;color:var(--dim);margin-left:6px}
    .value input{width:100%;font:inherit;color:inherit;background:var(--ground);border:1px solid var(--accent);border-radius:3px;padding:1px 4px}
    p{margin:0;padding:7px 16px;color:var(--dim);font-size:12px}.error{color:var(--bad)}.error:empty{display:none}.empty{padding:30px;text-align:center;color:var(--dim)}
  `), dialog)
  const short = (element) => element.tag.slice(element.tag.lastIndexOf("("))
  // What is being typed, and whether the station was told of it: a value that it refuses is typed on.
  let typing = null
  function end() {
    const {keyword} = typing
    draw()
    // The keyboard goes on from here, unless it was taken elsewhere.
    const active = el.getRootNode().activeElement
    if (!active || active === dialog) body.querySelector(`button[data-keyword="${keyword}"]`)?.focus()
  }
  function edit(cell, element) {
    const input = h("input", {value: element.value, "aria-label": element.name, maxlength: 400, onkeydown: (event) => {
      event.stopPropagation()
      if (event.key !== "Enter" && event.key !== "Escape") return
      event.preventDefault()
      if (event.key === "Escape" || input.value === element.value) { end(); return }
      typing.told = true
      model.send_msg({edit: element.keyword, value: input.value})
    }, oninput: () => { input.removeAttribute("aria-invalid"); typing.told = false }, onblur: () => {
      // Who looks something up in another window, or waits for the station, comes back to what he has typed.
      if (document.hasFocus() && typing?.input === input && !typing.told) end()
    }})
    typing = {keyword: element.keyword, input, told: false}
    cell.replaceWith(h("div", {class: "value"}, input))
    input.focus()
    input.select()
  }
  function refused() {
    if (!model.error || !typing?.told) return
    typing.told = false
    typing.input.setAttribute("aria-invalid", "true")
    typing.input.focus()
  }
  function row(element) {
    const text = element.value === "" ? "–" : element.value, was = element.original === null ? null : h("small", {}, `in the file: ${element.original === "" ? "nothing" : element.original}`)
    const may = model.editable && element.editable
    const value = may ? h("div", {role: "cell"}, h("button", {type: "button", class: "value", "data-keyword": element.keyword, title: "Correct it", onclick: (event) => edit(event.currentTarget, element)}, text, icon(model, "edit"), was))
      : h("div", {class: `value ${element.value === "" ? "none" : ""}`, role: "cell", "data-keyword": element.keyword || null}, text, was)
    return h("div", {class: `row ${was ? "corrected" : ""}`, role: "row", title: element.tag}, h("span", {class: "tag", role: "cell"}, short(element)), h("span", {class: "name", role: "cell", style: `padding-left:${14 * element.depth}px`}, element.name), h("span", {class: "vr", role: "cell"}, element.vr), value)
  }
  function draw() {
    typing = null
    const words = search.value.trim().toLowerCase().split(/\s+/).filter(Boolean)
    const found = model.elements.filter((element) => (!only.checked || element.original !== null) && words.every((word) => `${element.tag} ${short(element).replace(/[(),]/g, "")} ${element.name} ${element.keyword} ${element.value} ${element.original || ""}`.toLowerCase().includes(word)))
    count.textContent = found.length === model.elements.length ? `${found.length} attributes` : `${found.length} of ${model.elements.length}`
    fill(body, ...found.map(row), found.length ? null : h("div", {class: "empty"}, "No attribute fits."))
  }
  dialog.addEventListener("keydown", (event) => { if (event.key !== "Escape") event.stopPropagation() })
  dialog.addEventListener("close", () => { delete document.documentElement.dataset.modal; model.send_msg({closed: true}) })
  live(model, ["elements", "editable"], () => { if (typing) end(); else draw() })
  live(model, ["title", "said", "error"], () => { title.textContent = model.title; said.textContent = model.said; error.textContent = model.error; refused() })
  live(model, ["open"], () => {
    if (model.open && !dialog.open) { search.value = ""; only.checked = false; draw(); dialog.showModal(); document.documentElement.dataset.modal = "open"; search.focus() }
    if (!model.open && dialog.open) dialog.close()
  })
}
