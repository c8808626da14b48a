// Bokeh lays out the whole document wherever one thing in it is shown, hidden or changes its size: all pages that were ever
// opened, and anew for each thing that has another size after it. With nine pages a change of page took a second of that.
// What is hidden is left out until it is shown, and what changes its size in one frame is laid out once.
function layOutLess(view) {
  let kind = view
  while (kind && !Object.hasOwn(kind, "layoutable_views")) kind = Object.getPrototypeOf(kind)
  if (!kind || kind.layOutLess) return
  kind.layOutLess = true
  const all = Object.getOwnPropertyDescriptor(kind, "layoutable_views").get, resized = kind._after_resize
  Object.defineProperty(kind, "layoutable_views", {configurable: true, get() { return all.call(this).filter((child) => child.model.visible) }})
  const due = new Set()
  kind._after_resize = function () {
    let root = this
    while (!root.is_layout_root) root = root.parent
    if (root === this) { resized.call(this); return }
    if (due.has(root)) return
    due.add(root)
    requestAnimationFrame(() => { due.delete(root); if (root.el.isConnected) root.compute_layout() })
  }
}
