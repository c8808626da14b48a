// The address names the page and what it shows. Another page is a step that the browser's Back takes back; another line or
// image of the same page is none: who reviewed a hundred images is one step away from the page he came from.
export function render({model}) {
  const page = (search) => new URLSearchParams(search).get("page")
  // Steps of Back and Forward that the station does not know of yet: what it says meanwhile is of the page that was left, and
  // put there it would be one step more, in the way of the next Back.
  let moving = 0
  const put = () => {
    const now = window.location.search
    if (moving || !model.search || model.search === now) return
    const step = page(now) && page(now) !== page(model.search)
    window.history[step ? "pushState" : "replaceState"](null, "", model.search)
  }
  // Bokeh sends what came from the station back in full with the first message from here, which is lost then: of a page that
  // has just come, the first click would be.
  const there = () => { put(); model.send_msg({there: model.search}) }
  const moved = () => { moving += 1; model.send_msg({moved: window.location.search}) }
  window.addEventListener("popstate", moved)
  model.on("search", there)
  model.on("msg:custom", () => { moving -= 1; put() })
  model.on("remove", () => window.removeEventListener("popstate", moved))
  put()
}
