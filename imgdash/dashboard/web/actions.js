// What can be done with the image, each with its key.
export function render({model, el}) {
  const bar = h("div", {class: "bar", role: "toolbar", "aria-label": "Actions"})
  el.append(h("style", {}, `
    .bar{user-select:none;display:flex;gap:6px;align-items:center;height:48px;padding:0 10px;background:var(--panel);border-top:1px solid var(--line);white-space:nowrap;overflow:hidden}
    .bar button{display:flex;gap:6px;align-items:center;height:34px;padding:0 11px;background:var(--raised);border-color:var(--line)}
    .bar button:hover:enabled{border-color:var(--faint)}.bar button.main{background:var(--good);border-color:var(--good);color:#04150b;font-weight:600;padding:0 18px}.bar button.main kbd{background:#0003;color:#04150b;border-color:#0004}
    .bar button[aria-disabled=true]{opacity:.35;cursor:default}
    .bar button.danger svg{color:var(--bad)}.bar button.ask svg{color:var(--film)}.bar button.later svg{color:var(--warn)}
    .bar button[aria-pressed=true]{border-color:var(--accent);background:color-mix(in srgb,var(--accent) 18%,var(--raised))}
    .gap{flex:1}.split{width:1px;height:24px;background:var(--line);margin:0 4px}.said{color:var(--dim);overflow:hidden;text-overflow:ellipsis}
    .tight button{padding:0 8px}.tight button.main{padding:0 12px}.tight .wide{display:none}
    .tighter{gap:4px}.tighter button:has(.wide) kbd,.tighter .said{display:none}.tighter .split{margin:0}
    .keyless:not(.tightest) button:not(.main):not(:has(.wide)) kbd{display:none}
    .tightest button:not(.main) .label{display:none}.tightest button{padding:0 7px}
    .least button:not(.main) kbd{display:none}.least button.main .label{display:none}
    .packed{gap:2px;padding:0 4px;overflow-x:auto;scrollbar-width:thin}.packed button,.packed button.main{flex:none;padding:0 4px}.packed .split,.packed button.main kbd{display:none}
  `), h("div", {class: "hold"}, bar))
  // As much as there is room for: first the less used labels go, then further ones; no button is ever cut off.
  const steps = ["tight", "tighter", "keyless", "tightest", "least", "packed"]
  function fit() {
    bar.classList.remove(...steps)
    for (const step of steps) {
      if (bar.scrollWidth <= bar.clientWidth) return
      bar.classList.add(step)
    }
  }
  new ResizeObserver(fit).observe(bar)
  // A question takes the keyboard from the button that it was asked by. Drawn anew meanwhile, the browser cannot give it
  // back there, and it would be lost: it comes to the new one.
  let left = ""
  bar.addEventListener("focusout", (event) => { left = document.documentElement.dataset.modal && event.target !== pointed() ? event.target.dataset.action : "" })
  const back = () => {
    const button = left && document.activeElement === document.body && bar.querySelector(`[data-action="${left}"]`)
    left = ""
    if (button && bar.clientWidth) button.focus({preventScroll: true})
  }
  window.addEventListener("imgdash:answered", back)
  model.on("remove", () => window.removeEventListener("imgdash:answered", back))
  live(model, ["actions", "enabled", "pressed", "keys", "said"], () => {
    // What has the keyboard keeps it also while it can do nothing, as between two images: the next key must not press another.
    keeping(bar, "data-action", (held) => fill(bar, ...model.actions.map((action) => {
      if (action.name === "|") return h("span", {class: "split"})
      if (action.name === ">") return h("span", {class: "gap"})
      if (action.name === "said") return h("span", {class: "said", role: "status"}, model.said)
      const key = model.keys[action.name], off = !model.enabled.includes(action.name), stays = off && (action.name === held || action.name === left)
      return h("button", {class: action.style || "", "data-action": action.name, disabled: off && !stays, "aria-disabled": stays ? "true" : null, title: action.title, "aria-label": action.label ? null : action.title, "aria-keyshortcuts": key === " " ? "Space" : key || null,
        "aria-pressed": action.toggle ? String(model.pressed.includes(action.name)) : null, onclick: () => off || model.send_msg({action: action.name, image: inSight()})},
        icon(model, action.icon), action.label ? h("span", {class: action.wide ? "label wide" : "label"}, action.label) : null, key ? h("kbd", {"aria-hidden": "true"}, key === " " ? "Space" : key.length === 1 ? key.toUpperCase() : key) : null)
    })))
    fit()
  })
}
