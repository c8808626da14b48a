// One SELECT over the records. Ctrl+Enter runs it; Alt+Up brings back what was run before.
export function render({model, el}) {
  const text = h("textarea", {spellcheck: false, rows: 6, "aria-label": "SQL", placeholder: "select … from image"})
  const run = h("button", {class: "main", onclick: () => go()}), exports = h("div", {class: "exports"}), said = h("div", {class: "said", role: "status"})
  const tables = h("div", {class: "tables"})
  el.append(h("style", {}, `
    :host{color-scheme:dark}
    .all{display:grid;grid-template:minmax(0,1fr) / 1fr 300px;height:236px;background:var(--ground);border-bottom:1px solid var(--line)}
    .left{display:flex;flex-direction:column;gap:7px;padding:10px 12px;min-width:0}
    textarea{flex:1;min-height:0;resize:none;font:12px/1.5 ui-monospace,'DejaVu Sans Mono',monospace;color:var(--text);background:var(--panel);border:1px solid var(--edge);border-radius:4px;padding:7px 9px;tab-size:2}
    .line{display:flex;flex-wrap:wrap;gap:8px;align-items:center;font-size:12px}.main{height:28px;padding:0 14px;background:var(--accent);color:#001018;font-weight:600}.main:disabled{background:var(--raised);color:var(--dim);opacity:1}
    .said{flex:1;min-width:0;color:var(--dim);overflow:hidden;text-overflow:ellipsis;display:-webkit-box;-webkit-line-clamp:2;-webkit-box-orient:vertical;overflow-wrap:anywhere}
    .said.bad{order:1;flex-basis:100%;display:block;max-height:112px;overflow:auto;white-space:pre-wrap;font:11px/1.5 ui-monospace,'DejaVu Sans Mono',monospace;color:var(--bad)}
    .exports{display:flex;gap:4px;margin-left:auto}.exports button,.line select{height:28px;font:inherit;font-size:12px;color:var(--text);background:var(--raised);border:1px solid var(--edge);border-radius:4px;padding:0 8px}
    .line select{max-width:190px}
    .tables{overflow:auto;border-left:1px solid var(--line);background:var(--panel);padding:4px 0;font-size:12px}
    summary{padding:3px 12px;cursor:pointer;font:12px/1.5 ui-monospace,'DejaVu Sans Mono',monospace}summary:hover{background:var(--raised)}
    .columns{display:flex;flex-wrap:wrap;gap:2px;padding:0 12px 5px 22px}.columns button{padding:0 5px;font:11px/1.6 ui-monospace,'DejaVu Sans Mono',monospace;color:var(--dim);border-color:var(--line)}.columns button:hover{color:var(--text)}
  `), h("div", {class: "all"}, h("div", {class: "left"}, text, h("div", {class: "line"}, run, h("kbd", {}, "Ctrl"), h("kbd", {}, "Enter"), said, exports)), tables))
  let back = 0
  const examples = h("select", {"aria-label": "Examples", onchange: () => { const found = model.examples[examples.selectedIndex - 1]; if (found) { text.value = found.sql; text.focus() } examples.selectedIndex = 0 }})
  function go() { if (text.value.trim() && !model.busy) { back = 0; model.send_msg({run: text.value}) } }
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); go() }
    if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown") && model.history.length) {
      event.preventDefault()
      back = Math.max(0, Math.min(model.history.length, back + (event.key === "ArrowUp" ? 1 : -1)))
      text.value = back ? model.history[model.history.length - back] : ""
    }
  })
  const put = (word) => { text.setRangeText(word, text.selectionStart, text.selectionEnd, "end"); text.focus() }
  live(model, ["examples"], () => examples.replaceChildren(h("option", {}, "Examples …"), ...model.examples.map((example) => h("option", {}, example.title))))
  live(model, ["tables"], () => tables.replaceChildren(...Object.entries(model.tables).map(([name, columns]) => h("details", {}, h("summary", {ondblclick: () => put(name)}, name), h("div", {class: "columns"}, columns.map((column) => h("button", {onclick: () => put(column)}, column)))))))
  live(model, ["busy", "said", "error", "formats", "ran"], () => {
    run.textContent = model.busy ? "Running …" : "Run"
    disable(run, model.busy)
    said.textContent = said.title = model.error || model.said
    said.className = model.error ? "said bad" : "said"
    exports.replaceChildren(examples, ...model.formats.map((format) => h("button", {disabled: !model.ran || model.busy, title: `The whole result as ${format}`, onclick: () => model.send_msg({export: format})}, format.toUpperCase())))
  })
}
