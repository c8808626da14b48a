"""Kernels are compiled at their first call and kept on disk, for all of them together.

numba looks at the file of a kernel only, but a compiled kernel holds those that it calls: one that was kept from before
another file changed would go on calling the former code. So the folder is named after all of their sources.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final

import platformdirs

# Sums may be fused with products: everything else keeps the order in which it is written.
_OPTIONS: Final = {"nogil": True, "fastmath": {"contract", "nsz"}, "error_model": "numpy"}
_HERE: Final = Path(__file__).parent
_OTHERS: Final = (_HERE.parent / "automatic" / "kernels",)


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a kernel at its first call, and keep it on disk where that can be written."""
    import numba  # a quarter of a second: only where something is compiled

    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(folder(before))
    try:
        return numba.njit(cache=True, **_OPTIONS)(function)
    except RuntimeError:  # neither beside the source nor in the user's cache folder
        return numba.njit(**_OPTIONS)(function)
    finally:
        numba.config.CACHE_DIR = before


def folder(chosen: str = "") -> Path:
    """Where compiled kernels are kept: below what NUMBA_CACHE_DIR says, beside the source, or in the user's cache."""
    beside = _HERE / "__pycache__"
    base = beside if os.access(beside if beside.exists() else _HERE, os.W_OK) else _user()
    return (Path(chosen) if chosen else base) / f"kernels-{digest()}"


@cache
def digest() -> str:
    """Of the source of all kernels."""
    found = hashlib.sha256()
    for place in (_HERE, *_OTHERS):
        for source in sorted(place.glob("*.py")):
            found.update(source.read_bytes())
    return found.hexdigest()[:16]


def _user() -> Path:
    return Path(platformdirs.user_cache_dir("imgdash"))
