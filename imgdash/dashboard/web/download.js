// Hands a file that was made on the server to the browser.
export function render({model, el}) {
  el.style.display = "none"
  model.on("serial", () => {
    const url = URL.createObjectURL(new Blob([model.content], {type: model.media}))
    h("a", {href: url, download: model.file}).click()
    setTimeout(() => URL.revokeObjectURL(url), 60000)
  })
}
