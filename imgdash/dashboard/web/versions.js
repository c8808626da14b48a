// Versions of a key: what each changed; a former one can be released again, a file from elsewhere brought in.
export function render({model, el}) {
  el.style.height = "100%"
  const list = h("div", {class: "list", role: "listbox", "aria-label": "Versions", tabindex: 0}), detail = h("div", {class: "detail"})
  el.append(h("style", {}, `
    :host{color-scheme:dark}
    .all{display:grid;grid-template-columns:minmax(260px,340px) 1fr;height:100%;background:var(--ground)}
    .list{overflow:auto;border-right:1px solid var(--line);background:var(--panel);outline-offset:-2px}
    .version{padding:8px 12px;border-bottom:1px solid var(--line);border-left:2px solid transparent;cursor:pointer}
    .version:hover{background:var(--raised)}.version[aria-selected=true]{border-left-color:var(--accent);background:var(--raised)}
    .version b{font-weight:600}.version small{color:var(--dim)}.version p{margin:2px 0 0;font-size:12px;color:var(--dim);overflow-wrap:anywhere}
    .tag{margin-left:6px;padding:0 6px;border-radius:8px;background:var(--good);color:#04150b;font-size:10px;font-weight:600}.tag.out{background:var(--warn);color:#210}
    .detail{overflow:auto;padding:14px 18px}h2{margin:0 0 4px;font-size:14px}.sub{color:var(--dim);margin-bottom:10px}
    table{border-collapse:collapse;font-size:12px;margin:8px 0 14px}th{font-weight:400;color:var(--dim);text-align:left}th,td{padding:3px 18px 3px 0;border-bottom:1px solid var(--line)}td.number{font-variant-numeric:tabular-nums}td.later{color:var(--accent)}
    pre{margin:0;padding:10px 12px;border:1px solid var(--line);border-radius:4px;background:var(--panel);font:11px/1.5 ui-monospace,'DejaVu Sans Mono',monospace;overflow:auto;white-space:pre-wrap}
    .plus{color:var(--good)}.minus{color:var(--bad)}.at{color:var(--faint)}
    .act{display:flex;gap:8px;align-items:center;margin:0 0 12px;flex-wrap:wrap}.act input{flex:1;min-width:180px;max-width:420px;font:inherit;font-size:12px;color:inherit;background:var(--panel);border:1px solid var(--edge);border-radius:4px;padding:4px 7px}
    .change{flex-basis:100%;margin:0}.change[hidden]{display:none}.act button{height:28px;padding:0 12px;background:var(--raised);border-color:var(--line)}.act button:hover:enabled{border-color:var(--faint)}
    select{font:inherit;font-size:12px;color:inherit;background:var(--panel);border:1px solid var(--edge);border-radius:4px;padding:3px 6px}
    .error{color:var(--bad);font-size:12px;width:100%}.side{display:flex;flex-direction:column;min-height:0;border-right:1px solid var(--line);background:var(--panel)}.side .list{flex:1;border:0}
    .bring{padding:8px 12px;border-top:1px solid var(--line)}.bring button{width:100%;height:28px;background:var(--raised);border-color:var(--line)}.bring small{display:block;margin-top:4px;color:var(--dim);font-size:11px}
    .file{border:1px solid var(--accent);border-radius:4px;padding:10px 14px 14px;margin-bottom:18px;background:var(--panel)}
  `), h("div", {class: "all"}, h("div", {class: "side"}, list, h("div", {class: "bring"}, h("button", {onclick: () => pick.click()}, "Import a file …"), h("small", {}, "A key's TOML file; you see what differs before anything is kept."))), detail))
  const pick = h("input", {type: "file", accept: ".toml", hidden: true, "aria-label": "Condition file", onchange: async () => {
    const file = pick.files[0]
    pick.value = ""
    if (file) model.send_msg({file: file.name, text: file.size > 300000 ? "" : await file.text()})
  }})
  el.append(pick)
  const note = h("input", {type: "text", maxlength: 200, placeholder: "Why", "aria-label": "Note", oninput: () => buttons()})
  const back = h("button", {onclick: () => model.send_msg({back: model.current, note: note.value})})
  const use = h("button", {onclick: () => model.send_msg({use: !model.in_use, note: note.value})})
  const look = h("button", {title: "Set the sliders to this version's values", onclick: () => model.send_msg({load: model.current})}, "Load into the sliders")
  const both = h("button", {title: "The pictures, curves and numbers of Tune compare the two", onclick: () => model.send_msg({load: Math.max(model.current, model.against), against: Math.min(model.current, model.against)})})
  const save = h("button", {title: "Save this version as a TOML file", onclick: () => model.send_msg({export: model.current})}, "Export")
  const fileNote = h("input", {type: "text", maxlength: 200, placeholder: "Where it comes from, and why", "aria-label": "Note to the imported file", oninput: () => buttons()})
  const take = h("button", {onclick: () => model.send_msg({bring: fileNote.value})})
  const error = h("div", {class: "error", role: "alert"})
  const against = h("select", {"aria-label": "Compare with", onchange: () => model.send_msg({version: model.current, against: Number(against.value)})})
  list.addEventListener("keydown", (event) => {
    const step = {ArrowDown: 1, ArrowUp: -1}[event.key], at = model.versions.findIndex((v) => v.version === model.current)
    if (!step) return
    event.preventDefault()
    event.stopPropagation()
    const next = model.versions[Math.max(0, Math.min(model.versions.length - 1, at + step))]
    if (next) model.send_msg({version: next.version})
  })
  function buttons() {
    const latest = model.versions[0]?.version === model.current
    back.textContent = `Release version ${model.current} again`
    for (const node of [back, use]) disable(node, !model.may || !note.value.trim())
    use.textContent = model.in_use ? "Take the key out of use" : "Put the key into use"
    back.hidden = latest || !model.may
    note.hidden = use.hidden = fileNote.hidden = take.hidden = !model.may
    both.hidden = !model.against
    both.textContent = `Compare ${Math.min(model.current, model.against)} and ${Math.max(model.current, model.against)} in pictures`
    const brought = model.brought
    take.textContent = brought.version ? `Release as version ${brought.version + 1} of ${brought.key}` : `Release as new key ${brought.key}`
    disable(take, !model.may || !fileNote.value.trim())
  }
  live(model, ["versions", "current"], () => activate(list, fill(list, ...model.versions.map((v, n) => h("div", {
    class: "version", role: "option", "aria-selected": String(v.version === model.current), "data-version": v.version, onclick: () => model.send_msg({version: v.version}),
  }, h("b", {}, `Version ${v.version}`), n === 0 ? h("span", {class: "tag"}, "in force") : null, v.released ? null : h("span", {class: "tag out"}, "out of use"),
    h("div", {}, h("small", {}, [v.author, v.changed].filter(Boolean).join(" · ") || "–")), v.note ? h("p", {}, v.note) : null))).querySelector("[aria-selected=true]")))
  live(model, ["versions", "current", "against", "changes", "difference", "may", "in_use", "error", "brought"], () => {
    const others = model.versions.filter((v) => v.version !== model.current)
    against.replaceChildren(...others.map((v) => h("option", {value: v.version}, `version ${v.version}`)))
    against.value = model.against
    error.textContent = model.error
    error.hidden = !model.error
    buttons()
    const parts = [h("h2", {}, `Version ${model.current}`),
      others.length ? h("div", {class: "sub"}, "compared with ", against) : h("div", {class: "sub"}, "The only version."),
      h("div", {class: "act"}, look, both, save, h("div", {class: "act change", hidden: !model.may}, note, back, use), model.may ? null : h("span", {class: "sub"}, "Read only: a version is released by a manager."), error),
      table(model.changes, `Version ${Math.min(model.against, model.current)}`, `Version ${Math.max(model.against, model.current)}`, others.length ? "No processing parameter differs." : ""),
      lines(model.difference, "Difference of the files")]
    if (model.brought.key) parts.unshift(arrived(model.brought))
    fill(detail, ...parts)
  })
  function table(changes, former, later, none) {
    if (!changes.length) return none ? h("p", {class: "sub"}, none) : null
    return h("table", {}, h("tr", {}, ["Parameter", former, later].map((t) => h("th", {}, t))),
      changes.map((c) => h("tr", {}, h("td", {}, c.name), h("td", {class: "number"}, c.former), h("td", {class: "number later"}, c.later))))
  }
  function lines(text, label) {
    const found = text.split("\n").filter(Boolean)
    return found.length ? h("pre", {"aria-label": label}, found.map((line) => h("div", {class: line.startsWith("---") || line.startsWith("+++") ? "at" : line[0] === "+" ? "plus" : line[0] === "-" ? "minus" : ""}, line))) : null
  }
  function arrived(file) {
    return h("div", {class: "file", role: "region", "aria-label": "Imported file"}, h("h2", {}, file.file),
      h("div", {class: "sub"}, file.version ? `for ${file.key}, compared with version ${file.version} in force` : `a new key ${file.key}: there is none of this name yet`),
      h("div", {class: "act"}, file.version ? h("button", {title: "Try its processing parameters first", onclick: () => model.send_msg({tryFile: true})}, "Load into the sliders") : null, fileNote, take,
        h("button", {onclick: () => model.send_msg({leaveFile: true})}, "Leave it")),
      table(file.changes, file.version ? `Version ${file.version}` : "Default", "File", "No processing parameter differs."), lines(file.difference, "Difference to the file"))
  }
  model.on("saved", () => { note.value = fileNote.value = ""; buttons() })
}
