// Why an image is fit or not, for storage and for film apart; and what is unusual about it.
export function render({model, el}) {
  const box = h("div", {class: "judgement"})
  el.append(h("style", {}, `
    .judgement{padding:10px 12px;border-bottom:1px solid var(--line)}
    .uses{display:grid;grid-template-columns:1fr 1fr;gap:8px}
    .use{display:flex;gap:8px;align-items:center;padding:5px 9px;border-radius:4px;background:var(--raised);border-left:3px solid var(--good)}
    .use.bad{border-left-color:var(--bad)}.use.none{border-left-color:var(--line)}.use b{display:block;line-height:1.2}.use small{color:var(--dim)}
    ul{list-style:none;margin:8px 0 0;padding:0;display:flex;flex-direction:column;gap:5px}
    li button{padding:1px 7px;border-color:var(--edge);color:var(--accent);font-size:12px}li button:hover{border-color:var(--accent)}
    li{display:flex;gap:7px;line-height:1.35}li svg{color:var(--warn);margin-top:2px}li small{color:var(--dim)}
    .note{margin-top:7px;color:var(--dim)}.note b{color:var(--text);font-weight:600}
  `), box)
  live(model, ["there", "storage", "film", "notes", "may", "key"], () => {
    const use = (name, face, findings) => h("div", {class: !model.there ? "use none" : findings.length ? "use bad" : "use"}, icon(model, face),
      h("div", {}, h("small", {}, name), h("b", {}, !model.there ? "–" : findings.length ? "not fit" : "fit")))
    const all = new Map()
    for (const [where, findings] of [["storage", model.storage], ["film", model.film]]) for (const finding of findings) {
      const key = finding.rule + finding.text
      if (!all.has(key)) all.set(key, {...finding, uses: []})
      all.get(key).uses.push(where)
    }
    fill(box, 
      h("div", {class: "uses"}, use("Storage", "storage", model.storage), use("Film", "film", model.film)),
      h("ul", {}, [...all.values()].map((finding) => h("li", {}, icon(model, "warning"), h("span", {}, finding.text, " ",
        finding.uses.length === 2 ? null : h("small", {}, `${finding.uses[0]} only `),
        !finding.correctable ? null : model.may ? h("button", {title: "Correct it in the information below", onclick: () => model.send_msg({correct: true})}, "Correct ", model.key ? h("kbd", {}, model.key) : null) : h("small", {}, "· a manager can correct it"))))),
      ...model.notes.map((note) => h("div", {class: "note"}, note)))
  })
}
