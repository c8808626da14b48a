"""What takes longest begins first, so that no worker is left alone with it at the end."""

from __future__ import annotations

from typing import Final

# Roughly from the longest down, of runs on a machine that others used too; what takes less keeps its order behind.
LONG: Final = (
    "tests/dashboard/test_hundred.py",
    "tests/dashboard/test_reach.py",
    "tests/apparatus/test_crash.py",
    "tests/test_demo.py",
    "tests/dashboard/test_viewport.py",
    "tests/dashboard/pages/test_conditions.py",
    "notebooks/01_first_look.ipynb",
    "tests/dashboard/test_shell.py",
    "tests/dashboard/test_review.py",
    "tests/dashboard/test_login.py",
    "tests/dashboard/test_killed.py",
    "tests/dashboard/test_letting_go.py",
    "tests/test_cli.py",
    "tests/dashboard/test_ranges.py",
    "tests/dashboard/pages/test_records.py",
    "tests/dashboard/pages/test_lists.py",
    "tests/dashboard/pages/test_releasing.py",
    "tests/apparatus/test_rounds.py",
    "tests/request/test_turns.py",
    "tests/output/test_queue.py",
    "tests/output/test_form.py",
    "notebooks/02_tune_condition_keys.ipynb",
    "tests/dashboard/test_people.py",
    "tests/dashboard/pages/test_browsing.py",
    "tests/apparatus/test_bad_input.py",
    "tests/dashboard/pages/test_layout.py",
    "tests/dashboard/pages/test_tuning_by_hand.py",
    "tests/records/test_analyst.py",
)
_PLACES: Final = {name: place for place, name in enumerate(LONG)}


def place(nodeid: str) -> int:
    """Where a test stands in line; the same for all of a file."""
    return _PLACES.get(nodeid.partition("::")[0], len(LONG))
