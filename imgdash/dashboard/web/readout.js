// Numbers that move with the parameters; what changed against the version in force is beside them.
export function render({model, el}) {
  const box = h("dl"), notes = h("div", {class: "notes"}), warnings = h("div", {class: "notes warnings", role: "status"})
  el.append(h("style", {}, `
    .all{padding:7px 12px 6px;border-bottom:1px solid var(--line);background:var(--panel)}
    dl{display:grid;grid-template-columns:1fr auto auto;gap:1px 8px;margin:0;font-size:12px;line-height:17px}
    dt{color:var(--dim);white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
    dd{margin:0;text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}dd.was{min-width:46px;color:var(--faint);font-size:11px}
    dd.warn{color:var(--warn)}dd.bad{color:var(--bad)}dd.none{color:var(--faint)}dt.head,dd.head{color:var(--faint);font-size:11px;line-height:14px}dd svg{width:12px;height:12px;margin-right:3px}
    .notes{margin-top:3px;font-size:11px;line-height:14px;color:var(--dim);max-height:42px;overflow:auto}.warnings{color:var(--warn)}.warnings svg{width:12px;height:12px;margin-right:4px}
  `), h("div", {class: "all"}, box, warnings, notes))
  const heads = () => model.rows.length ? [h("dt", {class: "head"}, "reading"), h("dd", {class: "head"}, "now"), h("dd", {class: "head was", title: "By the version that is compared with, where it differs"}, "before")] : []
  live(model, ["rows"], () => box.replaceChildren(...heads(), ...model.rows.flatMap((row) => [
    h("dt", {title: row.text || null}, row.label),
    h("dd", {class: row.value === "" ? "none" : row.level || "", title: row.text || null}, row.level ? icon(model, "warning", row.level) : null, row.value === "" ? "–" : row.value),
    h("dd", {class: "was", title: "before: by the version that is compared with"}, row.was && row.was !== row.value ? row.was : ""),
  ])))
  live(model, ["warnings"], () => { warnings.replaceChildren(...model.warnings.map((text) => h("div", {}, icon(model, "warning"), text))); warnings.hidden = !model.warnings.length })
  live(model, ["notes"], () => { notes.replaceChildren(...model.notes.map((text) => h("div", {}, text))); notes.hidden = !model.notes.length })
}
