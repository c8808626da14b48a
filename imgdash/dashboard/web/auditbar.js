// Filters of the journal, and whether its chain of hashes is whole.
export function render({model, el}) {
  const subject = h("select", {"aria-label": "What", onchange: () => send()}), by = h("select", {"aria-label": "Who", onchange: () => send()})
  let timer = 0
  const text = h("input", {type: "search", placeholder: "id, event, reason, value …", "aria-label": "Text", maxlength: 100, oninput: () => { clearTimeout(timer); timer = setTimeout(send, 300) }})
  const mark = h("div", {class: "mark", role: "status"}), verify = h("button", {onclick: () => model.send_msg({verify: true})}, "Verify"), older = h("button", {onclick: () => model.send_msg({older: true})}, "Older lines"), fresh = h("button", {onclick: () => send()}, "Read again")
  el.append(h("style", {}, `
    :host{color-scheme:dark}
    .all{display:flex;flex-wrap:wrap;gap:8px;align-items:center;padding:8px 14px;background:var(--ground);border-bottom:1px solid var(--line);font-size:12px}
    input,select,button{height:28px;font:inherit;font-size:12px;color:var(--text);background:var(--panel);border:1px solid var(--edge);border-radius:4px;padding:3px 8px}input{width:230px}select{max-width:170px}button{background:var(--raised)}
    .mark{display:flex;gap:6px;align-items:center;margin-left:auto;padding:0 4px;color:var(--dim);max-width:620px}.mark.good{color:var(--good)}.mark.bad{color:var(--bad)}.mark span{overflow-wrap:anywhere}
    .fresh{border-color:var(--accent)}
  `), h("div", {class: "all"}, subject, by, text, fresh, older, mark, verify))
  const send = () => model.send_msg({filter: {subject: subject.value, by: by.value, text: text.value}})
  const fillIn = (select, first, values, now) => { select.replaceChildren(h("option", {value: ""}, first), ...values.map((value) => h("option", {value}, value))); select.value = now }
  live(model, ["subjects"], () => fillIn(subject, "everything", model.subjects, subject.value))
  live(model, ["people"], () => fillIn(by, "everybody", model.people, by.value))
  live(model, ["more"], () => { older.hidden = !model.more })
  live(model, ["grown"], () => { fresh.className = model.grown ? "fresh" : ""; fresh.textContent = model.grown ? "Read again: there is more" : "Read again" })
  live(model, ["chain", "chain_said"], () => {
    mark.className = `mark ${{whole: "good", broken: "bad"}[model.chain] || ""}`
    mark.replaceChildren(...[{whole: icon(model, "lock"), broken: icon(model, "warning")}[model.chain], h("span", {}, model.chain_said)].filter(Boolean))
    disable(verify, model.chain === "checking")
  })
}
