"""A few processes that decode, reduce and form, each with a memory limit (ARCHITECTURE decision 4).

A file that makes a decoder crash or eat memory kills its worker, not the apparatus: the task fails with
`WorkerDied`, a new worker takes the next one, and every other task goes on.
"""

from __future__ import annotations

import itertools
import logging
import multiprocessing
import os
import queue
import resource
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import spawn
from typing import Any, TypeVar

from imgdash.handover import Line
from imgdash.model import ImgdashError

_LOG = logging.getLogger(__name__)
_NICE = 10
# Seconds that tasks get to end when the pool is stopped.
_PATIENCE = 10.0
# Between tries to start a process.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 30.0
# Names only: what they are is the business of who gives the tasks.
_PRELOADED = ("imgdash.apparatus.examining", "imgdash.apparatus.imaging", "imgdash.apparatus.quality")
T = TypeVar("T")


class WorkerDied(ImgdashError):
    """The worker process was killed, ran out of memory, or took too long."""


@dataclass(order=True)
class _Task:
    priority: int
    number: int
    function: Callable[..., Any] = field(compare=False)
    arguments: tuple[Any, ...] = field(compare=False)
    timeout: float = field(compare=False)
    future: Future[Any] = field(compare=False)


def _serve(line: Line, memory_mb: int) -> None:
    """Body of a worker process."""
    # Ctrl+C in a terminal reaches every process; the apparatus decides when its workers end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What people wait for in the station, and its receivers, come first where all processors are busy.
    os.nice(_NICE)
    if hasattr(os, "SCHED_BATCH"):
        # Nor does it break in on them when it wakes.
        with suppress(OSError):  # a courtesy, that some kernels and service managers refuse
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    # One thread each: there are as many workers as cores for them.
    import cv2

    cv2.setNumThreads(1)
    limit = memory_mb << 20
    with open("/proc/self/statm", encoding="ascii") as file:
        already = int(file.read().split()[0]) * os.sysconf("SC_PAGESIZE")
    resource.setrlimit(resource.RLIMIT_AS, (already + limit, already + limit))
    line.hand(("ready", None))
    while True:
        try:
            function, arguments = line.take()
        except (EOFError, OSError):
            # The apparatus is gone.
            return
        try:
            answer = ("done", function(*arguments))
        except MemoryError:
            why = f"The image needs more memory than the {memory_mb} MB that a worker may take."
            line.hand(("error", WorkerDied(why, "Raise worker_memory_mb in the site file, if the image is sound.")))
            return
        except BaseException as error:
            answer = ("error", error)
        try:
            line.hand(answer)
        except Exception as error:  # an answer or error that cannot be pickled
            line.hand(("error", ImgdashError(f"A worker's answer could not be sent: {error}.")))
        # Nothing of this task stays while the next one is awaited.
        del function, arguments, answer


_starting = threading.local()
_told_to_a_new_process = spawn.get_preparation_data


def _without_the_script(name: str) -> dict[str, Any]:
    """What a new process is told; a worker nothing of the main script, which multiprocessing has it run anew.

    In a script of a few lines without ``if __name__ == "__main__"`` each worker would begin with an apparatus of its
    own. What workers are given is found without the script.
    """
    told: dict[str, Any] = _told_to_a_new_process(name)
    if getattr(_starting, "worker", False):
        told = {key: value for key, value in told.items() if not key.startswith("init_main")}
    return told


# Processes that others start are told what they always are.
spawn.get_preparation_data = _without_the_script


class Workers:
    """A pool in which each worker has one task at a time and dies alone.

    Attributes
    ----------
    count
        Number of processes.
    died
        How many had to be started again.

    Parameters
    ----------
    count
        Number of processes.
    memory_mb
        Address space each may add to what it has at its start.
    """

    def __init__(self, count: int, memory_mb: int) -> None:
        self._memory_mb = memory_mb
        # Forked from a process that has imported what they need and has no threads: a new one is there at once, and
        # all of them share that memory.
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(list(_PRELOADED))
        self._tasks: queue.PriorityQueue[_Task] = queue.PriorityQueue()
        self._numbers = itertools.count()
        self._stopping = threading.Event()
        self.died = 0
        self.count = count
        self._pids: dict[int, int | None] = {}
        self._threads = [
            threading.Thread(target=self._tend, args=(number,), name=f"worker-{number}", daemon=True)
            for number in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def run(self, function: Callable[..., T], *arguments: Any, timeout: float = 120.0, priority: int = 5) -> Future[T]:
        """Call `function` in a worker; it and its arguments are pickled.

        Parameters
        ----------
        timeout
            Seconds after which the worker is killed.
        priority
            Lower goes first: what is on the screen before what is in a queue.
        """
        future: Future[T] = Future()
        if self._stopping.is_set():
            future.set_exception(ImgdashError("The workers have been stopped."))
            return future
        self._tasks.put(_Task(priority, next(self._numbers), function, arguments, timeout, future))
        if self._stopping.is_set():
            # Nobody may be left who would take it.
            future.cancel()
        return future

    def pids(self) -> list[int]:
        """Of the worker processes; one that just died may still be among them."""
        return [pid for pid in self._pids.values() if pid is not None]

    @property
    def alive(self) -> bool:
        """Whether every worker is looked after: it runs, or is about to be started again."""
        return all(thread.is_alive() for thread in self._threads)

    def _start_one(self, number: int) -> tuple[Any, Line] | None:
        """Start a process; where the machine has no room for one, when it has. None if the pool is stopped before."""
        self._pids[number] = None
        pause = _FIRST_PAUSE
        while not self._stopping.is_set():
            try:
                return self._started(number)
            except Exception as error:  # of memory, descriptors, processes: just when workers die of their size
                _LOG.warning("a worker process could not be started: %s", error)
            self._stopping.wait(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
        return None

    def _started(self, number: int) -> tuple[Any, Line]:
        ours, theirs = Line.pair()
        process = self._context.Process(target=_serve, args=(theirs, self._memory_mb), daemon=True)
        try:
            _starting.worker = True
            process.start()
        except BaseException:
            ours.close()
            raise
        finally:
            _starting.worker = False
            theirs.close()
        self._pids[number] = process.pid
        return process, ours

    def _tend(self, number: int) -> None:
        """Give tasks to one process, and to the next one when it has died."""
        worker: tuple[Any, Line] | None = None
        try:
            while True:
                if worker is None:
                    worker, ready = self._start_one(number), False
                task = self._tasks.get()
                if self._stopping.is_set() or worker is None:
                    if task.function is not _stop:
                        task.future.cancel()
                        continue
                    return
                if not task.future.set_running_or_notify_cancel():
                    continue
                line = worker[1]
                try:
                    if not ready:
                        line.take(60.0)
                        ready = True
                    line.hand((task.function, task.arguments))
                    kind, answer = line.take(task.timeout)
                except (EOFError, OSError, TimeoutError) as error:
                    self.died += 1
                    _end(*worker)
                    worker = None
                    why = "took longer than it may" if isinstance(error, TimeoutError) else "died"
                    task.future.set_exception(
                        WorkerDied(f"The worker {why} on this task.", "The image may be corrupt: ask for it again.")
                    )
                    continue
                except Exception as error:  # arguments that cannot be pickled
                    task.future.set_exception(error)
                    continue
                if kind == "done":
                    task.future.set_result(answer)
                    continue
                if isinstance(answer, WorkerDied):
                    self.died += 1
                    _end(*worker)
                    worker = None
                task.future.set_exception(answer)
        finally:
            if worker is not None:
                _end(*worker)

    def stop(self) -> None:
        """End the processes; tasks that wait are cancelled, and those under way after a while."""
        self._stopping.set()
        for _ in self._threads:
            self._tasks.put(_Task(99, next(self._numbers), _stop, (), 0, Future()))
        deadline = time.monotonic() + _PATIENCE
        for thread in self._threads:
            thread.join(max(0.1, deadline - time.monotonic()))
        # What takes longer than that ends with its process: who waits for its result would go on waiting.
        for pid in self.pids():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _stop() -> None:
    """Marks the end of the queue."""


def _end(process: Any, line: Line) -> None:
    line.close()
    process.join(0.5)
    if process.is_alive():
        process.kill()
        process.join(5)
