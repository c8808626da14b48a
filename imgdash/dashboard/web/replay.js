// A key replayed over its latest images: each before and after, and what changed in numbers.
export function render({model, el}) {
  el.style.height = "100%"
  const grid = h("div", {class: "grid", role: "list", tabindex: 0, "aria-label": "Images replayed"}), said = h("div", {class: "said", role: "status"}), bar = h("progress", {max: 1, value: 0, "aria-label": "Progress"})
  const amount = h("select", {"aria-label": "How many images"}, [6, 12, 24, 48].map((n) => h("option", {value: n}, `${n} images`)))
  // A replay may begin or end by itself just when a person presses: what he pressed is what he had read.
  const READING = 600
  let was = model.running, since = -READING
  const running = () => performance.now() - since > READING ? model.running : !model.running
  const go = h("button", {class: "main", onclick: () => model.send_msg(running() ? {stop: true} : {replay: Number(amount.value)})})
  const order = h("select", {"aria-label": "Order of the images", onchange: () => sort()}, [["", "latest first"], ["lost", "most lost first"], ["change", "most changed first"], ["di", "DI farthest first"]].map(([value, text]) => h("option", {value}, text)))
  const side = h("button", {class: "side", "aria-pressed": "false", title: "Show before and after on top of each other; the pointer uncovers", onclick: () => { const on = !grid.classList.contains("over"); grid.classList.toggle("over", on); side.setAttribute("aria-pressed", String(on)) }}, "Overlay")
  el.append(h("style", {}, `
    :host{color-scheme:dark}
    .all{display:flex;flex-direction:column;height:100%;background:var(--ground)}
    .top{display:flex;gap:10px;align-items:center;padding:7px 12px;border-bottom:1px solid var(--line);background:var(--panel);font-size:12px}
    .said{padding:5px 12px;font-size:12px;color:var(--dim);border-bottom:1px solid var(--line);background:var(--panel)}.said:empty{display:none}
    select,.side{font:inherit;color:inherit;background:var(--raised);border:1px solid var(--edge);border-radius:4px;padding:3px 8px}.side[aria-pressed=true]{border-color:var(--accent)}
    .main{height:28px;padding:0 14px;background:var(--accent);color:#001018;font-weight:600}progress{width:160px;height:6px;accent-color:var(--accent)}
    .grid{flex:1;min-height:0;overflow:auto;display:grid;grid-template-columns:repeat(auto-fill,minmax(336px,1fr));grid-auto-rows:max-content;gap:10px;padding:12px;align-content:start}
    figure{margin:0;border:1px solid var(--line);border-radius:4px;background:var(--panel);overflow:hidden}figure.far{border-color:var(--warn)}
    .pair{position:relative;display:flex;gap:1px;height:216px;background:#000;cursor:pointer}.pair div{position:relative;flex:1;min-width:0}
    .pair img{width:100%;height:100%;object-fit:contain;display:block}.pair small{position:absolute;left:5px;top:3px;font-size:10px;color:#cfd6de;text-shadow:0 0 3px #000}
    .over .pair div{position:absolute;inset:0}.over .pair div.after{clip-path:inset(0 0 0 var(--cut,50%))}
    .over .pair div.after small{left:auto;right:5px}.over .pair::after{content:"";position:absolute;top:0;bottom:0;left:var(--cut,50%);width:1px;background:var(--accent)}
    figcaption{padding:5px 8px 6px;font-size:11px;line-height:16px}figcaption b{font-weight:500;font-size:12px}
    .numbers{display:flex;flex-wrap:wrap;gap:0 12px;color:var(--dim)}.numbers i{font-style:normal;color:var(--text);font-variant-numeric:tabular-nums}.numbers .warn i{color:var(--warn)}
    .trouble{padding:14px;color:var(--bad);font-size:12px}.empty{grid-column:1/-1;padding:60px 20px;text-align:center;color:var(--dim);white-space:pre-line}
    .said.stale{color:var(--warn)}.grid.old{opacity:.55}
  `), h("div", {class: "all"}, h("div", {class: "top"}, amount, go, side, order, bar), said, grid))
  const sort = () => grid.append(...[...grid.querySelectorAll("figure")].sort((a, b) => order.value ? Number(b.dataset[order.value] || 0) - Number(a.dataset[order.value] || 0) : a.dataset.at - b.dataset.at))
  let at = 0
  function figure(cell) {
    const data = {role: "listitem", "data-at": at++, ...Object.fromEntries(Object.entries(cell.weights || {}).map(([name, value]) => [`data-${name}`, String(value)]))}
    if (cell.trouble) return h("figure", data, h("div", {class: "trouble"}, `${cell.title}: ${cell.trouble}`))
    const pair = h("div", {class: "pair", title: "Tune on this image", onclick: () => model.send_msg({image: cell.id})},
      h("div", {}, h("img", {src: cell.before, alt: "before"}), h("small", {}, "before")), h("div", {class: "after"}, h("img", {src: cell.after, alt: "after"}), h("small", {}, "after")))
    pair.addEventListener("pointermove", (event) => {
      const at = pair.getBoundingClientRect()
      pair.style.setProperty("--cut", `${(event.clientX - at.left) / at.width * 100}%`)
    })
    return h("figure", {class: cell.far ? "far" : "", "data-image": cell.id, ...data}, pair,
      h("figcaption", {}, h("b", {}, cell.title), h("div", {class: "numbers"}, cell.numbers.map((n) => h("span", {class: n.level || "", title: n.text || null}, `${n.label} `, h("i", {}, n.value))))))
  }
  function explain() {
    const there = grid.querySelector("figure")
    // A list without an item is none to a screen reader.
    grid.setAttribute("role", there ? "list" : "group")
    if (there) return
    grid.replaceChildren(h("div", {class: "empty"}, model.running ? "One moment …" : model.possible
      ? "Replay the parameters as they are set now over the latest images of this key,\nbeside what the version that is compared with makes of them." : "No image of this key or of its group has arrived yet: there is nothing to replay."))
  }
  model.on("msg:custom", (message) => {
    if (message.clear) { grid.replaceChildren(); at = 0; explain() }
    if (message.cell) { grid.querySelector(".empty")?.remove(); grid.append(figure(message.cell)); explain(); if (order.value) sort() }
  })
  live(model, ["cells"], () => { if (model.cells.length) { at = 0; grid.replaceChildren(...model.cells.map(figure)); explain() } })
  live(model, ["running", "done", "wanted", "said", "possible", "stale"], () => {
    if (was !== model.running) { was = model.running; since = performance.now() }
    go.textContent = model.running ? "Stop" : model.stale ? "Replay again" : "Replay"
    disable(go, !model.possible && !model.running)
    bar.hidden = !model.running
    bar.value = model.wanted ? model.done / model.wanted : 0
    said.textContent = model.running ? `${model.done} of ${model.wanted}` : model.stale ? `Parameters were changed since: replay again. ${model.said}` : model.said
    said.classList.toggle("stale", model.stale && !model.running)
    grid.classList.toggle("old", model.stale && !model.running)
    explain()
  })
}
