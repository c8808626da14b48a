// Thumbnails beside each other, each with a title and a few lines under it. Text is always set as text.
export function render({model, el}) {
  const all = h("div", {class: "all"})
  el.append(h("style", {}, `
    .all{display:grid;grid-template-columns:repeat(auto-fill,minmax(140px,1fr));align-items:start;gap:8px;padding:10px;background:var(--panel);border-left:1px solid var(--line);border-bottom:1px solid var(--line);min-height:60px;max-height:min(420px,calc(42vh/var(--scale,1)));overflow:auto}
    button.one{display:block;width:100%;min-width:0;padding:0;border:1px solid var(--line);border-radius:4px;background:#000;text-align:left;cursor:pointer;overflow:hidden}
    button.one:hover{border-color:var(--accent)}
    img{display:block;width:100%;aspect-ratio:5/4;object-fit:contain;background:#000}
    .line{display:flex;gap:5px;align-items:center;padding:3px 6px;background:var(--raised);font-size:12px}
    .line svg{width:14px;height:14px;flex:none}
    .name{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
    .words{padding:0 6px 4px;background:var(--raised);color:var(--dim);font-size:11px;white-space:pre-line}
    .empty{color:var(--dim);padding:16px;grid-column:1/-1}
  `), all)
  live(model, ["items", "empty"], () => {
    fill(all, ...model.items.map((item) => {
      const [colour, face, word] = model.states[item.state] || ["dim", "question", item.state]
      const mark = icon(model, face, word)
      mark.style.color = `var(--${colour})`
      return h("button", {class: "one", title: `${item.title}: ${word}. Open in Review`, onclick: () => model.send_msg({image: item.id})},
        h("img", {src: `image/${item.id}/thumbnail?v=${encodeURIComponent(item.version)}`, alt: "", decoding: "async"}),
        h("div", {class: "line"}, mark, h("span", {class: "name"}, item.title)),
        h("div", {class: "words"}, [word, ...item.lines].join("\n")))
    }), model.items.length ? null : h("div", {class: "empty"}, model.empty))
  })
}
