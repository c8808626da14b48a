"""DIMSE command sets (PS3.7 6.3.1, annex E): always Implicit VR Little Endian, always group 0000.

Written out because one is read and one written for every image: this takes microseconds where a general
DICOM reader takes milliseconds. pydicom is the counterpart in the tests.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from enum import IntEnum
from typing import Final

Command = Mapping[int, "int | str"]

AFFECTED_SOP_CLASS: Final = 0x0002
REQUESTED_SOP_CLASS: Final = 0x0003
COMMAND_FIELD: Final = 0x0100
MESSAGE_ID: Final = 0x0110
MESSAGE_ID_RESPONDED_TO: Final = 0x0120
DATA_SET_TYPE: Final = 0x0800
STATUS: Final = 0x0900
ERROR_COMMENT: Final = 0x0902
ERROR_ID: Final = 0x0903
AFFECTED_SOP_INSTANCE: Final = 0x1000
REQUESTED_SOP_INSTANCE: Final = 0x1001
EVENT_TYPE_ID: Final = 0x1002
ACTION_TYPE_ID: Final = 0x1008
NO_DATA_SET: Final = 0x0101
RESPONSE: Final = 0x8000

# Elements of VR US; the others that matter here are text.
_NUMBERS: Final = frozenset(
    [COMMAND_FIELD, MESSAGE_ID, MESSAGE_ID_RESPONDED_TO, DATA_SET_TYPE, STATUS, ERROR_ID, EVENT_TYPE_ID, ACTION_TYPE_ID]
)


class Operation(IntEnum):
    """Command Field (0000,0100) of requests (PS3.7 E.1-1)."""

    C_STORE = 0x0001
    C_ECHO = 0x0030
    N_EVENT_REPORT = 0x0100
    N_SET = 0x0120
    N_ACTION = 0x0130
    N_CREATE = 0x0140
    C_CANCEL = 0x0FFF


class Status(IntEnum):
    """Statuses that are answered (PS3.7 annex C, PS3.4 B.2.3)."""

    SUCCESS = 0x0000
    PROCESSING_FAILURE = 0x0110
    DUPLICATE_SOP_INSTANCE = 0x0111
    NO_SUCH_SOP_CLASS = 0x0118
    SOP_CLASS_NOT_SUPPORTED = 0x0122
    UNRECOGNIZED_OPERATION = 0x0211
    RESOURCE_LIMITATION = 0x0213
    OUT_OF_RESOURCES = 0xA700
    CANNOT_UNDERSTAND = 0xC000


def decode(data: bytes) -> dict[int, int | str]:
    """Element number → value of a command set.

    Raises
    ------
    ValueError
        If an element is not of group 0000, is cut off, or a number has not two bytes; or if the elements that
        every request has are missing.
    """
    command: dict[int, int | str] = {}
    position = 0
    while position < len(data):
        if len(data) - position < 8:
            raise ValueError("command set: element cut off")
        group, element, length = struct.unpack_from("<HHI", data, position)
        start, position = position + 8, position + 8 + length
        if group != 0 or position > len(data):
            raise ValueError("command set: not of group 0000, or cut off")
        if element in _NUMBERS:
            if length != 2:
                raise ValueError("command set: a number that has not two bytes")
            command[element] = int.from_bytes(data[start:position], "little")
        else:
            command[element] = data[start:position].decode("latin-1").strip("\0 ")
    if not {COMMAND_FIELD, DATA_SET_TYPE} <= command.keys():
        raise ValueError("command set: no command field or no data set type")
    return command


def encode(command: Command) -> bytes:
    """A command set, with its group length; None values are not possible, empty texts are written as such."""
    parts = []
    for element, value in sorted(command.items()):
        if isinstance(value, int):
            raw = value.to_bytes(2, "little")
        else:
            raw = value.encode("latin-1", "replace")
            raw += b"\0" * (len(raw) % 2)
        parts.append(struct.pack("<HHI", 0, element, len(raw)) + raw)
    body = b"".join(parts)
    return struct.pack("<HHII", 0, 0, 4, len(body)) + body


def response(request: Command, status: int, comment: str = "") -> dict[int, int | str]:
    """The response to `request` without data set, what identifies the instance copied as PS3.7 10.3 asks."""
    answer: dict[int, int | str] = {
        COMMAND_FIELD: int(request[COMMAND_FIELD]) | RESPONSE,
        MESSAGE_ID_RESPONDED_TO: request.get(MESSAGE_ID, 0),
        DATA_SET_TYPE: NO_DATA_SET,
        STATUS: int(status),
    }
    if sop_class := request.get(AFFECTED_SOP_CLASS, request.get(REQUESTED_SOP_CLASS)):
        answer[AFFECTED_SOP_CLASS] = sop_class
    if instance := request.get(AFFECTED_SOP_INSTANCE, request.get(REQUESTED_SOP_INSTANCE)):
        answer[AFFECTED_SOP_INSTANCE] = instance
    for element in (EVENT_TYPE_ID, ACTION_TYPE_ID):
        if element in request:
            answer[element] = request[element]
    if comment:
        answer[ERROR_COMMENT] = comment[:64]
    return answer
