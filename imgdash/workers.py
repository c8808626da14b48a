"""A few processes that decode, reduce and form, each with a memory limit (ARCHITECTURE decision 4).

A file that makes a decoder crash or eat memory kills its worker, not the apparatus: the task fails with
`WorkerDied`, a new worker takes the next one, and every other task goes on. Where the station has no room to hand a
task over, it fails with `StationFull`: neither its image nor its worker has anything wrong.
"""

from __future__ import annotations

import errno
import itertools
import logging
import multiprocessing
import os
import resource
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from multiprocessing import spawn
from typing import Any, TypeVar

from imgdash.handover import Line, NoRoom
from imgdash.model import ImgdashError
from imgdash.waiting import Task, Waiting

_LOG = logging.getLogger(__name__)
_NICE = 10
# Seconds that tasks get to end when the pool is stopped.
_PATIENCE = 10.0
# Between tries to start a process.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 30.0
# Names only: what they are is the business of who gives the tasks.
PRELOADED = (
    "imgdash.apparatus.examining",
    "imgdash.apparatus.processing",
    "imgdash.apparatus.quality",
    "imgdash.apparatus.screen",
    "imgdash.output.form",
    "imgdash.process.preloaded",
)
T = TypeVar("T")


class WorkerDied(ImgdashError):
    """The worker process was killed, ran out of memory, or took too long."""


class StationFull(ImgdashError):
    """There is no file descriptor or no memory left to hand a task or its answer over: the same may succeed later."""


def _serve(line: Line, memory_mb: int, polite: bool) -> None:
    """Body of a worker process; a polite one lets others have the processor first."""
    # Ctrl+C in a terminal reaches every process; the apparatus decides when its workers end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if polite:
        # What people wait for in the station, and its receivers, come first where all processors are busy.
        os.nice(_NICE)
    if hasattr(os, "SCHED_BATCH"):
        # It does not break in on what people wait for in the station when it wakes.
        with suppress(OSError):  # a courtesy, that some kernels and service managers refuse
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    # One thread each: there are as many workers as cores for them.
    import cv2

    cv2.setNumThreads(1)
    limit = memory_mb << 20
    with open("/proc/self/statm", encoding="ascii") as file:
        already = int(file.read().split()[0]) * os.sysconf("SC_PAGESIZE")
    resource.setrlimit(resource.RLIMIT_AS, (already + limit, already + limit))
    with suppress(EOFError):  # the apparatus is gone
        line.hand(("ready", None))
        while _serve_one(line, memory_mb):
            pass


def _serve_one(line: Line, memory_mb: int) -> bool:
    """Do a task; whether another one can be done. Nothing of it stays while the next one is awaited."""
    try:
        function, arguments = line.take()
    except EOFError:
        raise
    except Exception as error:  # there is no room for it, or it cannot be understood
        answer: tuple[str, Any] = ("error", _named(error, memory_mb))
    else:
        try:
            answer = ("done", function(*arguments))
        except BaseException as error:
            answer = ("error", _named(error, memory_mb))
    try:
        line.hand(answer)
    except EOFError:
        raise
    except Exception as error:  # there is no room for an answer, or it cannot be pickled
        answer = ("error", _named(error, memory_mb, f"A worker's answer could not be sent: {error}."))
        line.hand(answer)
    try:
        return not isinstance(answer[1], WorkerDied)
    finally:
        # An error knows where it was raised, and so would keep itself and all that is named here.
        del answer


def _named(error: BaseException, memory_mb: int, unknown: str = "") -> BaseException:
    """An error of a worker as its task is told."""
    if isinstance(error, MemoryError) or (isinstance(error, NoRoom) and error.errno == errno.ENOMEM):
        why = f"The image needs more memory than the {memory_mb} MB that a worker may take."
        return WorkerDied(why, "Raise worker_memory_mb in the site file, if the image is sound.")
    if isinstance(error, NoRoom):
        return error
    return ImgdashError(unknown) if unknown else error


def _full(error: NoRoom) -> StationFull:
    """What is said of it, and done about it."""
    missing, remedy = "the machine has no memory left", "Close other programs, or set fewer workers in the site file."
    if error.errno == errno.ENFILE:
        missing, remedy = "the machine may open no more files", "Raise its limit of open files (fs.file-max)."
    elif error.errno in (errno.EMFILE, errno.ETOOMANYREFS):
        missing = "it may open no more files"
        remedy = "Raise the limit of open files of its service (LimitNOFILE, or 'ulimit -n') and start it again."
    full = StationFull(f"The station has no room for this task: {missing}.", remedy)
    full.__cause__ = error
    return full


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


class _Worker:
    """A worker process, seen from the station."""

    def __init__(self, process: Any, line: Line) -> None:
        self._process, self._line = process, line
        self._ready = False

    def ask(self, function: Callable[..., Any], arguments: tuple[Any, ...], timeout: float) -> tuple[str, Any]:
        """Have a task done.

        Returns
        -------
        ``("done", what it returned)``, ``("error", what is wrong)``, or ``("died", why)``: then there is no worker.
        """
        try:
            if not self._ready:
                self._line.take(60.0)
                self._ready = True
            self._line.hand((function, arguments))
            kind, answer = self._line.take(timeout)
        except NoRoom as error:  # the task was not sent, or its answer is lost: the worker is there for the next one
            return "error", _full(error)
        except (EOFError, OSError) as error:
            why = "took longer than it may" if isinstance(error, TimeoutError) else "died"
            return "died", WorkerDied(f"The worker {why} on this task.", "The image may be corrupt: ask for it again.")
        except Exception as error:  # what cannot be pickled
            return "error", error
        if isinstance(answer, WorkerDied):
            return "died", answer
        return kind, _full(answer) if isinstance(answer, NoRoom) else answer

    def end(self) -> None:
        """End the process."""
        self._line.close()
        self._process.join(0.5)
        if self._process.is_alive():
            self._process.kill()
            self._process.join(5)


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
        self._context.set_forkserver_preload(list(PRELOADED))
        self._tasks = Waiting(count)
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
        self._tasks.put(Task(priority, next(self._numbers), function, arguments, timeout, future))
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

    def _start_one(self, number: int) -> _Worker | None:
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

    def _started(self, number: int) -> _Worker:
        ours, theirs = Line.pair()
        process = self._context.Process(
            target=_serve, args=(theirs, self._memory_mb, number > 0 or self.count == 1), daemon=True
        )
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
        return _Worker(process, ours)

    def _tend(self, number: int) -> None:
        """Give tasks to one process, and to the next one when it has died."""
        worker: _Worker | None = None
        try:
            while True:
                if worker is None:
                    worker = self._start_one(number)
                task = self._tasks.get(number)
                if self._stopping.is_set() or worker is None:
                    if task.function is _stop:
                        return
                    task.future.cancel()
                elif task.future.set_running_or_notify_cancel():
                    kind, answer = worker.ask(task.function, task.arguments, task.timeout)
                    if kind == "died":
                        self.died += 1
                        worker.end()
                        worker = None
                    if kind == "done":
                        task.future.set_result(answer)
                    else:
                        task.future.set_exception(answer)
                    del answer
                # Nothing of it stays while the next one is awaited.
                del task
        finally:
            if worker is not None:
                worker.end()

    def stop(self) -> None:
        """End the processes; tasks that wait are cancelled, and those under way after a while."""
        self._stopping.set()
        self._tasks.open()
        for _ in self._threads:
            self._tasks.put(Task(99, next(self._numbers), _stop, (), 0, Future()))
        deadline = time.monotonic() + _PATIENCE
        for thread in self._threads:
            thread.join(max(0.1, deadline - time.monotonic()))
        # What takes longer than that ends with its process: who waits for its result would go on waiting.
        for pid in self.pids():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _stop() -> None:
    """Marks the end of the queue."""
