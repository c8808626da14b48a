// Output apparatus, each with its queue: what it is, whether it is on, how much waits, how it gets on.
export function render({model, el}) {
  el.style.height = "100%"
  // No wider than the room it is given on a small screen.
  el.style.maxWidth = "100%"
  const list = h("div", {class: "apparatus", role: "list", "aria-label": "Output apparatus"})
  el.append(h("style", {}, `
    .apparatus{display:flex;flex-direction:column;gap:8px;height:100%;overflow-y:auto;padding:10px;background:var(--ground);border-right:1px solid var(--line)}
    .lane{flex:none;padding:9px 10px;border:1px solid var(--line);border-left:3px solid var(--line);border-radius:4px;background:var(--panel);cursor:pointer;font-size:12px}
    .lane:hover{border-color:var(--faint)}.lane.warn{border-left-color:var(--warn)}.lane.bad{border-left-color:var(--bad)}.lane[aria-current=true]{border-color:var(--accent);background:color-mix(in srgb,var(--accent) 11%,var(--panel))}
    .top{display:flex;gap:8px;align-items:center}.top>svg{width:20px;height:20px;color:var(--dim)}
    .name{flex:1;min-width:0;padding:0;border:0;text-align:left;font-weight:600;font-size:14px;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
    .switch{display:flex;gap:6px;align-items:center;padding:1px 3px;color:var(--dim);font-size:11px}.switch i{position:relative;width:26px;height:14px;border-radius:8px;background:var(--line)}.switch i::after{content:"";position:absolute;left:2px;top:2px;width:10px;height:10px;border-radius:50%;background:var(--dim)}
    .switch[aria-checked=true] i{background:color-mix(in srgb,var(--good) 45%,var(--panel))}.switch[aria-checked=true] i::after{left:14px;background:var(--good)}
    .where{color:var(--faint);font-size:11px;margin:1px 0 7px 28px;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
    .counts{display:flex;flex-wrap:wrap;gap:3px 12px;min-height:19px;color:var(--dim)}.counts span{display:flex;gap:4px;align-items:center;white-space:nowrap}.counts svg{width:14px;height:14px}.counts b{color:var(--text);font-size:14px;font-variant-numeric:tabular-nums}
    .pace{margin-top:5px;color:var(--dim);font-size:11px;font-variant-numeric:tabular-nums}
    .trouble{margin-top:6px;padding-top:6px;border-top:1px solid var(--line);font-size:11.5px;line-height:1.35;overflow-wrap:anywhere;color:var(--warn);display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:5;overflow:hidden}.bad .trouble{color:var(--bad)}
    .empty{color:var(--dim);padding:20px 6px;text-align:center}
  `), list)
  live(model, ["lanes", "current", "empty"], () => {
    keeping(list, "data-focus", () => fill(list, ...model.lanes.map((lane) => {
      const current = lane.name === model.current
      return h("div", {class: `lane ${lane.level}`, role: "listitem", "aria-current": String(current), "data-lane": lane.name, onclick: () => model.send_msg({lane: lane.name})},
        h("div", {class: "top"}, icon(model, lane.icon, lane.kind), h("button", {class: "name", "data-focus": `name ${lane.name}`, title: `Show the queue of ${lane.name}`}, lane.name),
          h("button", {class: "switch", role: "switch", "data-focus": `switch ${lane.name}`, "aria-checked": String(lane.on), "aria-label": `${lane.name} is sent to`, title: lane.on ? "Switch off: its queue waits" : "Switch on: its queue is sent",
            onclick: (event) => { event.stopPropagation(); model.send_msg({switch: lane.name, on: !lane.on}) }}, lane.on ? "on" : "off", h("i"))),
        h("div", {class: "where"}, `${lane.kind} · ${lane.address}`),
        h("div", {class: "counts"}, lane.counts.length ? lane.counts.map(([state, count]) => {
          const [colour, face, word] = model.states[state] || ["dim", "question", state], mark = icon(model, face)
          mark.style.color = `var(--${colour})`
          return h("span", {}, mark, h("b", {}, count.toLocaleString("en")), word)
        }) : "nothing waits"),
        h("div", {class: "pace"}, lane.pace), lane.trouble ? h("div", {class: "trouble", title: lane.trouble}, lane.trouble) : null)
    }), model.lanes.length ? null : h("div", {class: "empty"}, model.empty)))
  })
}
