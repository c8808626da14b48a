// How many lines of a list are chosen, where several can be: seen, and said once it is another number. Said at each arrow
// key it would hide from who listens the line that he has come to.
function countChosen(node, model) {
  const count = model.picks === "many" ? model.chosen.length : 0
  const words = count ? `${count.toLocaleString("en")} ${count === 1 ? "line" : "lines"} chosen` : node.textContent ? "no line chosen" : ""
  if (node.textContent !== words) node.textContent = words
}
