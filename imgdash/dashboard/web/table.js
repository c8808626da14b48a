// A table that stays fast with thousands of rows: only those in sight are in the DOM. Text is always set as text.
const ROW = 25
export function render({model, el}) {
  el.style.height = "100%"
  const head = h("div", {class: "head row", role: "row"}), body = h("div", {class: "body", role: "rowgroup"}), rows = h("div", {class: "rows"})
  const frame = h("div", {class: "frame", role: "grid", tabindex: 0, "aria-label": model.label}, head, body)
  const heading = h("h2"), empty = h("div", {class: "empty"}), foot = h("div", {role: "status"}), many = h("div", {class: "many", role: "status"})
  body.append(rows)
  el.append(h("style", {}, `
    .all{position:relative;display:flex;flex-direction:column;height:100%;min-height:0;background:var(--panel)}
    h2{margin:0;padding:8px 14px 6px;background:var(--ground);font:600 11px/1.4 var(--font);letter-spacing:.06em;text-transform:uppercase;color:var(--dim)}h2[hidden]{display:none}
    .frame{flex:1;min-height:0;overflow:auto;outline-offset:-2px}
    .row{display:grid;grid-template-columns:var(--columns);height:${ROW}px;align-items:center;min-width:max-content}
    .head{position:sticky;top:0;z-index:1;background:var(--raised);border-bottom:1px solid var(--line);color:var(--dim);font-size:11px}
    .head[hidden]{display:none}
    .head button{display:flex;gap:3px;align-items:center;width:100%;height:${ROW}px;padding:0 8px;border:0;border-radius:0;text-align:left;white-space:nowrap;overflow:hidden}
    .head button.number{justify-content:flex-end}.head button:hover{color:var(--text)}.head button:disabled{opacity:1}.head small{color:var(--faint)}.head b{color:var(--accent);font-weight:400}
    .body{position:relative;min-width:max-content}.rows{position:absolute;left:0;right:0;font-size:12px}
    .rows .row{border-bottom:1px solid color-mix(in srgb,var(--line) 45%,transparent)}
    .rows .row:hover{background:var(--raised)}.rows .row[aria-selected=true]{background:color-mix(in srgb,var(--accent) 16%,var(--panel));box-shadow:inset 2px 0 var(--accent)}
    .picks .rows .row{cursor:pointer}
    .cell{padding:0 8px;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}.cell.number{text-align:right;font-variant-numeric:tabular-nums}.cell.time{font-variant-numeric:tabular-nums}
    .cell.none{color:var(--faint)}.cell svg{width:13px;height:13px;margin-right:5px}.cell.code{font-family:ui-monospace,'DejaVu Sans Mono',monospace;font-size:11px;color:var(--dim)}
    .cell.mark{display:flex;align-items:center;justify-content:center;padding:0}.cell input{margin:0;accent-color:var(--accent);pointer-events:none}
    .foot{display:flex;gap:0 14px;flex-wrap:wrap;padding:4px 8px;border-top:1px solid var(--line);color:var(--dim);font-size:11px}.many{margin-left:auto}
    .empty{position:absolute;inset:${ROW}px 0 24px;display:flex;align-items:center;justify-content:center;text-align:center;color:var(--dim);padding:20px;pointer-events:none;white-space:pre-line}
    .loading .frame{opacity:.45}
  `), h("div", {class: "all"}, heading, frame, empty, h("div", {class: "foot"}, foot, many)))
  const all = el.lastElementChild
  // The row behind that where the keyboard is: where that one leaves the list, as when it was confirmed, it comes next.
  let after = ""
  const written = (number) => JSON.stringify(model.rows[order[number]]) || ""
  let order = [], sorting = null, at = -1, seen = [], widths = [], whole = []
  // Measured in the font of the cells: a number that is cut off at its end is another number.
  const pen = document.createElement("canvas").getContext("2d")
  const measure = (text, size) => { pen.font = `${size}px ${getComputedStyle(frame).fontFamily}`; return pen.measureText(text).width }
  // Beside the text: padding of both sides, an icon where there is one, and what rounding takes.
  const beside = (column) => 19 + (column.kind === "state" ? 18 : 0)

  const today = () => { const now = new Date(); return new Date(now - now.getTimezoneOffset() * 60000).toISOString().slice(0, 10) }
  const shown = (column, value) => {
    if (value === null || value === undefined || value === "") return ""
    if (column.kind === "number") return typeof value !== "number" ? String(value) : Number.isInteger(value) ? String(value) : Math.abs(value) >= 1e5 || Math.abs(value) < 1e-3 ? value.toExponential(2) : String(Number(value.toPrecision(4)))
    if (column.short && typeof value === "string") return value.startsWith(today()) ? value.slice(11, 19) : value.startsWith(today().slice(0, 4)) ? value.slice(5, 16) : value.slice(0, 16)
    if (typeof value === "boolean") return value ? "yes" : "no"
    return String(value)
  }
  function cell(column, value) {
    const text = shown(column, value)
    const node = h("div", {class: `cell ${column.kind || ""} ${text === "" ? "none" : ""}`, role: "gridcell", title: column.short ? value : text || null})
    if (column.kind === "state" && text) {
      const [colour, face, word] = model.states[value] || column.words?.[value] || ["dim", "", value]
      if (face) { const svg = icon(model, face); svg.style.color = `var(--${colour})`; node.append(svg) }
      node.append(word)
    } else node.append(text === "" ? "–" : text)
    return node
  }
  function row(number) {
    const index = order[number], chosen = model.chosen.includes(index)
    const mark = model.picks === "many" ? [h("div", {class: "cell mark", role: "gridcell"}, h("input", {type: "checkbox", tabindex: -1, checked: chosen, "aria-label": "chosen"}))] : []
    return h("div", {
      class: "row", role: "row", id: `row-${number}`, "aria-rowindex": number + 2, "aria-selected": model.picks === "none" ? null : String(chosen || number === at && model.picks === "one"),
      onclick: (event) => { const from = at; at = number; pick(index, event, from) },
      ondblclick: () => { if (model.opens) model.send_msg({opened: index}) },
    }, ...mark, ...seen.map((n) => cell(model.columns[n], model.rows[index][n])))
  }
  function pick(index, event, from = -1) {
    if (model.picks === "none") return
    let chosen = model.picks === "one" ? [index] : model.chosen.includes(index) ? model.chosen.filter((n) => n !== index) : [...model.chosen, index]
    if (model.opens && model.picks === "many" && event) {
      if (event.shiftKey && from >= 0) {
        const span = order.slice(Math.min(from, at), Math.max(from, at) + 1)
        chosen = [...model.chosen.filter((n) => !span.includes(n)), ...span]
        getSelection()?.removeAllRanges()
      } else if (!event.ctrlKey && !event.metaKey && !event.target.closest(".mark")) chosen = [index]
    }
    after = written(at + 1)
    model.chosen = chosen
    model.send_msg({chosen})
    paint()
  }
  function paint() {
    const first = Math.max(0, Math.floor((frame.scrollTop - ROW) / ROW) - 4), last = Math.min(order.length, first + Math.ceil((frame.clientHeight || 600) / ROW) + 10)
    rows.style.top = `${first * ROW}px`
    const nodes = []
    for (let number = first; number < last; number++) nodes.push(row(number))
    rows.replaceChildren(...nodes)
    if (at >= first && at < last) frame.setAttribute("aria-activedescendant", `row-${at}`)
    else frame.removeAttribute("aria-activedescendant")
    countChosen(many, model)
  }
  function sort() {
    order = model.rows.map((_, n) => n)
    if (model.asks) {
      const n = model.columns.findIndex((column) => column.name === model.sorting.name)
      sorting = n < 0 ? null : {n, down: model.sorting.down}
    } else if (sorting) {
      const {n, down} = sorting
      order.sort((a, b) => {
        const x = model.rows[a][n], y = model.rows[b][n], none = (v) => v === null || v === ""
        if (none(x) || none(y)) return none(x) - none(y)
        const way = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y), undefined, {numeric: true})
        return down ? -way : way
      })
    }
    body.style.height = `${order.length * ROW}px`
    heads()
    paint()
  }
  function heads() {
    head.hidden = !seen.length
    const mark = model.picks === "many" ? [h("div", {class: "cell mark", role: "columnheader", title: "chosen"}, "✓")] : []
    keeping(head, "data-column", () => head.replaceChildren(...mark, ...seen.map((n) => [model.columns[n], n]).map(([column, n]) => h("div", {role: "columnheader", "aria-sort": sorting?.n === n ? (sorting.down ? "descending" : "ascending") : null},
      h("button", {class: column.kind || "", "data-column": column.name, disabled: column.sort === false, title: [column.text, column.sort === false ? "" : "sort"].filter(Boolean).join(" · "), onclick: () => {
        const wanted = sorting?.n === n ? (sorting.down ? null : {n, down: true}) : {n, down: false}
        if (model.asks) model.send_msg({sort: wanted ? column.name : "", down: Boolean(wanted?.down)})
        else { sorting = wanted; sort() }
      }},
        column.title, column.unit ? h("small", {}, column.unit) : null, sorting?.n === n ? h("b", {}, sorting.down ? "▼" : "▲") : null)))), () => frame)
  }
  let across = 0
  frame.addEventListener("scroll", () => { paint(); if (frame.scrollLeft !== across) { across = frame.scrollLeft; tell() } }, {passive: true})
  new ResizeObserver(() => { if (widths.length) { if (fit()) heads(); tell() } paint() }).observe(frame)
  // From its filters by Enter.
  const come = () => { if (model.asks && frame.clientHeight) frame.focus({preventScroll: true}) }
  window.addEventListener("imgdash:list", come)
  model.on("remove", () => window.removeEventListener("imgdash:list", come))
  home(model, () => model.asks ? frame : null)
  frame.addEventListener("keydown", (event) => {
    const step = {ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15, Home: -1e9, End: 1e9}[event.key]
    if (event.target !== frame) return
    if (model.opens && model.picks === "many" && event.key.toLowerCase() === "a" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault()
      model.chosen = [...order]
      model.send_msg({chosen: model.chosen})
      paint()
      return
    }
    // In a list whose rows are opened, Space is a key of the page (confirm); Ctrl+Space adds a row.
    if (!step && event.key !== "Enter" && (event.key !== " " || model.opens && !event.ctrlKey)) return
    event.preventDefault()
    event.stopPropagation()
    if (step) {
      const from = at
      const next = at < 0 && after ? order.findIndex((_, number) => written(number) === after) : -1
      at = Math.max(0, Math.min(order.length - 1, (next < 0 ? at : step > 0 ? next - 1 : next) + step))
      if (at * ROW < frame.scrollTop) frame.scrollTop = at * ROW
      if ((at + 2) * ROW > frame.scrollTop + frame.clientHeight) frame.scrollTop = (at + 2) * ROW - frame.clientHeight
      if (order.length && (model.picks === "one" || model.picks === "many" && model.opens && !event.ctrlKey)) pick(order[at], {shiftKey: event.shiftKey, target: frame}, from)
      else paint()
    } else if (order[at] !== undefined) {
      if (model.opens && event.key === "Enter") model.send_msg({opened: order[at]})
      else pick(order[at])
    }
  })
  live(model, ["columns", "rows", "picks"], () => {
    if (sorting && sorting.n >= model.columns.length) sorting = null
    if (at >= model.rows.length) at = -1
    const sample = Math.min(model.rows.length, 300)
    whole = model.columns.map((column, n) => {
      let longest = "", most = 0
      for (let index = 0; index < sample; index++) {
        const text = shown(column, model.rows[index][n]), word = column.kind === "state" ? model.states[text]?.[2] || column.words?.[text]?.[2] || text : text
        // Letters of Chinese, Japanese and Korean are about twice as wide.
        const about = word.length + (word.match(/[\u2e80-\uffdc]/g)?.length || 0)
        if (about > most) { most = about; longest = word }
      }
      // One is measured for all: another one about as long may be a little wider.
      const widest = Math.max(measure(longest, column.kind === "code" ? 11 : 12) * 1.08, measure(`${column.title} ${column.unit || ""} ▼`, 11), 24)
      return Math.ceil(widest + beside(column))
    })
    widths = model.columns.map((column, n) => Math.min(whole[n], Math.ceil(measure("0".repeat(column.most || 34), 12)) + beside(column)))
    all.classList.toggle("picks", model.picks !== "none")
    fit()
    sort()
  })
  // Where width is wanting, the columns of least weight are left out, so that nothing is cut off at the edge.
  function fit() {
    const room = (frame.clientWidth || 1e6) - (model.picks === "many" ? 30 : 0) - 4
    const rank = (n) => model.columns[n].rank || 0, kept = []
    let left = room
    for (const n of model.columns.map((_, n) => n).sort((a, b) => rank(a) - rank(b) || a - b)) if (!rank(n) || widths[n] <= left) { kept.push(n); left -= widths[n] }
    kept.sort((a, b) => a - b)
    const changed = kept.join() !== seen.join()
    seen = kept
    // What room is left goes to the texts that are cut off, to all of them alike.
    let spare = frame.clientWidth ? room - seen.reduce((sum, n) => sum + widths[n], 0) : 0
    const now = new Map(seen.map((n) => [n, widths[n]]))
    for (let short = seen.filter((n) => whole[n] > now.get(n)); spare >= 1 && short.length; short = short.filter((n) => whole[n] > now.get(n))) {
      const share = Math.max(1, Math.floor(spare / short.length))
      for (const n of short) { const more = Math.min(share, whole[n] - now.get(n), spare); now.set(n, now.get(n) + more); spare -= more }
    }
    all.style.setProperty("--columns", (model.picks === "many" ? "30px " : "") + seen.map((n) => `${now.get(n)}px`).join(" ") + " 1fr")
    return changed
  }
  // A list that grows at the top: the place of the keyboard goes along with what is chosen.
  const follow = () => {
    if (!model.asks) return
    at = model.chosen.length ? order.indexOf(model.chosen[model.chosen.length - 1]) : -1
    if (at >= 0) after = written(at + 1)
  }
  live(model, ["chosen"], () => { follow(); paint() })
  model.on(["sorting"], sort)
  live(model, ["heading"], () => { heading.textContent = model.heading; heading.hidden = !model.heading })
  live(model, ["columns", "rows", "total", "waiting", "empty", "said"], tell)
  function tell() {
    all.classList.toggle("loading", model.waiting)
    frame.setAttribute("aria-busy", String(model.waiting))
    empty.textContent = model.waiting ? "One moment …" : model.rows.length ? "" : model.empty
    const more = model.total > model.rows.length ? model.asks ? `${model.rows.length} of ${model.total} rows` : `the first ${model.rows.length} of ${model.total} rows; an export has all` : `${model.rows.length} ${model.rows.length === 1 ? "row" : "rows"}`
    const out = model.columns.length - seen.length
    // What goes on beyond the edge is said, for a bar that is not touched is not seen.
    const beyond = [...head.children].filter((node) => node.offsetLeft + node.offsetWidth > frame.scrollLeft + frame.clientWidth + 1).length
    const words = [model.columns.length ? more : "", beyond ? `${beyond} ${beyond === 1 ? "column" : "columns"} further to the right` : "", out ? `${out} ${out === 1 ? "column has" : "columns have"} no room` : "", model.said].filter(Boolean).join(" · ")
    // Said again only where it is something else: a screen reader would read each step of scrolling.
    if (foot.textContent !== words) foot.textContent = words
  }
}
