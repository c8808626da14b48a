"""Attribute matching (PS3.4 C.2.2.2) as SQL conditions. What a peer sends is only ever a parameter.

Wild cards become regular expressions for DuckDB, whose engine (RE2) needs time in proportion to the text, so that a
pattern like ``*a*a*a*a*b`` keeps nobody waiting; the backtracking of LIKE has no such bound.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

from imgdash.retrieve.keys import Key

Condition: TypeAlias = tuple[str, list[Any]]
LONGEST: Final = 1024
MOST_VALUES: Final = 10_000
# Between the values of a list, when it is matched as text; no value can contain it.
_BETWEEN: Final = "\\"


class NotMatchable(Exception):
    """A value that is none of its kind, in words that fit an Error Comment."""


def condition(key: Key, values: Sequence[str]) -> Condition | None:
    """What an answer must satisfy, or None for universal matching (PS3.4 C.2.2.2.3).

    Parameters
    ----------
    values
        The values of the attribute in the identifier, several where there is a backslash. Only UIDs have lists
        in the standard; for others each value is taken as an alternative, which is what who sends that means.

    Raises
    ------
    NotMatchable
        If a date, time or number is none, or a value is too long.
    """
    given = [value.strip(" \0") for value in values]
    if not any(given) or (key.kind not in ("date", "time", "number") and "*" in given):
        return None
    if len(given) > MOST_VALUES or any(len(value) > LONGEST for value in given):
        raise NotMatchable(f"{key.keyword} is too long")
    column = f'"{key.keyword}"'
    if key.kind == "uid":
        return f"list_contains(?::varchar[], {column})", [given]
    if key.kind == "uids":
        return f"list_has_any({column}, ?::varchar[])", [given]
    alternatives = [_one(key, column, value) for value in given if value]
    sql = " or ".join(f"({one})" for one, _ in alternatives)
    return f"({sql})", [parameter for _, parameters in alternatives for parameter in parameters]


def _one(key: Key, column: str, value: str) -> Condition:
    match key.kind:
        case "date":
            return _range(key, column, value, _date)
        case "time":
            digits = f"replace({column}, ':', '')"
            whole = f"rpad(split_part({digits}, '.', 1), 6, '0') || '.' || rpad(split_part({digits}, '.', 2), 6, '0')"
            sql, parameters = _range(key, f"({whole})", value, _time)
            return f"{column} <> '' and {sql}", parameters
        case "number":
            if not re.fullmatch(r"[+-]?\d{1,12}", value):
                raise NotMatchable(f"{key.keyword} is not a number")
            return f"try_cast({column} as bigint) = ?", [int(value)]
        case "name":
            # Without regard to case, in any of the component groups; empty components at the end do not count.
            pattern = _pattern(value.rstrip("^"), "=" if "=" not in value else "")
            return f"regexp_matches({column}, ?, 'is')", [rf"(?:^|=)(?:{pattern})\^*(?:=|$)"]
        case "texts":
            text = f"array_to_string({column}, '{_BETWEEN}')"
            return f"regexp_matches({text}, ?, 's')", [rf"(?:^|\\)(?:{_pattern(value, _BETWEEN)})(?:\\|$)"]
    if "*" in value or "?" in value:
        return f"regexp_full_match({column}, ?, 's')", [_pattern(value)]
    return f"{column} = ?", [value]


def _pattern(value: str, without: str = "") -> str:
    """The regular expression of wild card matching (PS3.4 C.2.2.2.4); wild cards do not stand for `without`."""
    sign = f"[^{re.escape(without)}]" if without else "."
    # Many stars in a row mean one.
    pieces = re.split(r"(\*+|\?)", value)
    return "".join(
        f"{sign}*" if piece.startswith("*") else sign if piece == "?" else re.escape(piece) for piece in pieces
    )


def _range(key: Key, column: str, value: str, read: Callable[[Key, str], str]) -> Condition:
    """Range matching (PS3.4 C.2.2.2.5): ``first-last``, either may be missing; or a single value."""
    first, dash, last = (part.strip() for part in value.partition("-"))
    if not dash:
        return f"{column} = ?", [read(key, first)]
    sql, parameters = [f"{column} <> ''"], []
    if first:
        sql.append(f"{column} >= ?")
        parameters.append(read(key, first))
    if last:
        sql.append(f"{column} <= ?")
        parameters.append(read(key, last))
    if not parameters:
        raise NotMatchable(f"{key.keyword} is a range without ends")
    return " and ".join(sql), parameters


def _date(key: Key, text: str) -> str:
    if not re.fullmatch(r"\d{8}", text):
        raise NotMatchable(f"{key.keyword} is not a date or a range of dates")
    return text


def _time(key: Key, text: str) -> str:
    found = re.fullmatch(r"(\d{2}|\d{4}|\d{6})(?:\.(\d{1,6}))?", text.replace(":", ""))
    if found is None:
        raise NotMatchable(f"{key.keyword} is not a time or a range of times")
    return f"{found[1]:0<6}.{found[2] or '':0<6}"
