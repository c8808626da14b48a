// Pixels over HTTP, kept a while: small forms of many images, full frames of a few.
function makeLoader() {
  const kept = new Map(), limits = {frame: 3, original: 1, output: 3, preview: 40, received: 6}
  function trim(kind) {
    const keys = [...kept.keys()].filter((key) => kept.get(key).kind === kind)
    while (keys.length > limits[kind]) drop(keys.shift())
  }
  // What is still on its way is wanted no more.
  function drop(key) {
    const entry = kept.get(key)
    kept.delete(key)
    if (!entry.done) entry.abort.abort()
  }
  // `what`: {image, version, logical, mm, condition}; `trial`: parameters as JSON, tried and not kept.
  function load(what, kind, trial) {
    const asked = {...(trial ? {o: trial} : {v: what.version}), ...(what.condition ? {c: what.condition} : {}), ...(what.output ? {a: what.output} : {})}
    const key = `image/${what.image}/${kind}?` + new URLSearchParams(asked)
    if (kept.has(key)) {
      const entry = kept.get(key)
      kept.delete(key)
      kept.set(key, entry)
      return entry
    }
    const abort = new AbortController()
    const entry = {kind, image: what.image, done: false, abort}
    const small = kind === "preview" || kind === "received"
    entry.promise = fetch(key, {signal: abort.signal, credentials: "same-origin", priority: small ? "high" : "low"}).then(async (answer) => {
      if (answer.status === 401) window.location.reload()
      if (!answer.ok) {
        const why = await answer.json().catch(() => ({}))
        throw Object.assign(new Error(why.error || `The station answered ${answer.status}.`), {remedy: why.remedy || ""})
      }
      const [height, width] = answer.headers.get("X-Shape").split(",").map(Number), bits = Number(answer.headers.get("X-Bits"))
      const buffer = await answer.arrayBuffer()
      // The image was changed since its version was told: these pixels are not what the address says.
      if (answer.headers.get("Cache-Control") === "no-store" && kept.get(key) === entry) kept.delete(key)
      entry.source = makeSource(bits > 8 ? new Uint16Array(buffer) : new Uint8Array(buffer), height, width, bits, what.logical, what.mm)
      entry.done = true
      return entry.source
    })
    entry.promise.catch(() => kept.delete(key))
    if (!trial) { kept.set(key, entry); trim(kind) }
    return entry
  }
  // Full frames still on their way that nobody wants any more.
  function only(images) {
    for (const [key, entry] of kept) if (!entry.done && (entry.kind === "frame" || entry.kind === "original") && !images.includes(entry.image)) drop(key)
  }
  return {load, only}
}
