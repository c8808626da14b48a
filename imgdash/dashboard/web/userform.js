// Add a user, give one another role or password, remove one.
export function render({model, el}) {
  const name = h("input", {type: "text", maxlength: 32, autocomplete: "off", spellcheck: false, "aria-label": "Name", oninput: () => buttons()})
  const role = h("select", {"aria-label": "Role", onchange: () => buttons()}), password = h("input", {type: "password", maxlength: 200, autocomplete: "new-password", "aria-label": "Password", oninput: () => buttons()})
  const again = h("input", {type: "password", maxlength: 200, autocomplete: "new-password", "aria-label": "Password once more", oninput: () => buttons()})
  const save = h("button", {class: "main", type: "submit"}), remove = h("button", {type: "button", class: "danger", onclick: () => sure()}), leave = h("button", {type: "button", onclick: () => model.send_msg({leave: true})}, "New user"), why = h("div", {class: "why", role: "status"}), word = h("small")
  const form = h("form", {onsubmit: (event) => { event.preventDefault(); if (!save.disabled && !save.ariaDisabled) { model.send_msg({save: {name: name.value.trim(), role: role.value, password: password.value}}); password.value = again.value = ""; buttons() } }},
    h("h2", {}), h("label", {}, "Name", name), h("label", {}, "Role", role, word), h("label", {}, "Password", password), h("label", {}, "Password once more", again), why, h("div", {class: "line"}, save, remove, leave))
  el.append(h("style", {}, `
    :host{color-scheme:dark}
    form{display:flex;flex-direction:column;gap:10px;width:320px;padding:14px 16px}h2{margin:0;font-size:14px}
    label{display:flex;flex-direction:column;gap:3px;font-size:12px;color:var(--dim)}small{color:var(--faint);font-size:11px}
    input,select{height:30px;font:inherit;font-size:13px;color:var(--text);background:var(--ground);border:1px solid var(--edge);border-radius:4px;padding:3px 8px}
    .line{display:flex;gap:8px;flex-wrap:wrap}button{height:30px;white-space:nowrap;padding:0 14px;border-color:var(--line);background:var(--raised)}.main{background:var(--accent);color:#001018;font-weight:600}.main:disabled,.main[aria-disabled=true]{background:var(--raised);color:var(--dim);opacity:1}.danger{color:var(--bad)}
    .why{min-height:16px;font-size:12px;color:var(--dim)}.why.bad{color:var(--bad)}
  `), form)
  let asked = false
  function sure() { if (!asked) { asked = true; buttons(); return } asked = false; model.send_msg({remove: model.user}); buttons() }
  function buttons() {
    const known = Boolean(model.user)
    form.firstElementChild.textContent = known ? model.user : "New user"
    name.disabled = known || !model.may
    for (const node of [role, password, again]) node.disabled = !model.may
    word.textContent = model.roles.find((found) => found.name === role.value)?.text || ""
    save.textContent = !known ? "Add user" : password.value ? "Set role and password" : "Set role"
    const wrong = !model.may ? "Changing users needs a manager." : !(known || name.value.trim()) ? "" : password.value.length && password.value.length < 8 ? "At least 8 characters." : password.value && again.value && password.value !== again.value ? "The two passwords differ." : ""
    // Who is known keeps his password where none is written.
    const nothing = known ? !password.value && role.value === model.role : !password.value || !name.value.trim()
    disable(save, Boolean(wrong) || model.busy || nothing || password.value !== again.value)
    remove.hidden = leave.hidden = !known
    disable(remove, !model.may || model.busy)
    remove.textContent = asked ? `Really remove ${model.user}?` : "Remove"
    why.textContent = model.error || wrong
    why.className = model.error ? "why bad" : "why"
  }
  live(model, ["roles"], () => role.replaceChildren(...model.roles.map((found) => h("option", {value: found.name}, found.name))))
  live(model, ["user", "role", "serial"], () => { asked = false; name.value = model.user; role.value = model.role || "user"; password.value = again.value = ""; buttons() })
  live(model, ["may", "busy", "error", "roles"], buttons)
}
