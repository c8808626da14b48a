// Grey values on a canvas: a pyramid of area means, sampled at exactly the pixels the screen has.

// A source: P-values of one image in one form. `logical` are the full image's height and width, whatever this form has;
// `mm` is the length of one of its pixels, 0 where unknown.
function makeSource(pixels, height, width, bits, logical, mm = 0) {
  const [rows, columns] = logical[0] ? logical : [height, width]
  return {bits, rows, columns, mm, levels: [{pixels, height, width, fx: columns / width, fy: rows / height}]}
}

function halve(level) {
  const width = level.width >> 1, height = level.height >> 1, from = level.pixels, w = level.width
  const pixels = new from.constructor(width * height)
  for (let y = 0, o = 0; y < height; y++) {
    for (let x = 0, i = 2 * y * w; x < width; x++, i += 2) pixels[o++] = (from[i] + from[i + 1] + from[i + w] + from[i + w + 1] + 2) >> 2
  }
  return {pixels, height, width, fx: 2 * level.fx, fy: 2 * level.fy}
}

// The coarsest level that still has a pixel for each pixel of the screen.
function levelFor(source, zoom) {
  let n = 0
  for (;;) {
    const level = source.levels[n]
    if (zoom * level.fx * 2 > 1.001 || level.width < 64 || level.height < 64) return level
    if (n + 1 === source.levels.length) source.levels.push(halve(level))
    n++
  }
}

// For each pixel along one side of the screen: where to read, how far the neighbour is, its weight of 128.
function axis(length, centre, zoom, sign, factor, size, stride) {
  const offset = new Int32Array(length), step = new Int32Array(length), weight = new Int32Array(length)
  for (let s = 0; s < length; s++) {
    const at = (centre + sign * (s + 0.5 - length / 2) / zoom) / factor - 0.5
    if (at < -0.5 || at >= size - 0.5) { offset[s] = -1; continue }
    const i = Math.min(Math.max(Math.floor(at), 0), size - 1)
    offset[s] = i * stride
    step[s] = i + 1 < size && at > i ? stride : 0
    weight[s] = step[s] ? ((at - i) * 128) | 0 : 0
  }
  return {offset, step, weight}
}

// LUT of a display window: P-values lo…hi (parts of full scale) become black…white.
function fillLut(lut, bits, lo, hi, invert) {
  const size = 1 << bits, top = size - 1
  for (let i = 0; i < size; i++) {
    let v = (i / top - lo) / (hi - lo)
    v = v < 0 ? 0 : v > 1 ? 1 : v
    const grey = ((invert ? 1 - v : v) * 255 + 0.5) | 0
    lut[i] = 0xff000000 | (grey << 16) | (grey << 8) | grey
  }
}

// Draw `source` as `view` says. Rotation and mirror are of the view only: quarter turns clockwise, then mirror.
function drawImage(canvas, frame, source, view, lut, smooth) {
  const {width, height} = canvas, out = frame.words
  const level = levelFor(source, view.zoom), odd = view.turns % 2
  const sign = {x: view.mirror ? -1 : 1}
  const turn = [[1, 1], [-1, 1], [-1, -1], [1, -1]][view.turns]
  const along = axis(width, odd ? view.cy : view.cx, view.zoom, sign.x * turn[0], odd ? level.fy : level.fx,
    odd ? level.height : level.width, odd ? level.width : 1)
  const down = axis(height, odd ? view.cx : view.cy, view.zoom, turn[1], odd ? level.fx : level.fy,
    odd ? level.width : level.height, odd ? 1 : level.width)
  const px = level.pixels, ground = 0xff000000
  const {offset: ox, step: tx, weight: wx} = along
  for (let y = 0, k = 0; y < height; y++) {
    const oy = down.offset[y]
    if (oy < 0) { out.fill(ground, k, k + width); k += width; continue }
    const ty = down.step[y], wy = down.weight[y]
    if (smooth && (ty || wy)) {
      for (let x = 0; x < width; x++, k++) {
        const o = ox[x]
        if (o < 0) { out[k] = ground; continue }
        const i = oy + o, t = tx[x], w = wx[x]
        const upper = px[i] * (128 - w) + px[i + t] * w, lower = px[i + ty] * (128 - w) + px[i + ty + t] * w
        out[k] = lut[(upper * (128 - wy) + lower * wy) >> 14]
      }
    } else {
      for (let x = 0; x < width; x++, k++) { const o = ox[x]; out[k] = o < 0 ? ground : lut[px[oy + o]] }
    }
  }
  canvas.getContext("2d").putImageData(frame.data, 0, 0)
}

// From a point of the canvas to a point of the image, in pixels of the full image.
function toImage(canvas, view, x, y) {
  let dx = (x - canvas.width / 2) / view.zoom, dy = (y - canvas.height / 2) / view.zoom
  if (view.mirror) dx = -dx
  const [a, b] = [[dx, dy], [dy, -dx], [-dx, -dy], [-dy, dx]][view.turns]
  return [view.cx + a, view.cy + b]
}

// And back.
function toCanvas(canvas, view, x, y) {
  const a = x - view.cx, b = y - view.cy
  const [dx, dy] = [[a, b], [-b, a], [-a, -b], [b, -a]][view.turns]
  return [canvas.width / 2 + (view.mirror ? -dx : dx) * view.zoom, canvas.height / 2 + dy * view.zoom]
}

function valueAt(source, x, y) {
  const level = source.levels[0], i = Math.floor(x / level.fx), j = Math.floor(y / level.fy)
  return i < 0 || j < 0 || i >= level.width || j >= level.height ? null : level.pixels[j * level.width + i]
}
