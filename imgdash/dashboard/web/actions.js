// What can be done with the image, each with its key.
export function render({model, el}) {
  const bar = h("div", {class: "bar", role: "toolbar", "aria-label": "Actions"})
  el.append(h("style", {}, `
    .hold{container-type:inline-size}.bar{display:flex;gap:6px;align-items:center;height:48px;padding:0 10px;background:var(--panel);border-top:1px solid var(--line);white-space:nowrap;overflow:hidden}
    .bar button{display:flex;gap:6px;align-items:center;height:34px;padding:0 11px;background:var(--raised);border-color:var(--line)}
    .bar button:hover:enabled{border-color:var(--faint)}.bar button.main{background:var(--good);border-color:var(--good);color:#04150b;font-weight:600;padding:0 18px}.bar button.main kbd{background:#0003;color:#04150b;border-color:#0004}
    .bar button.danger svg{color:var(--bad)}.bar button.ask svg{color:var(--film)}.bar button.later svg{color:var(--warn)}
    .bar button[aria-pressed=true]{border-color:var(--accent);background:color-mix(in srgb,var(--accent) 18%,var(--raised))}
    .gap{flex:1}.split{width:1px;height:24px;background:var(--line);margin:0 4px}.said{color:var(--dim);overflow:hidden;text-overflow:ellipsis}
    @container(max-width:1120px){.bar button{padding:0 9px}.bar .wide{display:none}}
    @container(max-width:860px){.bar{gap:4px}.bar button{padding:0 7px}.bar button.main{padding:0 12px}.split{margin:0}}
    @container(max-width:800px){.bar button:has(.wide) kbd,.said{display:none}}
    @container(max-width:640px){.bar button:not(.main) kbd{display:none}}
  `), h("div", {class: "hold"}, bar))
  live(model, ["actions", "enabled", "pressed", "keys", "said"], () => {
    fill(bar, ...model.actions.map((action) => {
      if (action.name === "|") return h("span", {class: "split"})
      if (action.name === ">") return h("span", {class: "gap"})
      if (action.name === "said") return h("span", {class: "said", role: "status"}, model.said)
      const key = model.keys[action.name]
      return h("button", {class: action.style || "", "data-action": action.name, disabled: !model.enabled.includes(action.name), title: action.title,
        "aria-pressed": action.toggle ? String(model.pressed.includes(action.name)) : null, onclick: () => model.send_msg({action: action.name})},
        icon(model, action.icon), action.label ? h("span", {class: action.wide ? "wide" : ""}, action.label) : null, key ? h("kbd", {}, key === " " ? "Space" : key.toUpperCase()) : null)
    }))
  })
}
