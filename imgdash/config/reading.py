"""Reading a site file: a wrong value is refused with the place in the file, what is wrong and what would be right."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from imgdash.config.refusal import refusals
from imgdash.config.site import Site
from imgdash.model.errors import ImgdashError


def load(path: Path | str) -> Site:
    """Read and check a site file.

    Raises
    ------
    ImgdashError
        If the file is missing, is not TOML, or has a value that does not fit; names line or key.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ImgdashError(f"No site file at {path}.", f"'imgdash init {path.parent}' makes one.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ImgdashError(f"The site file {path} cannot be read: {error}.", "Check its rights; it is UTF-8.") from None
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ImgdashError(f"The site file {path} is not valid TOML: {error}.", "Mend that line.") from None
    return parse(raw, path)


def parse(raw: dict[str, Any], path: Path) -> Site:
    """Check the content of a site file; TOML's singular table names become the plural ones of `Site`."""
    content = {"peers" if key == "peer" else key: value for key, value in raw.items()}
    if "folder" in content:
        raise ImgdashError(f"In {path}: 'folder' is not a setting.", "The site folder is where the site file is.")
    try:
        return Site(**content, folder=path.resolve().parent)
    except ValidationError as error:
        lines = "; ".join(said.removesuffix(".") for said in refusals(error))
        raise ImgdashError(
            f"The site file {path} has {error.error_count()} mistake(s): {lines}.", "Mend these keys."
        ) from None
