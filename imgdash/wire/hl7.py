"""HL7 v2 messages: parse, build, acknowledge (HL7 v2.5.1 chapter 2).

The `hl7` library splits a message into its parts; escaping (2.7) and character sets (MSH-18) are done here,
because the library drops what it cannot map and writes non-ASCII text as code point numbers.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal, NamedTuple

import hl7

from imgdash.model.codes import Code
from imgdash.model.errors import PeerFailed, Unreadable
from imgdash.wire.hl7_text import CHARSETS, Separators, escape, unescape

VERSION: Final = "2.5.1"
# MSH-9.3 where it is not simply type_trigger (HL7 v2.5.1 table 0354).
STRUCTURES: Final = {"ACK": "ACK"}
Outcome = Literal["AA", "AE", "AR"]

_PATH = re.compile(r"(?:([A-Z][A-Z0-9]{2})-)?(\d{1,3})(?:\[(\d{1,3})\])?(?:\.(\d{1,3}))?(?:\.(\d{1,3}))?")


class AckOutcome(NamedTuple):
    """What the peer says of our message: accepted (AA), error (AE), rejected (AR), and its words."""

    code: Outcome
    text: str


class Repeat(tuple[Any, ...]):
    """The repetitions of one field, for `build`."""


@dataclass(frozen=True)
class Segment:
    """One segment of a message."""

    name: str
    fields: hl7.Segment
    separators: Separators

    def get(self, path: str) -> str:
        """The value at `path`: ``5``, ``5.1``, ``5.1.2``, second repetition ``3[2].1``; segment name optional.

        What is absent, and HL7's explicit null (two quotation marks), is an empty string. Without a component the
        whole field is returned, with its component separators.
        """
        match = _PATH.fullmatch(path)
        if match is None:
            raise ValueError(f"not a path into an HL7 segment: {path!r}")
        number, repetition, component, sub = (int(part) if part else 0 for part in match.groups()[1:])
        if number >= len(self.fields):
            return ""
        raw = str(self.fields[number])
        if self.name == "MSH" and number <= 2:
            return raw
        s = self.separators
        for wanted, separator in ((repetition or 1, s.repetition), (component, s.component), (sub, s.sub)):
            if wanted:
                parts = raw.split(separator)
                raw = parts[wanted - 1] if wanted <= len(parts) else ""
        return "" if raw == '""' else unescape(raw, s)

    def repetitions(self, number: int) -> int:
        """How many repetitions field `number` has; 0 if it is absent."""
        if number >= len(self.fields) or not str(self.fields[number]):
            return 0
        return len(str(self.fields[number]).split(self.separators.repetition))


@dataclass(frozen=True)
class Message:
    """A parsed message. Paths are written ``PID-3.1``."""

    parsed: hl7.Message
    separators: Separators

    def segments(self, name: str = "") -> list[Segment]:
        """The segments called `name`, in order; all of them without a name."""
        return [
            Segment(kind, segment, self.separators)
            for segment in self.parsed
            if (kind := str(segment[0])) == name or not name
        ]

    def get(self, path: str) -> str:
        """The value at `path` in the first segment of that name; an empty string where there is none."""
        found = self.segments(path[:3])
        return found[0].get(path) if found else ""

    @property
    def type(self) -> str:
        """Message type and trigger, e.g. ``ORM^O01``."""
        return f"{self.get('MSH-9.1')}^{self.get('MSH-9.2')}"

    @property
    def control_id(self) -> str:
        """MSH-10."""
        return self.get("MSH-10")


def parse(data: bytes) -> Message:
    """Split a message into its parts, decoded as MSH-18 says.

    Raises
    ------
    Unreadable
        If there is no MSH segment, or the bytes are not of the character set that MSH-18 names.
    """
    head = data.lstrip(b"\r\n \t")
    first = head.split(b"\r", 1)[0].split(b"\n", 1)[0]
    if not first.startswith(b"MSH") or len(first) < 9:
        raise Unreadable("This is not an HL7 message: it does not begin with an MSH segment.", "Check the sender.")
    declared = first.decode("latin-1").split(chr(first[3]))
    # Of several, the later ones are switched to by ISO 2022 escapes and contain the first (ASCII).
    charset = declared[17].split("~")[-1].split("^")[0].strip() if len(declared) > 17 else ""
    try:
        text = _decode(head, charset)
    except (LookupError, UnicodeError):
        raise Unreadable(
            f"The HL7 message is not in the character set it names in MSH-18 ({charset[:20]!r}).",
            "Set the right character set at the sender.",
        ) from None
    text = text.replace("\r\n", "\r").replace("\n", "\r")
    try:
        separators = Separators.of(text)
        return Message(hl7.parse(text), separators)
    except (hl7.ParseException, ValueError, IndexError, KeyError):
        raise Unreadable("The HL7 message cannot be split into segments.", "Check MSH-1 and MSH-2.") from None


def build(
    type: str,
    trigger: str,
    segments: Iterable[Sequence[Any]] = (),
    *,
    control_id: str = "",
    sender: tuple[str, str] = ("IMGDASH", ""),
    receiver: tuple[str, str] = ("", ""),
    at: datetime | None = None,
    structure: str = "",
) -> bytes:
    """A message in UTF-8, MSH in front.

    Parameters
    ----------
    segments
        ``["PID", "1", "", ["123", "", "", "H"], …]``: the name, then the fields from number 1. A field is text
        (escaped as one value), a list of components (each of which may be a list of subcomponents), a
        `Repeat` of fields, a `Code` (→ CWE), a date or time, a number, or None.
    control_id
        MSH-10; a new one if empty.
    sender, receiver
        Application and facility.
    """
    s = Separators()
    moment = at or datetime.now().astimezone()
    message_type = [type, trigger, structure or STRUCTURES.get(type, f"{type}_{trigger}")] if trigger else [type]
    header = [
        *sender, *receiver, moment, "", message_type, control_id or new_control_id(), "P", VERSION,
        *[""] * 5, "UNICODE UTF-8",
    ]  # fmt: skip
    lines = ["MSH" + s.field + s.encoding + s.field + s.field.join(_field(value, s) for value in header)]
    for name, *fields in segments:
        lines.append(s.field.join([str(name), *(_field(value, s) for value in fields)]).rstrip(s.field))
    return ("\r".join(lines) + "\r").encode("utf-8")


def ack(message: Message | None, code: Outcome, text: str = "") -> bytes:
    """The acknowledgement of `message`; None where it could not be parsed, so that there is nothing to refer to."""
    if message is None:
        return build("ACK", "", [["MSA", code, "", text[:80]]])
    return build(
        "ACK",
        message.get("MSH-9.2"),
        [["MSA", code, message.control_id, text[:80]]],
        sender=(message.get("MSH-5"), message.get("MSH-6")),
        receiver=(message.get("MSH-3"), message.get("MSH-4")),
    )


def check_ack(sent_control_id: str, answer: bytes) -> AckOutcome:
    """What `answer` says of the message sent with `sent_control_id`.

    Raises
    ------
    PeerFailed
        If it is no acknowledgement, or acknowledges another message: MSA-2 must equal the MSH-10 sent.
    """
    try:
        message = parse(answer)
    except Unreadable as error:
        raise PeerFailed(f"The answer is not an HL7 acknowledgement: {error.cause}", heard=True) from None
    acknowledged = message.get("MSA-2")
    if not message.segments("MSA") or acknowledged != sent_control_id:
        raise PeerFailed(
            f"The peer acknowledged message {acknowledged[:40]!r}, not ours ({sent_control_id!r}).",
            "It mixes up its answers; the message will be sent again.",
            heard=True,
        )
    # Enhanced mode's commit codes say the same of taking the message in.
    code = {"CA": "AA", "CE": "AE", "CR": "AR"}.get(message.get("MSA-1"), message.get("MSA-1"))
    words = [message.get("MSA-3"), message.get("ERR-8"), message.get("ERR-7")]
    if code not in ("AA", "AE", "AR"):
        raise PeerFailed(f"The peer's acknowledgement code is {code[:8]!r}; AA, AE or AR were expected.", heard=True)
    return AckOutcome(code, "; ".join(dict.fromkeys(filter(None, words))))  # type: ignore[arg-type]


def new_control_id() -> str:
    """A new MSH-10: 20 characters, the field's length in HL7 v2.5.1."""
    return uuid.uuid4().hex[:20].upper()


def _decode(data: bytes, charset: str) -> str:
    if charset:
        return data.decode(CHARSETS[charset.upper()])
    # No MSH-18 means ASCII; senders that mean something else mostly mean these.
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _field(value: Any, s: Separators) -> str:
    if isinstance(value, Repeat):
        return s.repetition.join(_field(part, s) for part in value)
    if isinstance(value, Code):
        value = [value.value, value.meaning, value.scheme]
    if isinstance(value, list | tuple):
        return s.component.join(_component(part, s) for part in value).rstrip(s.component)
    return escape(_text(value), s)


def _component(value: Any, s: Separators) -> str:
    if isinstance(value, list | tuple):
        return s.sub.join(escape(_text(part), s) for part in value).rstrip(s.sub)
    return escape(_text(value), s)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.strftime("%Y%m%d%H%M%S%z")
    if isinstance(value, date):
        return value.strftime("%Y%m%d")
    return str(value)
