"""Which task a worker takes next."""

from __future__ import annotations

import threading
from concurrent.futures import Future

from imgdash.waiting import Task, Waiting
from tests.helpers import wait_until

SCREEN, ARRIVED = 1, 3


def task(priority: int, number: int) -> Task:
    return Task(priority, number, print, (), 1.0, Future())


class Worker(threading.Thread):
    """Takes one task, in a thread of its own."""

    def __init__(self, waiting: Waiting) -> None:
        super().__init__(daemon=True)
        self._waiting = waiting
        self.task: Task | None = None
        self.start()

    def run(self) -> None:
        self.task = self._waiting.get()

    def took(self) -> Task:
        self.join(20)
        assert self.task is not None
        return self.task


def test_what_is_on_the_screen_goes_first_then_who_came_first() -> None:
    waiting = Waiting(1)
    tasks = [task(ARRIVED, 0), task(SCREEN, 1), task(ARRIVED, 2), task(SCREEN, 3)]
    for one in tasks:
        waiting.put(one)
    assert [waiting.get().number for _ in range(2)] == [1, 3]
    assert waiting.get() is tasks[0]
    waiting.done(tasks[0])
    assert waiting.get() is tasks[2]


def test_while_somebody_looks_a_worker_is_kept_for_the_screen() -> None:
    waiting = Waiting(2, seconds=60)
    looked, *arrived = task(SCREEN, 0), task(ARRIVED, 1), task(ARRIVED, 2)
    waiting.put(looked)
    assert waiting.get() is looked
    waiting.done(looked)
    for one in arrived:
        waiting.put(one)
    assert waiting.get() is arrived[0]
    kept = Worker(waiting)
    kept.join(0.2)
    assert kept.task is None
    # The next one that is looked at has its worker at once.
    again = task(SCREEN, 3)
    waiting.put(again)
    assert kept.took() is again
    waiting.done(arrived[0])
    assert Worker(waiting).took() is arrived[1]


def test_where_nobody_looks_all_workers_take_what_arrives() -> None:
    waiting = Waiting(2, seconds=60)
    arrived = [task(ARRIVED, number) for number in range(3)]
    for one in arrived:
        waiting.put(one)
    assert [waiting.get(), waiting.get()] == arrived[:2]


def test_it_is_kept_for_a_time_only() -> None:
    waiting = Waiting(2, seconds=0.2)
    waiting.put(task(SCREEN, 0))
    waiting.done(waiting.get())
    arrived = [task(ARRIVED, number) for number in range(1, 3)]
    for one in arrived:
        waiting.put(one)
    assert waiting.get() is arrived[0]
    assert Worker(waiting).took() is arrived[1]


def test_an_only_worker_takes_everything_and_so_do_all_at_the_end() -> None:
    waiting = Waiting(1, seconds=60)
    waiting.put(task(SCREEN, 0))
    waiting.done(waiting.get())
    waiting.put(task(ARRIVED, 1))
    assert waiting.get().number == 1
    pool = Waiting(2, seconds=60)
    pool.put(task(SCREEN, 0))
    pool.done(pool.get())
    for number in (1, 2):
        pool.put(task(ARRIVED, number))
    pool.get()
    last = Worker(pool)
    pool.open()
    wait_until(lambda: last.task)
