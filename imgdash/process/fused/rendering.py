"""The kernel of the last pass: stored pixels → P-values, mirrored if wanted, for a strip of rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from imgdash.process.fused import rows
from imgdash.process.fused.compiling import compiled
from imgdash.process.fused.model import Compression, Curve, Detail
from imgdash.process.fused.pyramid import buffers, widened

# Rows of the buffer: the pixels on their way, the detail that is added to them, the mask of equalization.
_SIGNAL, _DETAIL, _MASK = 0, 1, 2


@compiled
def render_rows(
    source: Any, table: Any, detail: Detail, compression: Compression, grade: Curve, start: int, flip_y: bool,
    flip_x: bool, out: Any,
) -> None:  # fmt: skip
    """Rows from `start` on through frequency processing, equalization and gradation, as many as `out` has.

    Parameters
    ----------
    source
        Signal; or stored patterns, uint16, which `table` makes signal of.
    flip_y, flip_x
        Fill `out` from its last row, each row from its last pixel.
    out
        P-values, uint16.
    """
    count, columns = out.shape
    one = np.uint32(1)
    (band_table, band_gain, band_offset), noise, coarser, added, beta = detail
    (noise_values, (noise_first, noise_second, noise_weight), noise_across), square = noise
    coarser_values, (coarser_first, coarser_second, coarser_weight), coarser_across = coarser
    added_values, (added_first, added_second, added_weight), added_across = added
    beta_values, (beta_first, beta_second, beta_weight), beta_across = beta
    follow, offset, (f1_table, f1_gain, f1_offset), scale, share, constant = compression
    follow_values, _, follow_across = follow
    offset_values, (offset_first, offset_second, offset_weight), offset_across = offset
    grade_table, grade_gain, grade_offset = grade
    lines = np.empty((3, columns), np.float32)
    index = np.empty(columns, np.uint16)
    of_detail = np.empty(columns, np.float32)
    held_noise, kept_noise = buffers(columns)
    held_coarser, kept_coarser = buffers(columns)
    held_added, kept_added = buffers(columns)
    held_beta, kept_beta = buffers(columns)
    held_follow, kept_follow = buffers(columns)
    held_offset, kept_offset = buffers(columns)
    for k in range(count):
        y = start + k
        rows.load(source, y, table, lines, _SIGNAL)
        if beta_values.shape[0]:
            if band_table.shape[0]:
                a, b, w = coarser_first[y], coarser_second[y], coarser_weight[y]
                widened(coarser_values, a, b, coarser_across, held_coarser, kept_coarser)
                if noise_values.shape[0]:
                    c, d = noise_first[y], noise_second[y]
                    widened(noise_values, c, d, noise_across, held_noise, kept_noise)
                    rows.core_difference(
                        lines, _SIGNAL, kept_coarser, a & one, b & one, w, band_gain, band_offset, index, kept_noise,
                        c & one, d & one, noise_weight[y], square, of_detail,
                    )  # fmt: skip
                    rows.look_up_share(index, band_table, of_detail, lines, _DETAIL)
                else:
                    rows.quantise_difference(
                        lines, _SIGNAL, kept_coarser, a & one, b & one, w, band_gain, band_offset, index
                    )
                    rows.look_up(index, band_table, lines, _DETAIL)
            else:
                lines[_DETAIL] = 0
            if added_values.shape[0]:
                a, b, w = added_first[y], added_second[y], added_weight[y]
                widened(added_values, a, b, added_across, held_added, kept_added)
                rows.add_between(lines, _DETAIL, kept_added, a & one, b & one, w)
            a, b, w = beta_first[y], beta_second[y], beta_weight[y]
            widened(beta_values, a, b, beta_across, held_beta, kept_beta)
            rows.add_product(lines, _SIGNAL, _DETAIL, kept_beta, a & one, b & one, w)
        if offset_values.shape[0]:
            a, b, w = offset_first[y], offset_second[y], offset_weight[y]
            widened(follow_values, a, b, follow_across, held_follow, kept_follow)
            widened(offset_values, a, b, offset_across, held_offset, kept_offset)
            rows.mask_of(lines, _SIGNAL, kept_follow, kept_offset, a & one, b & one, w, _MASK)
            if f1_table.shape[0]:
                rows.quantise(lines, _MASK, f1_gain, f1_offset, index)
                rows.look_up(index, f1_table, lines, _MASK)
            rows.add_scaled(lines, _SIGNAL, scale, _MASK, share, constant)
        if flip_x:
            rows.quantise_backwards(lines, _SIGNAL, grade_gain, grade_offset, index)
        else:
            rows.quantise(lines, _SIGNAL, grade_gain, grade_offset, index)
        rows.look_up(index, grade_table, out, count - 1 - k if flip_y else k)
