"""Objects from one process to another; what is large lies in memory that both have, and goes through no pipe.

A pipe gives 27 MB in more than a hundred pieces, and for each its reader waits for a turn among the threads of its own
process. Here there are two such waits, however large an answer is. Linux only, as the workers are.
"""

from __future__ import annotations

import array
import errno
import mmap
import os
import pickle
import socket
import struct
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

# What is smaller goes by itself; and so does an array that is smaller, within what it belongs to.
_LARGE: Final = 1 << 15
_ALIGNED: Final = 64
# What is mapped keeps a file descriptor, and there are not many: what is smaller is copied once more.
_MAPPED: Final = 4 << 20
_ONE_FILE: Final = socket.CMSG_LEN(struct.calcsize("@i"))
# What this machine, or a limit of this process, has none left of; ETOOMANYREFS: files that are on their way.
_FULL: Final = {
    errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS, errno.ENOSPC, errno.ETOOMANYREFS,
}  # fmt: skip


class NoRoom(OSError):
    """This end has no file descriptor, or no memory, left for what is handed over; the other end is there.

    What was to be handed has not been sent; what was to be taken is lost. The next thing can be handed and taken.
    """


class Line:
    """One of two ends; a thread at a time hands and takes at each.

    Parameters
    ----------
    end
        A socket of `pair`: it keeps messages apart.
    """

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        # Made once: nothing that is there stays untaken because there is no memory to take it into.
        self._room = memoryview(bytearray(2 * _LARGE))

    def __reduce__(self) -> tuple[type[Line], tuple[socket.socket]]:
        """To a process that is being started goes the socket alone."""
        return type(self), (self._end,)

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
        EOFError
            If nobody is there any more.
        NoRoom
            If there is none at this end; nothing has been sent then.
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

        with _missing_here():
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
            Seconds to wait; 0 for what is there already, None for ever.

        Raises
        ------
        TimeoutError
            If nothing came in time.
        EOFError
            If nobody is there any more.
        NoRoom
            If there is none at this end for what came.
        """
        flags = socket.MSG_CMSG_CLOEXEC
        if timeout is not None and timeout <= 0:
            flags |= socket.MSG_DONTWAIT
        else:
            # By the system: Python's own timeout waits once more for its turn. To the system 0 means for ever.
            microseconds = 0 if timeout is None else max(1, round(timeout * 1e6))
            wait = struct.pack("@ll", *divmod(microseconds, 1_000_000))
            self._end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, wait)
        try:
            size, passed, told, _ = self._end.recvmsg_into([self._room], _ONE_FILE, flags)
        except BlockingIOError:
            raise TimeoutError from None
        except ConnectionResetError:
            raise EOFError from None
        if not size:
            raise EOFError
        files = _files(passed)
        try:
            with _missing_here():
                if told & socket.MSG_CTRUNC:
                    # The system takes away what it finds no descriptor for.
                    raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
                return _understood(self._room[:size], files)
        finally:
            for file in files:
                os.close(file)


@contextmanager
def _missing_here() -> Iterator[None]:
    """Tells what is missing here from who is missing at the other end."""
    try:
        yield
    except (BrokenPipeError, ConnectionResetError):
        raise EOFError from None
    except MemoryError as error:
        raise NoRoom(errno.ENOMEM, os.strerror(errno.ENOMEM)) from error
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise NoRoom(error.errno, os.strerror(error.errno)) from error


def _files(passed: Iterable[tuple[int, int, bytes]]) -> Sequence[int]:
    """Descriptors that came with a message."""
    found = array.array("i")
    for level, kind, content in passed:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            found.frombytes(content[: len(content) - len(content) % found.itemsize])
    return found


def _understood(told: memoryview, files: Sequence[int]) -> Any:
    """What a message says, or what it says of the file that came with it."""
    if not files:
        return pickle.loads(told)
    sizes = pickle.loads(told)
    shared = _content(files[0])
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
