"""Conditions of a list as SQL: words, values, order. What is foreign becomes a parameter, never text of a query."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Final

from imgdash.model import ImgdashError

# UIDs and our own ids are long: looked for in the columns that hold them, and only there.
_ID: Final = re.compile(r"[0-9]+(\.[0-9]+){3,}|[0-9a-f]{16,}|\S{40,}")


def among(column: str, values: Sequence[str]) -> tuple[str, list[str]]:
    """A condition for values of a list, and its parameters: told one by one, the database can use its index."""
    return (f"{column} in ({', '.join('?' * len(values))})" if values else "false"), list(values)


def words(text: str, columns: Sequence[str], ids: Sequence[str]) -> tuple[list[str], list[Any]]:
    """Conditions for words, each of which is to be found: a name may be given in any order of its parts."""
    where: list[str] = []
    params: list[Any] = []
    told = text.split()[:8]
    for word in [word for word in told if _ID.fullmatch(word)]:
        where.append(" or ".join(f"contains({column}, ?)" for column in ids))
        params += [word] * len(ids)
    bare = f"strip_accents(lower(concat_ws(' ', {', '.join(columns)})))"
    for word in [word for word in told if not _ID.fullmatch(word)]:
        where.append(f"contains({bare}, ?)")
        params.append(_bare(word))
    return where, params


def _bare(word: str) -> str:
    """A word without case and accents."""
    parts = unicodedata.normalize("NFD", word.lower())
    return unicodedata.normalize("NFC", "".join(part for part in parts if not unicodedata.combining(part)))


def in_order(sorts: Mapping[str, str], sort: str, down: bool, then: str) -> str:
    """What to sort by, with `then` among equals.

    Raises
    ------
    ImgdashError
        If `sort` is no name in `sorts`.
    """
    if sort not in sorts:
        raise ImgdashError(f"A list cannot be sorted by {sort!r}.", f"Possible: {', '.join(sorts)}.")
    way = "desc" if down else "asc"
    return f"{sorts[sort]} {way} nulls last, {then} desc"


__all__ = ["among", "in_order", "words"]
