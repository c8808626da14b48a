"""What takes longest begins first, so that no worker is left alone with it at the end."""

from __future__ import annotations

from typing import Final

# Roughly from the longest down, of runs on a machine that others used too; what takes less keeps its order behind.
LONG: Final = (
    "tests/dashboard/test_reach.py",
    "tests/test_demo.py",
    "tests/apparatus/test_crash.py",
    "tests/output/test_queue.py",
    "tests/dashboard/test_hundred.py",
    "tests/dashboard/pages/test_conditions.py",
    "tests/simulate/test_modality.py",
    "tests/dashboard/test_shell.py",
    "tests/dashboard/test_viewport.py",
    "tests/dashboard/test_review.py",
    "tests/simulate/test_network.py",
    "tests/apparatus/test_intake.py",
    "tests/apparatus/test_bad_input.py",
    "tests/dashboard/test_killed.py",
    "tests/dashboard/test_letting_go.py",
    "tests/request/test_pull.py",
    "tests/test_cli.py",
    "tests/dashboard/test_in_sight.py",
    "tests/dashboard/test_people.py",
    "notebooks/01_first_look.ipynb",
    "tests/apparatus/test_rounds.py",
    "tests/dashboard/test_keyboard_walk.py",
    "tests/dashboard/pages/test_records.py",
    "tests/request/test_turns.py",
    "tests/dashboard/test_by_keyboard.py",
    "tests/output/test_printing.py",
    "tests/request/test_notices.py",
    "tests/process/test_warming.py",
    "tests/process/test_automatic_truth.py",
    "tests/dashboard/test_address.py",
    "tests/dashboard/test_list_boxes.py",
    "tests/output/test_print_jobs.py",
    "notebooks/02_tune_condition_keys.ipynb",
    "tests/output/test_form.py",
    "tests/test_layers.py",
    "tests/dashboard/test_relayout.py",
    "tests/dashboard/pages/test_requests.py",
    "tests/dashboard/test_correcting.py",
    "tests/dashboard/pages/test_system.py",
    "tests/records/test_publish.py",
    "tests/dashboard/test_narrow.py",
    "tests/dashboard/test_ranges.py",
    "tests/dashboard/pages/test_lists.py",
    "tests/dashboard/test_replay_opening.py",
    "tests/dashboard/test_profile_line.py",
    "tests/records/test_analyst.py",
    "tests/dashboard/test_range_of_its_image.py",
    "tests/dashboard/test_keyboard_kept.py",
    "tests/dashboard/test_numbers.py",
)
_PLACES: Final = {name: place for place, name in enumerate(LONG)}


def place(nodeid: str) -> int:
    """Where a test stands in line; the same for all of a file."""
    return _PLACES.get(nodeid.partition("::")[0], len(LONG))
