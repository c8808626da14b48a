"""The kinds of value that a site file holds."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

# PS3.5 table 6.2-1: an AE title has 1 to 16 characters of the default repertoire, no backslash.
AETitle = Annotated[str, StringConstraints(min_length=1, max_length=16, pattern=r"^[\x20-\x5b\x5d-\x7e]+$")]
Port = Annotated[int, Field(ge=0, le=65535)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=32, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
Step = Literal["frequency", "equalization", "gradation", "rotation", "mirror", "scale", "overlay"]
# Defined terms of Specific Character Set without code extensions (PS3.3 C.12.1.1.2).
Charset = Literal[
    "keep", "ISO_IR 192", "ISO_IR 6", "ISO_IR 100", "ISO_IR 101", "ISO_IR 109", "ISO_IR 110", "ISO_IR 126",
    "ISO_IR 127", "ISO_IR 138", "ISO_IR 144", "ISO_IR 148", "ISO_IR 166", "GB18030",
]  # fmt: skip
ALL_STEPS: tuple[Step, ...] = (
    "frequency",
    "equalization",
    "gradation",
    "rotation",
    "mirror",
    "scale",
    "overlay",
)


def is_loopback(host: str) -> bool:
    """Whether a host can be nothing but this machine itself."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


class Section(BaseModel):
    """A table of the site file: frozen, and a key that is not known is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")
