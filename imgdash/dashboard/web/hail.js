// Calls Python until it answers: from then on what Python sends arrives, so the views ask once for what they have become.
// A notebook that is read without a kernel gives up.
export function render({model, view, el}) {
  const root = view.root.model.id, shown = window.imgdashShown ??= new Map()
  const kernel = window.PyViz?.kernels?.[root]
  let heard = false, calls = 0, notebook = null
  shown.set(root, (shown.get(root) ?? 0) + 1)
  const call = () => {
    notebook ??= around(el)
    if (heard || calls > 40) return
    model.send_msg({call: ++calls})
    setTimeout(call, 250 * Math.min(calls, 8))
  }
  model.on("msg:custom", () => {
    if (!heard) model.send_msg({built: root})
    heard = true
  })
  model.on("remove", () => {
    heard = true
    shown.set(root, shown.get(root) - 1)
    // A notebook that was closed may be opened again, with the same views.
    if (!notebook || notebook.isConnected) setTimeout(gone, 2000)
  })
  // The message by which Panel lets views go; JupyterLab's extension does not get it through.
  const gone = () => {
    if (shown.get(root) || !kernel) return
    const comm = kernel.connectToComm("hv-extension-comm")
    comm.open()
    comm.send({event_type: "delete", id: root})
  }
  call()
}

const around = (el) => {
  for (let node = el; node; node = node.parentNode ?? node.host) if (node.matches?.(".jp-Notebook")) return node
  return null
}
