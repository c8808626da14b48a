"""What frames a page: buttons of messages."""

from __future__ import annotations

from functools import partial

from imgdash.dashboard.chrome import StatusLine


def test_a_message_of_which_something_was_done_still_leads_to_its_image() -> None:
    """In the list of messages; what was done once is not done twice."""
    line = StatusLine()
    done: list[str] = []
    does = {name: partial(done.append, name) for name in ("Undo", "Back to it")}
    line.say("Image 5 confirmed", does=does, lasting=["Back to it"])
    for name in ("Undo", "Undo", "Back to it", "Back to it"):
        line._handle_msg({"serial": 1, "does": name})
    assert done == ["Undo", "Back to it", "Back to it"]
