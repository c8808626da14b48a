// Patient, order and implementation information; what is missing is marked, what may be corrected opens on a click.
export function render({model, el}) {
  const box = h("div", {role: "group", "aria-label": "Information"})
  el.append(h("style", {}, SECTION_CSS + `
    dl{display:grid;grid-template-columns:128px 1fr;gap:1px 8px;margin:0;font-size:12px}
    dt{color:var(--dim);padding:1px 0;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}dd{margin:0;min-width:0;overflow-wrap:anywhere;padding:1px 4px;border-radius:3px}
    dd.missing{background:color-mix(in srgb,var(--bad) 18%,transparent);color:var(--bad)}dd.edited{border-left:2px solid var(--accent)}
    [role=button]{display:block;min-height:24px;padding:3px 0;cursor:text}dd:has([role=button]){padding:0 4px}dt:has(+dd [role=button]){padding:3px 0}[role=button]:hover{background:var(--raised)}dd svg{color:var(--faint);opacity:0;width:12px;height:12px}dd:hover svg{opacity:1}
    dd input{width:100%;min-height:24px;font:inherit;color:inherit;background:var(--ground);border:1px solid var(--accent);border-radius:3px;padding:0 3px}.why{color:var(--bad);padding:2px 3px}
  `), box)
  // What is being typed: of which image, in which cell. It outlasts whatever else is drawn anew.
  let typing = null, came = null, drawn = model.image
  // Who came here by a key goes back to what was in sight before.
  function back() {
    const from = came
    came = null
    if (from?.node) from.node.scrollTop = from.top
  }
  // While the station corrects it, the value may be no button for a moment, and its panel be laid out anew.
  let stays = "", until = 0
  function stay() {
    if (!stays || performance.now() > until) { stays = ""; return }
    if (document.activeElement === document.body) box.querySelector(`[data-value="${stays}"]`)?.focus({preventScroll: true})
    else if (box.getRootNode().activeElement?.dataset.value !== stays) stays = ""
    requestAnimationFrame(stay)
  }
  const scroller = () => {
    for (let node = box; node; node = node.parentElement || node.getRootNode().host) if (node.scrollHeight > node.clientHeight + 1 && /auto|scroll/.test(getComputedStyle(node).overflowY)) return node
    return null
  }
  const known = (keyword) => model.sections.flatMap((section) => section.rows).find((row) => row.keyword === keyword)
  function end() {
    if (!typing) return
    typing = null
    draw()
    back()
    model.send_msg({typing: ""})
  }
  // `again`: what the station refused, and why; it is typed on from there.
  let keyed = ""
  function edit(cell, row, byKey = false, again = null) {
    // Pressed while another image came: what is drawn here is of the former one.
    if (drawn !== model.image) return
    const input = h("input", {value: again ? again.value : row.value, "aria-label": row.label, "aria-invalid": again ? "true" : null, maxlength: 200, onkeydown: (event) => {
      event.stopPropagation()
      if (event.key !== "Enter" && event.key !== "Escape") return
      // Said for the image that it was typed for, whichever is open by then.
      const {image, keyword} = typing, value = input.value, before = known(keyword)?.value
      end()
      keyed = byKey ? keyword : ""
      // Who came by Tab goes on from here; who came by a click or a key of the page has its keys again.
      if (byKey) {
        stays = keyword
        until = performance.now() + 3000
        stay()
      }
      if (event.key === "Escape") return
      if (value !== row.value && value !== before) model.send_msg({edit: keyword, value, image})
    }, onblur: () => {
      // Who looks something up in another window comes back to what he has typed.
      if (document.hasFocus()) end()
    }})
    typing = {image: model.image, keyword: row.keyword, cell, input}
    fill(cell, input, again && h("div", {class: "why", role: "alert"}, again.why))
    input.focus()
    input.select()
    model.send_msg({typing: model.image})
  }
  model.on("msg:custom", ({open, refused}) => {
    if (refused) {
      const cell = box.querySelector(`dd[data-keyword="${refused.keyword}"]`), row = known(refused.keyword)
      // Another image came, or something else is being typed: it is said below the page.
      if (refused.image === model.image && !typing && cell?.querySelector("[role=button]") && row) edit(cell, row, keyed === refused.keyword, refused)
      return
    }
    if (open && typing) { typing.input.focus(); return }
    const place = open && (box.querySelector("dd.missing [role=button]") || box.querySelector("[role=button]"))
    if (!place) return
    const node = scroller(), from = node?.scrollTop
    place.scrollIntoView({block: "center"})
    place.click()
    came = node && {node, top: from}
  })
  function pair(row) {
    const may = model.editable && row.editable
    const words = row.shown || row.value || (row.missing ? "missing" : "–")
    const cell = h("dd", {class: `${row.missing ? "missing" : ""} ${row.edited ? "edited" : ""}`, "data-keyword": row.keyword || null, title: row.edited ? "corrected; the original stays in the file" : null}, may ? null : words)
    if (may) cell.append(h("span", {role: "button", tabindex: 0, "data-value": row.keyword, title: "Correct it", onclick: () => edit(cell, row),
      onkeydown: (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); event.stopPropagation(); edit(cell, row, true) } }}, words, " ", icon(model, "edit")))
    return [h("dt", {title: row.label}, row.label), cell]
  }
  function section({title, rows}) {
    const typed = typing && rows.some((row) => row.keyword === typing.keyword), {cell} = typing || {}
    const pairs = rows.flatMap((row) => (typed && row.keyword === typing.keyword ? [cell.previousSibling, cell] : pair(row)))
    if (!typed) return h("section", {}, h("div", {class: "head"}, h("h2", {}, title)), h("dl", {}, pairs))
    arrange(cell.parentElement, pairs)
    return cell.closest("section")
  }
  function draw() {
    if (drawn !== model.image) stays = ""
    drawn = model.image
    keeping(box, "data-value", () => arrange(box, model.sections.map(section)))
    // Where nothing in it can be operated, the keyboard scrolls it nevertheless.
    box.tabIndex = box.querySelector("[role=button],input") || !model.sections.length ? -1 : 0
  }
  live(model, ["sections", "editable", "image"], () => {
    // What was typed for one image is never put into another one.
    if (typing && (typing.image !== model.image || !known(typing.keyword))) end()
    else draw()
  })
}
