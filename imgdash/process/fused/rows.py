"""What is done with one row of pixels: short loops that the compiler makes vector code of.

A row is named by its array and its number: cutting it out first would cost more than many a loop. Indices are
unsigned, so that no loop has to ask for negative ones; values are float32 throughout.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from imgdash.process.fused.compiling import compiled

_HALF = np.float32(0.5)
_LAST = np.float32(65535.0)
_QUARTER = np.float32(0.25)
_LEAST = np.float32(1e-30)  # no difference and no noise: none of it is detail, and nothing is divided by 0

Row = Any  # 1-D array; float32 unless said otherwise
Rows = Any  # 2-D array; the number of its row follows


@compiled
def load(source: Rows, y: int, table: Row, out: Rows, k: int) -> None:
    """Stored patterns through `table`; times its one entry; where it has none, the values as they are."""
    if table.shape[0] == 0:
        for x in range(out.shape[1]):
            out[k, x] = source[y, x]
    elif table.shape[0] == 1:
        factor = table[0]
        for x in range(out.shape[1]):
            out[k, x] = np.float32(source[y, x]) * factor
    else:
        for x in range(out.shape[1]):
            out[k, x] = table[np.uint16(source[y, x])]


@compiled
def look_up(index: Row, table: Row, out: Rows, k: int) -> None:
    """``out = table[index]``; `index` uint16, `table` of 65536 entries."""
    for x in range(out.shape[1]):
        out[k, x] = table[index[x]]


@compiled
def widen(values: Rows, y: int, first: Row, second: Row, weight: Row, out: Rows, k: int) -> None:
    """Interpolate along the row."""
    half = values.shape[1]
    if out.shape[1] == 2 * half:
        # Exact doubling, as nearly always: no index has to be read.
        out[k, 0], out[k, 2 * half - 1] = values[y, 0], values[y, half - 1]
        for x in range(half - 1):
            step = _QUARTER * (values[y, x + 1] - values[y, x])
            out[k, 2 * x + 1] = values[y, x] + step
            out[k, 2 * x + 2] = values[y, x + 1] - step
        return
    for x in range(out.shape[1]):
        a = values[y, first[x]]
        out[k, x] = a + weight[x] * (values[y, second[x]] - a)


@compiled
def sum_of_three(lines: Rows, a: int, b: int, c: int, wa: float, wb: float, wc: float, out: Rows, k: int) -> None:
    """Weighted sum of the rows a, b, c."""
    for x in range(out.shape[1]):
        out[k, x] = wa * lines[a, x] + wb * lines[b, x] + wc * lines[c, x]


@compiled
def narrow(lines: Rows, y: int, place: Any, weight: Any, out: Row) -> None:
    """Weighted sums of three along the row."""
    if lines.shape[1] == 2 * out.shape[0]:
        for x in range(out.shape[0]):
            out[x] = _HALF * (lines[y, 2 * x] + lines[y, 2 * x + 1])
        return
    for x in range(out.shape[0]):
        a, b, c = lines[y, place[0, x]], lines[y, place[1, x]], lines[y, place[2, x]]
        out[x] = weight[0, x] * a + weight[1, x] * b + weight[2, x] * c


@compiled
def soften(row: Row, share: float, out: Rows, k: int) -> None:
    """`share` of either neighbour, the rest of the sample itself; the ends are mirrored."""
    last = row.shape[0] - 1
    rest = np.float32(1) - 2 * share
    for x in range(1, last):
        out[k, x] = rest * row[x] + share * (row[x - 1] + row[x + 1])
    out[k, 0] = rest * row[0] + share * (row[0] + row[min(1, last)])
    out[k, last] = rest * row[last] + share * (row[max(last - 1, 0)] + row[last])


@compiled
def quantise(row: Rows, k: int, gain: float, offset: float, out: Row) -> None:
    """Table index of a row, saturated; `offset` includes the half that rounds."""
    for x in range(out.shape[0]):
        out[x] = np.uint16(min(max(row[k, x] * gain + offset, _HALF), _LAST))


@compiled
def quantise_backwards(row: Rows, k: int, gain: float, offset: float, out: Row) -> None:
    """The same from the other end: cheaper here, where nothing is looked up, than when the table is read."""
    last = np.uint32(out.shape[0] - 1)
    for x in range(out.shape[0]):
        out[last - np.uint32(x)] = np.uint16(min(max(row[k, x] * gain + offset, _HALF), _LAST))


@compiled
def quantise_difference(
    row: Rows, k: int, kept: Rows, a: int, b: int, w: float, gain: float, offset: float, out: Row
) -> None:
    """Table index of ``row − (a + w·(b − a))``."""
    for x in range(out.shape[0]):
        value = (row[k, x] - (kept[a, x] + w * (kept[b, x] - kept[a, x]))) * gain + offset
        out[x] = np.uint16(min(max(value, _HALF), _LAST))


@compiled
def core_difference(
    row: Rows, k: int, kept: Rows, a: int, b: int, w: float, gain: float, offset: float, out: Row, noise: Rows, c: int,
    d: int, v: float, square: float, share: Row,
) -> None:  # fmt: skip
    """The same, and how much of each difference x is detail: ``x⁴/(x⁴ + (square·n)²)``, n between rows of `noise`."""
    for x in range(out.shape[0]):
        difference = row[k, x] - (kept[a, x] + w * (kept[b, x] - kept[a, x]))
        value = difference * gain + offset
        out[x] = np.uint16(min(max(value, _HALF), _LAST))
        power = difference * difference
        threshold = square * (noise[c, x] + v * (noise[d, x] - noise[c, x]))
        share[x] = power * power / (power * power + (threshold * threshold + _LEAST))


@compiled
def look_up_share(index: Row, table: Row, share: Row, out: Rows, k: int) -> None:
    """``out = table[index]·share``."""
    for x in range(out.shape[1]):
        out[k, x] = table[index[x]] * share[x]


@compiled
def add_between(row: Rows, k: int, kept: Rows, a: int, b: int, w: float) -> None:
    """``row += a + w·(b − a)``."""
    for x in range(row.shape[1]):
        row[k, x] += kept[a, x] + w * (kept[b, x] - kept[a, x])


@compiled
def add_product(lines: Rows, to: int, detail: int, kept: Rows, a: int, b: int, w: float) -> None:
    """``lines[to] += lines[detail]·(a + w·(b − a))``."""
    for x in range(lines.shape[1]):
        lines[to, x] += lines[detail, x] * (kept[a, x] + w * (kept[b, x] - kept[a, x]))


@compiled
def mask_of(lines: Rows, k: int, follow: Rows, offset: Rows, a: int, b: int, w: float, to: int) -> None:
    """The edge-following mask ``follow·row + offset``, both between two rows, into row `to`."""
    for x in range(lines.shape[1]):
        factor = follow[a, x] + w * (follow[b, x] - follow[a, x])
        lines[to, x] = factor * lines[k, x] + (offset[a, x] + w * (offset[b, x] - offset[a, x]))


@compiled
def add_scaled(lines: Rows, k: int, scale: float, other: int, share: float, constant: float) -> None:
    """``row = scale·row + share·other + constant``."""
    for x in range(lines.shape[1]):
        lines[k, x] = scale * lines[k, x] + share * lines[other, x] + constant
