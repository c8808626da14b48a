// Text as it stands, with line numbers.
export function render({model, el}) {
  el.style.height = "100%"
  const box = h("div", {class: "box", tabindex: 0, role: "region", "aria-label": model.label})
  el.append(h("style", {}, `
    .box{height:100%;overflow:auto;background:var(--ground);padding:10px 0;font:12px/1.55 ui-monospace,'DejaVu Sans Mono',monospace;outline-offset:-2px}
    .line{display:grid;grid-template-columns:52px 1fr;white-space:pre-wrap;overflow-wrap:anywhere;padding-right:16px}.line i{font-style:normal;color:var(--faint);text-align:right;padding-right:14px;user-select:none}
    .comment{color:var(--faint)}.table{color:var(--accent)}.empty{padding:20px;color:var(--dim);font-family:var(--font)}
    .plain .line{grid-template-columns:14px 1fr}.plain i{visibility:hidden}
  `), box)
  live(model, ["text", "empty", "numbers"], () => {
    box.classList.toggle("plain", !model.numbers)
    box.replaceChildren(...model.text ? model.text.replace(/\n$/, "").split("\n").map((line, n) => h("div", {class: `line ${line.trimStart().startsWith("#") ? "comment" : /^\s*\[/.test(line) && model.numbers ? "table" : ""}`}, h("i", {}, String(n + 1)), h("span", {}, line || " ")))
      : [h("div", {class: "empty"}, model.empty)])
  })
}
