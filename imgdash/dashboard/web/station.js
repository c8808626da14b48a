// How the station is: what is wrong first, then facts, memory and disk.
export function render({model, el}) {
  el.style.height = "100%"
  const box = h("div", {class: "box"})
  el.append(h("style", {}, `
    .box{height:100%;overflow:auto;background:var(--panel);border-right:1px solid var(--line);padding-bottom:16px}
    section{padding:10px 14px;border-bottom:1px solid var(--line)}h2{margin:0 0 6px;font:600 11px/1.4 var(--font);letter-spacing:.06em;text-transform:uppercase;color:var(--dim)}
    dl{display:grid;grid-template-columns:118px 1fr;gap:2px 8px;margin:0;font-size:12px}dt{color:var(--dim)}dd{margin:0;overflow-wrap:anywhere;font-variant-numeric:tabular-nums}
    dd.good{color:var(--good)}dd.warn{color:var(--warn)}dd.bad{color:var(--bad)}dd svg{width:13px;height:13px;margin-right:4px}
    .alert{display:flex;gap:8px;margin-bottom:6px;padding:7px 9px;border:1px solid var(--bad);border-radius:4px;font-size:12px}.alert.warn{border-color:var(--warn)}.alert svg{color:var(--bad);margin-top:2px}.alert.warn svg{color:var(--warn)}
    .alert small{display:block;color:var(--dim)}.alert div{min-width:0;overflow-wrap:anywhere}.fine{display:flex;gap:8px;align-items:center;font-size:12px;color:var(--good)}
    .bar{margin-bottom:7px;font-size:12px}.bar .line{display:flex;justify-content:space-between;gap:8px}.bar .line span:last-child{color:var(--dim);font-variant-numeric:tabular-nums}
    .track{height:6px;margin-top:2px;border-radius:3px;background:var(--line);overflow:hidden}.track i{display:block;height:100%;background:var(--accent)}.track i.warn{background:var(--warn)}.track i.bad{background:var(--bad)}
  `), box)
  live(model, ["alerts", "sections", "bars", "ready"], () => {
    if (!model.ready) { box.replaceChildren(h("section", {}, "One moment …")); return }
    box.replaceChildren(h("section", {}, model.alerts.length ? model.alerts.map((alert) => h("div", {class: `alert ${alert.level}`, role: "alert"}, icon(model, "warning", alert.level), h("div", {}, alert.text, alert.remedy ? h("small", {}, alert.remedy) : null)))
      : h("div", {class: "fine"}, icon(model, "done"), "The station itself is in order.")),
      ...model.sections.map((section) => h("section", {}, h("h2", {}, section.title), h("dl", {}, section.rows.flatMap((row) => [h("dt", {}, row.label),
        h("dd", {class: row.level || "", title: row.text || null}, row.level && row.level !== "good" ? icon(model, "warning", row.level) : row.level ? icon(model, "check") : null, row.value)])))),
      h("section", {}, h("h2", {}, "Memory and disk"), model.bars.map((bar) => h("div", {class: "bar", title: bar.text || null}, h("div", {class: "line"}, h("span", {}, bar.label), h("span", {}, bar.value)),
        h("div", {class: "track"}, h("i", {class: bar.level || "", style: `width:${Math.min(100, Math.max(0.5, bar.part * 100))}%`}))))))
  })
}
