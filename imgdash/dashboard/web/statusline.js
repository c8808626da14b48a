// The line below every page: the latest message with what can be done about it, older ones on demand, the connection.
// It has a place of its own, so that nothing that is said covers the work.
const SECONDS = {info: 6, success: 6, warning: 15, error: 60}
const FACES = {info: "eye", success: "check", warning: "warning", error: "warning"}
const WORDS = {info: "Note", success: "Done", warning: "Warning", error: "Error"}
const KEPT = 50, BEAT = 5000
export function render({model, view, el}) {
  const said = h("div", {class: "said", role: "status", "aria-live": "polite"}), alarm = h("div", {class: "hidden", role: "alert"})
  const past = h("div", {class: "past", hidden: true, role: "log", "aria-label": "Messages", tabindex: -1})
  const more = h("button", {class: "more", "aria-expanded": "false", onclick: () => unfold(past.hidden)})
  const link = h("span", {class: "link"}), left = h("span", {class: "left"})
  const all = h("div", {class: "all"}, said, more, link, alarm, past)
  el.append(h("style", {}, `
    .all{position:relative;display:flex;gap:10px;align-items:center;height:28px;padding:0 6px 0 10px;background:var(--panel);border-top:1px solid var(--line);font-size:12px;white-space:nowrap}
    .said{position:relative;flex:1;min-width:0;display:flex;gap:8px;align-items:center;height:100%}.said .text{min-width:0;overflow:hidden;text-overflow:ellipsis}.said .text small{color:var(--dim);font-size:12px;margin-left:6px}
    .said svg{width:15px;height:15px}.said .close svg{color:var(--dim)}.info svg{color:var(--accent)}.success svg{color:var(--good)}.warning svg{color:var(--warn)}.error svg{color:var(--bad)}
    .all.error{background:color-mix(in srgb,var(--bad) 16%,var(--panel))}.all.warning{background:color-mix(in srgb,var(--warn) 10%,var(--panel))}
    button{height:20px;padding:0 8px;border-color:var(--line);background:var(--raised);font-size:12px;line-height:18px;flex:none}button:hover{border-color:var(--dim)}
    .said button{border-color:var(--accent)}.said button.close{border-color:transparent;background:none;padding:0 2px}
    .left{position:absolute;left:0;bottom:0;height:2px;width:100%;background:var(--accent);transform-origin:left}
    .more b{color:var(--bad)}.more[hidden]{display:none}
    .link{display:flex;gap:5px;align-items:center;color:var(--dim)}.link svg{width:14px;height:14px}.link.away{color:var(--text);font-weight:600;font-size:13px;background:color-mix(in srgb,var(--bad) 45%,var(--panel));align-self:stretch;padding:0 12px;margin-right:-6px}
    .hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
    .past{position:absolute;right:6px;bottom:29px;z-index:2000;width:min(560px,calc(60vw/var(--scale,1)));max-height:calc(50vh/var(--scale,1));overflow:auto;background:var(--raised);border:1px solid var(--line);border-radius:6px;box-shadow:0 -8px 32px #000a;white-space:normal}
    .past div{display:grid;grid-template-columns:18px 1fr auto auto;gap:8px;padding:7px 10px;border-bottom:1px solid var(--line);overflow-wrap:anywhere}.past svg{width:15px;height:15px;margin-top:1px}
    .past small{display:block;color:var(--dim)}.past time{color:var(--dim);font-variant-numeric:tabular-nums}.past[hidden]{display:none}
  `), all)
  let messages = [], shown = null, timer = 0, unread = 0
  const clock = (at) => at.toTimeString().slice(0, 8)
  const text = (message) => h("span", {class: "text", title: [message.text, message.detail].filter(Boolean).join(" ")}, message.text, message.detail ? h("small", {}, message.detail) : null)
  function show(message) {
    clearTimeout(timer)
    shown = message
    all.className = `all ${message ? message.kind : ""}`
    // A message that goes leaves the keyboard to those that can be read again.
    const node = el.getRootNode().activeElement, had = node && node !== pointed() && said.contains(node)
    if (!message) { fill(said); if (had) more.focus(); return }
    fill(said, icon(model, FACES[message.kind] || "eye", WORDS[message.kind]), text(message),
      ...message.does.map((name) => h("button", {"data-does": name, onclick: () => { model.send_msg({does: name, serial: message.serial}); if (shown === message) show(null) }}, name)),
      h("button", {class: "close", "aria-label": "Close this message", onclick: () => show(null)}, icon(model, "cross")),
      message.does.length ? left : null)
    if (had) more.focus()
    const ends = performance.now() + 1000 * message.seconds
    // A few times a second: an animation would have the browser draw sixty frames for a line that shrinks.
    const run = () => {
      const rest = ends - performance.now()
      left.style.transform = `scaleX(${Math.max(rest, 0) / (1000 * message.seconds)})`
      if (rest <= 0) show(null)
      else timer = setTimeout(run, Math.min(rest, message.does.length ? 250 : rest))
    }
    run()
  }
  function count() {
    more.hidden = !messages.length
    fill(more, unread ? h("b", {}, `${unread} ${unread === 1 ? "error" : "errors"}`) : "Messages")
    more.setAttribute("aria-label", unread ? `Messages, ${unread} unread errors` : "Messages")
  }
  function unfold(on) {
    past.hidden = !on
    more.setAttribute("aria-expanded", String(on))
    if (!on) return
    unread = 0
    count()
    fill(past, ...messages.map((message) => h("div", {class: message.kind}, icon(model, FACES[message.kind] || "eye", WORDS[message.kind]), h("span", {}, message.text, message.detail ? h("small", {}, message.detail) : null), h("span", {class: "leads"}, (message.lasting || []).map((name) => h("button", {"data-does": name, onclick: () => { unfold(false); model.send_msg({does: name, serial: message.serial}) }}, name))), h("time", {}, clock(message.at)))))
    past.focus()
  }
  // What no longer holds is not to be read later either.
  function withdraw(about) {
    messages = messages.filter((message) => message.about !== about)
    if (shown && shown.about === about) show(null)
    count()
    if (!past.hidden) unfold(messages.length > 0)
  }
  past.addEventListener("keydown", (event) => { if (event.key === "Escape") { event.stopPropagation(); unfold(false); more.focus() } })
  const outside = (event) => { if (!past.hidden && !event.composedPath().includes(el)) unfold(false) }
  document.addEventListener("pointerdown", outside)
  model.on("msg:custom", (message) => {
    if (message.withdraw !== undefined) { withdraw(message.withdraw); return }
    const one = {...message, at: new Date(), seconds: message.seconds || SECONDS[message.kind] || 6}
    if (one.about) messages = messages.filter((other) => other.about !== one.about)
    messages = [one, ...messages].slice(0, KEPT)
    if (one.kind === "error") { unread += 1; alarm.textContent = [one.text, one.detail].filter(Boolean).join(" ") }
    // A failure is not displaced by what merely went well.
    if (!shown || shown.kind !== "error" || one.kind === "error" || one.does.length || shown.about && shown.about === one.about) show(one)
    count()
    if (!past.hidden) unfold(true)
  })
  // Where the server ended, the page is brought back to the same place (its address) as soon as it answers again. One
  // that is only slow, or a cable that was pulled, is said, and nothing on the page is lost.
  const connected = (on) => {
    link.className = on ? "link" : "link away"
    fill(link, icon(model, on ? "check" : "warning"), on ? "connected" : "The station does not answer. Trying again …")
    // Nothing can be done on a page whose station is away: it neither looks nor acts as if it could.
    document.body.toggleAttribute("inert", !on)
    document.body.style.filter = on ? "" : "saturate(.3) brightness(.8)"
  }
  const alive = () => fetch("healthz", {method: "HEAD", cache: "no-store", signal: AbortSignal.timeout(2 * BEAT)}).then((answer) => answer.ok).catch(() => false)
  let looking = 0, ended = false, missed = 0
  const look = async (wait) => {
    if (await alive()) {
      if (ended) { window.location.reload(); return }
      looking = missed = 0
      connected(true)
      return
    }
    looking = setTimeout(() => look(Math.min(wait * 1.5, 10000)), wait)
  }
  const lost = () => { if (!looking) { connected(false); looking = setTimeout(() => look(500), 300) } }
  view.model.document?.on_event("connection_lost", () => { ended = true; lost() })
  let asking = false
  const beating = setInterval(async () => {
    if (looking || asking) return
    asking = true
    missed = await alive() ? 0 : missed + 1
    asking = false
    if (missed >= 2 && !looking) lost()
  }, BEAT)
  connected(true)
  count()
  model.on("remove", () => { clearTimeout(timer); clearTimeout(looking); clearInterval(beating); document.removeEventListener("pointerdown", outside) })
}
