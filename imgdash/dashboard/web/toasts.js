// Toasts, lower right: failures stay until they are closed, the rest goes by itself.
export function render({model, el}) {
  const box = h("div", {class: "pile", role: "status", "aria-live": "polite"})
  el.append(h("style", {}, `
    .pile{position:fixed;right:16px;bottom:64px;z-index:2000;display:flex;flex-direction:column;gap:8px;width:min(420px,40vw);pointer-events:none}
    .toast{pointer-events:auto;display:flex;gap:8px;align-items:flex-start;background:var(--raised);border:1px solid var(--line);border-left:3px solid var(--accent);border-radius:4px;padding:8px 10px;box-shadow:0 6px 24px #000a;overflow-wrap:anywhere}
    .toast.error{border-left-color:var(--bad)}.toast.warning{border-left-color:var(--warn)}.toast.success{border-left-color:var(--good)}
    .toast span{flex:1}.toast small{display:block;color:var(--dim)}
  `), box)
  model.on("msg:custom", ({text, detail, kind}) => {
    const toast = h("div", {class: `toast ${kind}`}, h("span", {}, text, detail ? h("small", {}, detail) : null))
    const close = h("button", {"aria-label": "Close", onclick: () => toast.remove()}, icon(model, "cross"))
    toast.append(close)
    box.append(toast)
    while (box.children.length > 5) box.firstChild.remove()
    if (kind !== "error") setTimeout(() => toast.remove(), 5000)
  })
}
