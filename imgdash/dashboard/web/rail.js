function logOut() {
  const form = h("form", {method: "post", action: "logout", hidden: true})
  document.body.append(form)
  form.submit()
}

// The rail: pages with badges above, who is logged in below.
export function render({model, el, view}) {
  layOutLess(view)
  const list = h("nav", {"aria-label": "Pages"})
  const foot = h("div", {class: "foot"})
  const rail = h("div", {class: "side", role: "banner"}, h("div", {class: "mark", title: "imgdash"}, "im", h("b", {}, "g")), list, foot)
  el.append(h("style", {}, `
    .side{user-select:none;display:flex;flex-direction:column;height:calc(100vh/var(--scale,1));width:64px;background:var(--panel);border-right:1px solid var(--line)}
    .mark{font:300 20px/44px var(--font);text-align:center;letter-spacing:-.5px}.mark b{color:var(--accent);font-weight:600}
    nav{flex:1;display:flex;flex-direction:column;gap:2px;overflow:auto}
    .side button{position:relative;display:flex;flex-direction:column;align-items:center;justify-content:center;gap:3px;flex:0 1 52px;min-height:38px;width:100%;padding:0;border-radius:0;border:0;border-left:2px solid transparent;font-size:10px;color:var(--dim)}
    .side button:hover{color:var(--text);background:var(--raised)}
    .side button[aria-current]{color:var(--text);border-left-color:var(--accent);background:var(--raised)}
    .side button[data-coming]{color:var(--text);border-left-color:var(--accent)}
    .side button[data-coming]::after{content:"";position:absolute;left:0;right:0;bottom:0;height:2px;background:linear-gradient(90deg,transparent,var(--accent),transparent);background-size:50% 100%;background-repeat:no-repeat;animation:coming .9s linear infinite}
    @keyframes coming{from{background-position:-100% 0}to{background-position:200% 0}}@media (prefers-reduced-motion:reduce){.side button[data-coming]::after{animation:none}}
    .side svg{width:20px;height:20px}
    .badge{position:absolute;top:4px;right:8px;min-width:16px;padding:0 4px;border-radius:8px;font:600 10px/16px var(--font);text-align:center;background:var(--line);color:var(--text)}
    .badge.accent{background:var(--accent);color:#001018}.badge.bad{background:var(--bad);color:#200}.badge.warn{background:var(--warn);color:#210}
    .foot{border-top:1px solid var(--line);padding:6px 0;text-align:center;font-size:10px;color:var(--dim)}
    .foot div{display:flex;margin-top:3px}.foot button{flex:1;min-height:30px}
    .foot b{display:block;color:var(--text);font-weight:600;overflow:hidden;text-overflow:ellipsis;padding:0 4px}
  `), rail)
  // A page that is made for the first time takes a moment: which one is coming is seen at once.
  const coming = (button) => { for (const one of list.children) one.toggleAttribute("data-coming", one === button && !one.hasAttribute("aria-current")) }
  // What stands beside the rail is the main part of the document, for who jumps there.
  const tell = () => el.getRootNode().host?.nextElementSibling?.setAttribute("role", "main")
  requestAnimationFrame(tell)
  live(model, ["pages", "current", "badges"], () => {
    keeping(list, "data-page", () => fill(list, ...model.pages.map((page) => {
      const [count, kind] = model.badges[page.name] || [0, ""]
      const words = count ? `${page.title}: ${count}` : page.title
      return h("button", {
        "aria-current": page.name === model.current ? "page" : null, title: words, "data-page": page.name,
        onclick: (event) => { coming(event.currentTarget); model.send_msg({page: page.name}) },
      }, icon(model, page.icon), page.title, " ", count ? h("span", {class: `badge ${kind}`}, count > 999 ? "999+" : String(count)) : null)
    })))
  })
  model.on("msg:custom", ({leave}) => { if (leave) window.location.href = "login" })
  live(model, ["user", "role"], () => fill(foot, 
    h("b", {title: model.user}, model.user), model.role,
    h("div", {}, h("button", {title: "Size of text and controls", "aria-label": "Size of text and controls", "aria-haspopup": "dialog", onclick: () => model.send_msg({size: true})}, icon(model, "size")),
    h("button", {title: "Log out", "aria-label": "Log out", onclick: logOut}, icon(model, "leave"))),
  ))
}
