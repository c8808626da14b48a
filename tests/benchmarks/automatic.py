"""Automatic parameters against the truth of generated phantoms: field, exposure index, signal limits, failures.

    python -m tests.benchmarks.automatic [--images 500] [--part "CHEST PA" …] [--workers 2] [--worst 5]

Collimation, exposure and reader vary from image to image (`tests.process.phantoms`). Prints one line of JSON for
each body part and view; progress goes to stderr.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import cv2
import numpy as np

from tests.process.phantoms import PARTS, PER_PATIENT, Score, analyse


def patient(part: tuple[str, str], first: int, images: int) -> list[Score]:
    """All images of one body."""
    cv2.setNumThreads(1)
    return [analyse(*part, number) for number in range(first, min(first + PER_PATIENT, images))]


def summary(scores: list[Score], worst: int) -> dict[str, Any]:
    """One part's figures; percentiles over all its images, failures among them."""
    name, images = scores[0].part, len(scores)
    ei = [abs(score.ei_percent) for score in scores if score.ei_percent is not None]
    failed = sorted((score for score in scores if score.failed), key=lambda score: score.iou)
    silent = [score for score in failed if not score.warned]
    return {
        "part": name,
        "images": images,
        "field_mm": _spread(score.field_mm for score in scores),
        "iou": {"median": _percentile([s.iou for s in scores], 50), "p5": _percentile([s.iou for s in scores], 5)},
        "ei_percent": _spread(ei),
        "s_error": _spread(score.s_error for score in scores),
        "direct_error": _spread(abs(score.direct) for score in scores),
        "milliseconds": round(1000 * float(np.median([score.seconds for score in scores])), 1),
        "failures": len(failed),
        "failures_percent": round(100 * len(failed) / images, 2),
        "failures_of": dict(Counter(name for score in failed for name in score.wrong)),
        "failures_without_warning": len(silent),
        "without_warning_of": dict(Counter(name for score in silent for name in score.wrong)),
        "failures_by_shape": dict(Counter(score.shape for score in failed)),
        **({"worst": [_short(score) for score in failed[:worst]]} if worst else {}),
    }


def _spread(values: Iterable[float]) -> dict[str, float]:
    known = list(values)
    return {"median": _percentile(known, 50), "p95": _percentile(known, 95)}


def _percentile(values: list[float], percent: float) -> float:
    return round(float(np.percentile(values, percent)), 4)


def _short(score: Score) -> dict[str, Any]:
    shown = {name: value for name, value in vars(score).items() if value is not None}
    return {name: round(value, 3) if isinstance(value, float) else value for name, value in shown.items()}


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=500)
    parser.add_argument("--part", action="append", choices=[" ".join(part) for part in PARTS])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--worst", type=int, default=0, help="so many failures are listed with their figures")
    arguments = parser.parse_args()
    parts = [part for part in PARTS if not arguments.part or " ".join(part) in arguments.part]
    with ProcessPoolExecutor(arguments.workers) as pool:
        for part in parts:
            starts = range(0, arguments.images, PER_PATIENT)
            jobs = [pool.submit(patient, part, first, arguments.images) for first in starts]
            scores: list[Score] = []
            for job in jobs:
                scores.extend(job.result())
                sys.stderr.write(f"\r{' '.join(part)} {len(scores)}/{arguments.images} ")
                sys.stderr.flush()
            sys.stderr.write("\n")
            sys.stdout.write(json.dumps(summary(scores, arguments.worst)) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
