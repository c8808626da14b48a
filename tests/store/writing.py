"""A process that writes until it is killed or told to stop; what it prints was acknowledged to it.

Run as ``python -m tests.store.writing FOLDER loop`` or ``… full LIMIT``.
"""

from __future__ import annotations

import resource
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from imgdash.model import Event, ImgdashError
from imgdash.store.store import Change, Store
from tests.store.domain import born

_OUT = threading.Lock()


def say(*words: object) -> None:
    with _OUT:
        sys.stdout.write(" ".join(map(str, words)) + "\n")
        sys.stdout.flush()


def one(store: Store, number: int) -> str:
    """A change of three events in two tables."""

    def change(change: Change) -> str:
        id = change.emit(born(number)).id
        change.transition("image", id, "examine", by="writer")
        data = {"image_id": id, "apparatus": "FILM", "state": "waiting", "position": float(number)}
        change.emit(Event("queue", f"{id}@FILM#1", "register", data))
        return id

    return store.write(change)


def loop(store: Store, threads: int = 3) -> None:
    start = 1 + store.query("select coalesce(max(number), 0) as n from image")[0]["n"]

    def work(first: int) -> None:
        number = first
        while True:
            say("ack", one(store, number))
            number += threads

    workers = [threading.Thread(target=work, args=(start + i,)) for i in range(threads)]
    for worker in workers:
        worker.start()


def full(store: Store, narrow: Callable[[], None], widen: Callable[[], None]) -> None:
    """Write until the disk takes nothing, fail clearly, and go on when there is room."""
    # Another thread's reading cursor is open all the while, as in the apparatus.
    reading = threading.Thread(target=lambda: (store.images(), hold.wait(60)))
    hold = threading.Event()
    reading.start()
    narrow()
    number = 0
    failures = 0
    while failures < 3:
        number += 1
        try:
            id = one(store, number)
        except ImgdashError as error:
            failures += 1
            refused = str(error)
        else:
            say("ack", id)
    widen()
    say("refused", refused)
    for later in range(number + 1, number + 4):
        say("ack", one(store, later))
    say("images", len(store.images()))
    hold.set()
    store.close()


def limited(bytes: int) -> tuple[Callable[[], None], Callable[[], None]]:
    """No file may grow beyond `bytes`."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    return (
        lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (bytes, before[1])),
        lambda: resource.setrlimit(resource.RLIMIT_FSIZE, before),
    )


def crowded(folder: Path, leave: int) -> tuple[Callable[[], None], Callable[[], None]]:
    """The file system is full but for `leave` bytes."""
    ballast = folder / "ballast"

    def narrow() -> None:
        with open(ballast, "wb") as file:
            try:
                while True:
                    file.write(bytes(1 << 16))
                    file.flush()
            except OSError:
                pass
        with open(ballast, "r+b") as file:
            file.truncate(max(0, ballast.stat().st_size - leave))

    return narrow, ballast.unlink


if __name__ == "__main__":
    where, what = Path(sys.argv[1]), sys.argv[2]
    opened = Store(where)
    if what == "loop":
        loop(opened)
    else:
        amount = int(sys.argv[3])
        full(opened, *(limited(amount) if what == "limited" else crowded(where, amount)))
