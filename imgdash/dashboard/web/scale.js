// All is drawn at one scale (theme.py): by the width of the window, or at that which a person chose.
export function render({model}) {
  const page = document.documentElement.style
  live(model, ["scale"], () => (model.scale ? page.setProperty("--scale", model.scale) : page.removeProperty("--scale")))
  model.on("remove", () => page.removeProperty("--scale"))
}
