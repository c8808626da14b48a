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

    def __init__(self, waiting: Waiting, number: int) -> None:
        super().__init__(daemon=True)
        self._waiting, self._number = waiting, number
        self.task: Task | None = None
        self.start()

    def run(self) -> None:
        self.task = self._waiting.get(self._number)

    def took(self) -> Task:
        self.join(20)
        assert self.task is not None
        return self.task


def idle(waiting: Waiting) -> Worker:
    """The first worker, which waits."""
    worker = Worker(waiting, 0)
    wait_until(lambda: waiting._first_waits)
    return worker


def test_an_only_worker_takes_everything_first_what_is_on_the_screen() -> None:
    waiting = Waiting(1)
    tasks = [task(ARRIVED, 0), task(SCREEN, 1), task(ARRIVED, 2), task(SCREEN, 3)]
    for one in tasks:
        waiting.put(one)
    assert [waiting.get(0).number for _ in tasks] == [1, 3, 0, 2]


def test_the_first_of_several_is_kept_for_the_screen() -> None:
    waiting = Waiting(2)
    first = idle(waiting)
    arrived = [task(ARRIVED, number) for number in range(2)]
    for one in arrived:
        waiting.put(one)
    # Had it taken one, there would not be both for the other worker.
    assert [Worker(waiting, 1).took() for _ in arrived] == arrived
    looked = task(SCREEN, 3)
    waiting.put(looked)
    assert first.took() is looked


def test_what_arrives_wakes_the_worker_that_may_take_it() -> None:
    waiting = Waiting(2)
    # Has waited for longer, and is of no use.
    first = idle(waiting)
    second = Worker(waiting, 1)
    wait_until(lambda: len(waiting._changed._waiters) == 2)
    arrived = task(ARRIVED, 0)
    waiting.put(arrived)
    assert second.took() is arrived
    assert first.task is None


def test_what_came_together_with_what_the_first_takes_is_for_the_others() -> None:
    waiting = Waiting(2)
    tasks = [task(SCREEN, number) for number in range(2)]
    # The other one wakes first, and is not to take anything yet.
    second = Worker(waiting, 1)
    wait_until(lambda: waiting._changed._waiters)
    first = idle(waiting)
    with waiting._changed:
        for one in tasks:
            waiting.put(one)
    assert [first.took(), second.took()] == tasks


def test_what_is_on_the_screen_is_left_to_the_first_where_that_is_free_and_taken_where_it_is_not() -> None:
    waiting = Waiting(2)
    first, second = idle(waiting), Worker(waiting, 1)
    tasks = [task(SCREEN, number) for number in range(3)]
    waiting.put(tasks[0])
    assert first.took() is tasks[0]
    assert second.task is None
    # It has begun with that one.
    waiting.put(tasks[1])
    assert second.took() is tasks[1]
    waiting.put(tasks[2])
    assert waiting.get(1) is tasks[2]


def test_at_the_end_all_take_everything() -> None:
    waiting = Waiting(2)
    waiting.put(task(ARRIVED, 0))
    first = idle(waiting)
    waiting.open()
    assert first.took().number == 0
