// Requests as chains: picture, what was asked about it, the picture that came, and so on.
export function render({model, el}) {
  el.append(h("style", {}, CARDS_CSS + `
    .all{container-type:inline-size;--shot:132px}
    .card{padding:9px 14px 11px 11px;content-visibility:auto;contain-intrinsic-size:auto 190px}
    .top{display:flex;gap:12px;align-items:baseline;margin-bottom:7px;white-space:nowrap;overflow:hidden}.top b{font-size:13px}.top span{color:var(--dim);font-size:12px;overflow:hidden;text-overflow:ellipsis}.top .state{margin-left:auto;align-self:center;color:var(--text);overflow:visible}
    .way{display:flex;gap:10px;align-items:stretch;overflow-x:auto;padding-bottom:2px}
    button.shot{flex:none;width:var(--shot);padding:0;border:1px solid var(--line);border-radius:4px;background:#000;overflow:hidden;text-align:left;display:flex;flex-direction:column}
    button.shot:hover{border-color:var(--accent)}.shot img{display:block;width:100%;min-height:98px;flex:1 1 calc(var(--shot)*.75);object-fit:contain}.shot.over img{opacity:.55}
    .shot .line{display:flex;gap:5px;align-items:center;padding:3px 6px;margin-top:auto;background:var(--raised);font-size:11px;white-space:nowrap}.shot .line span{overflow:hidden;text-overflow:ellipsis}.shot .sent{margin-top:0;padding-top:0;color:var(--dim)}.shot .line svg{width:13px;height:13px}
    .blank{flex:none;width:var(--shot);min-height:120px;border:1px dashed var(--line);border-radius:4px;display:flex;align-items:center;justify-content:center;text-align:center;color:var(--dim);font-size:11px;padding:8px}
    .ask{position:relative;flex:1 1 250px;min-width:210px;max-width:440px;display:flex;flex-direction:column;gap:3px;padding:7px 20px 7px 10px;background:var(--ground);clip-path:polygon(0 0,calc(100% - 12px) 0,100% 50%,calc(100% - 12px) 100%,0 100%);font-size:12px}
    .ask .head{display:flex;gap:8px;align-items:center;font-weight:600}.ask .head small{color:var(--dim);font-weight:400;white-space:nowrap}.ask .dim{color:var(--dim)}.ask .comment{font-style:italic;overflow-wrap:anywhere;display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:2;overflow:hidden}
    .ask .trouble{color:var(--warn);overflow-wrap:anywhere;display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:2;overflow:hidden}.ask.bad .trouble{color:var(--bad)}
    .ask .now{display:flex;gap:5px}.ask .now svg{width:14px;height:14px;margin-top:1px}.ask .times{margin-top:auto;color:var(--faint);font-size:11px;font-variant-numeric:tabular-nums;padding-top:2px}
    /* On a wide screen two histories stand beside each other, with larger pictures. */
    @container(min-width:1500px){.list{display:grid;grid-template-columns:1fr 1fr;align-content:start}.card{--shot:184px;min-width:0;border-right:1px solid color-mix(in srgb,var(--line) 60%,transparent)}}
  `))
  const mark = (state) => { const [colour, face, word] = model.states[state] || ["dim", "question", state]; const svg = icon(model, face, word); svg.style.color = `var(--${colour})`; return svg }
  const shot = (step) => step.version ? h("button", {class: `shot ${step.over ? "over" : ""}`, title: `${step.title}: open in Review`, onclick: (event) => { event.stopPropagation(); model.send_msg({image: step.id}) }},
    h("img", {src: thumbnail(step), alt: "", decoding: "async", loading: "lazy", draggable: "false"}), h("div", {class: "line"}, mark(step.state), h("span", {}, step.title)), step.sent ? h("div", {class: "line sent"}, step.sent) : null)
    : h("div", {class: "blank"}, step.title)
  const ask = (step) => h("div", {class: `ask ${step.level}`},
    h("div", {class: "head"}, h("small", {}, `round ${step.round}`), step.reason),
    h("div", {}, step.asked, h("span", {class: "dim"}, ` · of ${step.peer} by ${step.by}`)),
    step.comment ? h("div", {class: "comment", title: step.comment}, `“${step.comment}”`) : null,
    h("div", {class: "now"}, mark(step.state), h("span", {}, step.progress)),
    step.trouble ? h("div", {class: "trouble", title: step.trouble}, step.trouble) : null,
    h("div", {class: "times"}, step.times))
  cards(model, el, ["history", "histories"], (item, node) => fill(node,
    h("div", {class: "top"}, h("b", {}, item.title), h("span", {}, item.name), stateMark(model, item.state)),
    h("div", {class: "way"}, item.steps.map((step) => step.reason ? ask(step) : shot(step)))))
}
