// Where an image goes, and how it will stand there: film or stored image in true proportion.
export function render({model, el}) {
  const box = h("div", {class: "outputs"})
  el.append(h("style", {}, SECTION_CSS + `
    .outputs{display:flex;gap:8px;flex-wrap:wrap}
    .one{position:relative;flex:1 1 150px;max-width:49%}.edit{position:absolute;right:27px;top:2px;width:24px;height:24px;padding:0;color:var(--dim);z-index:1}.edit:hover{color:var(--text)}
    .to{width:100%;height:100%;border:1px solid var(--line);border-radius:4px;padding:5px;background:var(--ground);text-align:left;display:flex;flex-direction:column;gap:4px}
    .to[aria-pressed=true]{border-color:var(--accent)}.to[aria-pressed=false] .frame{opacity:.3}
    .top{display:flex;gap:5px;align-items:center}.top b{flex:1;font-weight:600}.top svg{color:var(--faint)}.to[aria-pressed=true] .top svg{color:var(--accent)}
    .to small{color:var(--dim);font-size:11px}.to small.bad{color:var(--warn)}
    .frame{position:relative;height:112px;margin:0 auto;background:#05070a;border:1px solid var(--faint);overflow:hidden}
    .cell{position:absolute;border:1px dashed #2a3038}.range{position:absolute;outline:1px solid var(--film)}
    .clip{position:absolute;inset:0;overflow:hidden}.clip img{position:absolute;object-fit:fill;display:block}.band{position:absolute;background:#1c2027}.mark{position:absolute;font:700 9px/1 var(--font);color:#fff;text-shadow:0 0 2px #000;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
  `), h("section", {}, h("div", {class: "head"}, h("h2", {}, "Output")), box))
  const percent = (part) => `${(100 * part).toFixed(2)}%`
  live(model, ["destinations", "image", "version", "enabled"], () => {
    const {image} = model
    keeping(box, "data-output", () => fill(box, ...model.destinations.map((to) => {
      const height = 112, width = height * to.frame[0] / to.frame[1]
      const frame = h("div", {class: "frame", style: `width:${Math.min(width, 150)}px;height:${Math.min(height, 150 * to.frame[1] / to.frame[0])}px`})
      for (const [x, y, w, t] of to.cells) frame.append(h("div", {class: "cell", style: `left:${percent(x)};top:${percent(y)};width:${percent(w)};height:${percent(t)}`}))
      const [left, above, right, below] = to.sides
      const range = ({place: [x, y, w, t], sides: [x0, y0, x1, y1]}, marks) => {
        const [l, r] = [x0, x1].map((at) => left + at * (right - left)), [top, b] = [y0, y1].map((at) => above + at * (below - above))
        const picture = model.image ? h("img", {src: `image/${model.image}/thumbnail?v=${encodeURIComponent(model.version)}`, alt: "", draggable: "false",
          style: `left:${percent(-l / (r - l))};top:${percent(-top / (b - top))};width:${percent(1 / (r - l))};height:${percent(1 / (b - top))}`}) : null
        return h("div", {class: "range", style: `left:${percent(x)};top:${percent(y)};width:${percent(w)};height:${percent(t)}`}, h("div", {class: "clip"}, picture),
          marks.map((mark) => h("span", {class: "mark", style: `left:${percent(mark.x0)};top:${percent(mark.y0)};max-width:${percent(1 - mark.x0)}`}, mark.text)))
      }
      if (to.band.length) frame.append(h("div", {class: "band", style: `left:${percent(to.band[0])};top:${percent(to.band[1])};width:${percent(to.band[2])};height:${percent(to.band[3])}`}))
      frame.append(...(to.parts.length ? to.parts.map((part) => range(part, [])) : [range({place: to.place, sides: [0, 0, 1, 1]}, to.marks)]))
      const edit = h("button", {class: "edit", "data-output": `range ${to.name}`, disabled: !model.image, title: "Move and scale what goes there", "aria-label": `Output range of ${to.name}`, onclick: () => model.send_msg({edit: to.name, image})}, icon(model, "edit"))
      return h("div", {class: "one"}, edit, h("button", {class: "to", "data-output": to.name, disabled: !model.enabled, "aria-pressed": String(to.chosen), title: to.chosen ? "Goes there; press to leave it out" : "Does not go there; press to send it there",
        onclick: () => model.send_msg({route: to.name, on: !to.chosen, image})},
        h("span", {class: "top"}, icon(model, to.kind === "printer" ? "film" : "storage"), h("b", {}, to.name), icon(model, to.chosen ? "check" : "cross")),
        frame, h("small", {}, to.text), ...to.trouble.map((text) => h("small", {class: "bad"}, text))))
    })))
  })
}
