"""Text inside HL7 v2 messages: separators, escape sequences (v2.5.1 2.7), character sets (table 0211)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Self

CHARSETS: Final = {
    "ASCII": "ascii",
    "UNICODE": "utf-8",
    "UNICODE UTF-8": "utf-8",
    "UNICODE UTF-16": "utf-16",
    "ISO IR6": "ascii",
    "ISO IR14": "iso2022_jp_ext",
    "ISO IR87": "iso2022_jp_ext",
    "ISO IR159": "iso2022_jp_ext",
    "GB 18030-2000": "gb18030",
    "KS X 1001": "euc_kr",
    "BIG-5": "big5",
    **{f"8859/{part}": f"iso8859-{part}" for part in (1, 2, 3, 4, 5, 6, 7, 8, 9, 15)},
}


@dataclass(frozen=True)
class Separators:
    """MSH-1 and MSH-2."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    sub: str = "&"

    @classmethod
    def of(cls, text: str) -> Self:
        """Those that the message beginning with `text` declares; absent ones keep the recommended value."""
        field = text[3]
        encoding = text[4:].split(field, 1)[0][:4]
        return cls(field, *encoding)

    @property
    def encoding(self) -> str:
        """MSH-2."""
        return self.component + self.repetition + self.escape + self.sub


def escape(text: str, s: Separators) -> str:
    """`text` as one value: what would separate or end a segment is escaped.

    Line ends become ``\\.br\\``; other control characters, which could end the MLLP frame, hexadecimal.
    """
    letters = {s.field: "F", s.component: "S", s.repetition: "R", s.escape: "E", s.sub: "T"}

    def one(match: re.Match[str]) -> str:
        found = match[0]
        if found in ("\r\n", "\r", "\n"):
            return f"{s.escape}.br{s.escape}"
        return s.escape + letters.get(found, f"X{ord(found):02X}") + s.escape

    special = re.escape(s.field + s.encoding)
    return re.sub(rf"\r\n|[\x00-\x1f\x7f{special}]", one, text)


def unescape(text: str, s: Separators) -> str:
    """The value meant by `text`. Highlighting and unknown sequences are left out, as HL7 asks."""
    if s.escape not in text:
        return text
    letters = {"F": s.field, "S": s.component, "R": s.repetition, "E": s.escape, "T": s.sub, ".br": "\n", ".sp": "\n"}

    def one(match: re.Match[str]) -> str:
        sequence = match[1]
        if sequence in letters:
            return letters[sequence]
        if re.fullmatch(r"X(?:[0-9A-Fa-f]{2})+", sequence):
            return _hexadecimal(bytes.fromhex(sequence[1:]))
        return ""

    e = re.escape(s.escape)
    return re.sub(rf"{e}([^{e}\r]*){e}", one, text)


def _hexadecimal(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")
