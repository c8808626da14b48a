"""The head of a DICOM file (PS3.10 7.1) around a data set that stays as it was sent."""

from __future__ import annotations

import struct

from imgdash.wire.identity import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME


def head(
    *, sop_class: str, sop_instance: str, transfer_syntax: str, calling_ae: str, called_ae: str, host: str
) -> bytes:
    """Preamble of zeros, prefix, and the file meta information, which also says who sent it from where.

    Always Explicit VR Little Endian. Receiving Application Entity Title (0002,0018) and Source Presentation
    Address (0002,0026) are those of the association.
    """
    elements = b"".join(
        (
            _element(0x0001, b"OB", b"\0\1"),
            _element(0x0002, b"UI", sop_class),
            _element(0x0003, b"UI", sop_instance),
            _element(0x0010, b"UI", transfer_syntax),
            _element(0x0012, b"UI", IMPLEMENTATION_CLASS_UID),
            _element(0x0013, b"SH", IMPLEMENTATION_VERSION_NAME),
            _element(0x0016, b"AE", calling_ae),
            _element(0x0018, b"AE", called_ae),
            _element(0x0026, b"UR", host),
        )
    )
    return b"\0" * 128 + b"DICM" + _element(0x0000, b"UL", struct.pack("<I", len(elements))) + elements


def _element(number: int, vr: bytes, value: str | bytes) -> bytes:
    raw = value if isinstance(value, bytes) else value.encode("latin-1", "replace")
    raw += (b"\0" if vr == b"UI" else b" ") * (len(raw) % 2)
    if vr in (b"OB", b"UR"):
        return struct.pack("<HH2sHI", 2, number, vr, 0, len(raw)) + raw
    return struct.pack("<HH2sH", 2, number, vr, len(raw)) + raw
