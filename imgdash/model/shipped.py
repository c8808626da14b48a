"""Where the data files that come with imgdash are: condition keys, physics tables."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path


def folder(name: str) -> Path:
    """A folder of ``data/``: inside an installed package, beside the package in a checkout."""
    package = Path(str(files("imgdash")))
    installed = package / "_data"
    return (installed if installed.is_dir() else package.parent / "data") / name
