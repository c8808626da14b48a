"""Objects from one process to another; what is large lies in memory that both have, and goes through no pipe.

A pipe gives 27 MB in more than a hundred pieces, and for each its reader waits for a turn among the threads of its own
process. Here there are two such waits, however large an answer is. Linux only, as the workers are.
"""

from __future__ import annotations

import mmap
import os
import pickle
import socket
import struct
from collections.abc import Iterable, Sequence
from typing import Any, Final

# What is smaller goes by itself; and so does an array that is smaller, within what it belongs to.
_LARGE: Final = 1 << 15
_ALIGNED: Final = 64
# What is mapped keeps a file descriptor, and there are not many: what is smaller is copied once more.
_MAPPED: Final = 4 << 20


class Line:
    """One of two ends; a thread at a time hands and takes at each.

    Parameters
    ----------
    end
        A socket of `pair`: it keeps messages apart.
    """

    def __init__(self, end: socket.socket) -> None:
        self._end = end

    @classmethod
    def pair(cls) -> tuple[Line, Line]:
        """Both ends."""
        one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        return cls(one), cls(other)

    def close(self) -> None:
        """Who takes at the other end is told `EOFError`."""
        self._end.close()

    def hand(self, thing: Any) -> None:
        """Send what can be pickled.

        Raises
        ------
        OSError
            If nobody is there any more.
        Exception
            What pickling raises; nothing has been sent then.
        """
        arrays: list[memoryview] = []

        def apart(buffer: pickle.PickleBuffer) -> bool:
            content = buffer.raw()
            if content.nbytes < _LARGE:
                return True
            arrays.append(content)
            return False

        told = pickle.dumps(thing, protocol=5, buffer_callback=apart)
        if not arrays and len(told) < _LARGE:
            self._end.send(told)
            return
        parts = [memoryview(told), *arrays]
        file = _shared(parts)
        try:
            socket.send_fds(self._end, [pickle.dumps([part.nbytes for part in parts])], [file])
        finally:
            os.close(file)

    def take(self, timeout: float | None = None) -> Any:
        """What was handed at the other end; its arrays keep what memory is shared for as long as they are there.

        Parameters
        ----------
        timeout
            Seconds to wait; None for ever.

        Raises
        ------
        TimeoutError
            If nothing came in time.
        EOFError, OSError
            If nobody is there any more.
        """
        # By the system: Python's own timeout waits once more for its turn.
        whole, part = divmod(timeout or 0.0, 1.0)
        self._end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("@ll", int(whole), int(part * 1e6)))
        try:
            told, files, _, _ = socket.recv_fds(self._end, 2 * _LARGE, 1, socket.MSG_CMSG_CLOEXEC)
        except BlockingIOError:
            raise TimeoutError from None
        if not told:
            raise EOFError
        if not files:
            return pickle.loads(told)
        sizes = pickle.loads(told)
        try:
            shared = _content(files[0])
        finally:
            os.close(files[0])
        first, *others = (shared[at : at + size] for at, size in zip(_places(sizes), sizes, strict=True))
        return pickle.loads(first, buffers=others)


def _places(sizes: Iterable[int]) -> list[int]:
    """Where each begins."""
    found, at = [], 0
    for size in sizes:
        found.append(at)
        at += -(-size // _ALIGNED) * _ALIGNED
    return found


def _content(file: int) -> memoryview:
    size = os.fstat(file).st_size
    if size >= _MAPPED:
        return memoryview(mmap.mmap(file, size))
    content = bytearray(size)
    os.preadv(file, [content], 0)
    return memoryview(content)


def _shared(parts: Sequence[memoryview]) -> int:
    """An open file in memory that holds these, each at its place."""
    file = os.memfd_create("imgdash", os.MFD_CLOEXEC)
    try:
        for at, part in zip(_places(part.nbytes for part in parts), parts, strict=True):
            done = 0
            while done < part.nbytes:
                done += os.pwrite(file, part[done:], at + done)
    except BaseException:
        os.close(file)
        raise
    return file
