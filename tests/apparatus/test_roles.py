"""Every action is refused by the apparatus to a role that is too low, however it is asked for (H1).

Pages hide what a person may not do; a replayed or forged message reaches the apparatus all the same.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from imgdash import Apparatus
from imgdash.model import Actor, Condition, NotAllowed
from imgdash.model.roles import NEEDS, ROLES
from imgdash.process import Chain
from tests.apparatus.sites import radiograph, send, site
from tests.helpers import wait_until

pytestmark = pytest.mark.peer

Call = Callable[[Apparatus, str, Actor], Any]
# Where it is called → (lowest role, the call). Other arguments are such that only the role is in the way at first.
ACTIONS: dict[str, tuple[str, Call]] = {
    "confirm": ("user", lambda a, i, by: a.confirm(i, by)),
    "undo": ("user", lambda a, i, by: a.undo(i, by)),
    "postpone": ("user", lambda a, i, by: a.postpone(i, by)),
    "resume": ("user", lambda a, i, by: a.resume(i, by)),
    "protect": ("user", lambda a, i, by: a.protect(i, by)),
    "prioritise": ("user", lambda a, i, by: a.prioritise(i, by)),
    "hold": ("user", lambda a, i, by: a.hold(i, by)),
    "hold_first": ("user", lambda a, i, by: a.hold_first([i], by)),
    "adjust": ("user", lambda a, i, by: a.adjust(i, by, overrides={"gradation.shift": 0.1})),
    "adjust outputs": ("user", lambda a, i, by: a.adjust(i, by, outputs=[])),
    "adjust ranges": ("user", lambda a, i, by: a.adjust(i, by, ranges={})),
    "adjust condition": ("user", lambda a, i, by: a.adjust(i, by, condition="hand-pa")),
    "tune": ("user", lambda a, i, by: a.tune(i, by, {"gradation.shift": 0.1})),
    "route": ("user", lambda a, i, by: a.route(i, by, "STORAGE", False)),
    "place": ("user", lambda a, i, by: a.place(i, by, "STORAGE", None)),
    "mark": ("user", lambda a, i, by: a.mark(i, by, {"kind": "side", "text": "R", "x": 0.1, "y": 0.1})),
    "unmark": ("user", lambda a, i, by: a.unmark(i, by, "side")),
    "edit": ("manager", lambda a, i, by: a.edit(i, by, PatientID="P2")),
    "reject": ("user", lambda a, i, by: a.reject(i, by, "111209")),
    "restore": ("manager", lambda a, i, by: a.restore(i, by)),
    "delete": ("manager", lambda a, i, by: a.delete(i, by)),
    "request": ("user", lambda a, i, by: a.request(i, by, reason="111219")),
    "redirect_request": ("user", lambda a, i, by: a.redirect_request("none", by)),
    "accept_request": ("user", lambda a, i, by: a.accept_request("none", by)),
    "withdraw_request": ("user", lambda a, i, by: a.withdraw_request("none", by)),
    "queue_hold": ("user", lambda a, i, by: a.queue_hold("none", by)),
    "queue_release": ("user", lambda a, i, by: a.queue_release("none", by)),
    "queue_retry": ("user", lambda a, i, by: a.queue_retry("none", by)),
    "queue_finish": ("user", lambda a, i, by: a.queue_finish("none", by)),
    "queue_cancel": ("user", lambda a, i, by: a.queue_cancel("none", by)),
    "queue_move": ("user", lambda a, i, by: a.queue_move("none", None, by)),
    "queue_step": ("user", lambda a, i, by: a.queue_step("none", 1, by)),
    "queue_switch": ("user", lambda a, i, by: a.queue_switch("STORAGE", False, by)),
    "save_condition": ("manager", lambda a, i, by: a.save_condition(Condition("x", "X", "x"), by)),
    "tuning.save": ("manager", lambda a, i, by: a.tuning.save("hand-pa", Chain.of(), by, "why", 1)),
    "tuning.back": ("manager", lambda a, i, by: a.tuning.back("hand-pa", 1, by, "why")),
    "tuning.put_in_use": ("manager", lambda a, i, by: a.tuning.put_in_use("hand-pa", False, by, "why")),
    "tuning.bring_in": ("manager", lambda a, i, by: a.tuning.bring_in(_BROUGHT, by, "why")),
    "ordering.set_key": ("manager", lambda a, i, by: a.ordering.set_key("CODE", "", by)),
    "reporting.export": ("user", lambda a, i, by: a.reporting.export("shots", {}, "csv", by)),
    "reporting.query": ("user", lambda a, i, by: a.reporting.query("select 1", by)),
    "reporting.export_query": ("user", lambda a, i, by: a.reporting.export_query("select 1", "csv", by)),
    "reporting.sign": ("user", lambda a, i, by: a.reporting.sign(["none"], by)),
    "reporting.justify": ("user", lambda a, i, by: a.reporting.justify("none", by, "why")),
    "station.site_text": ("user", lambda a, i, by: a.station.site_text(by)),
    "station.set_user": ("manager", lambda a, i, by: a.station.set_user("eve", "user", "secret-long-enough", by)),
    "station.remove_user": ("manager", lambda a, i, by: a.station.remove_user("eve", by)),
    "told.again": ("user", lambda a, i, by: a.told.again("none", by)),
}
_BROUGHT: Any = SimpleNamespace(condition=SimpleNamespace(key="x"), based_on=0)
# Who looks at an image may always go: only his own look ends. `actor` only says who somebody is.
FREE = {"leave", "actor"}
PARTS = ("tuning", "ordering", "reporting", "station", "search", "traffic", "told")


@pytest.fixture(scope="module")
def apparatus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apparatus]:
    folder = tmp_path_factory.mktemp("roles")
    storage = {"name": "STORAGE", "kind": "storage", "ae_title": "STORE", "port": 1}
    with Apparatus(site(folder, apparatus=[storage])) as apparatus:
        assert send(apparatus, radiograph(folder / "one.dcm")).returncode == 0
        wait_until(lambda: apparatus.images(state="awaiting"))
        yield apparatus


def asked_by(what: Any) -> set[str]:
    """Methods that are told who asks."""
    found = set()
    for name, method in inspect.getmembers(type(what), inspect.isfunction):
        by = inspect.signature(method).parameters.get("by")
        if by is not None and by.annotation in ("By", "Actor") and not name.startswith("_"):
            found.add(name)
    return found


def test_every_action_of_the_apparatus_is_tried_here(apparatus: Apparatus) -> None:
    known = asked_by(apparatus) - FREE | {
        f"{part}.{name}" for part in PARTS for name in asked_by(getattr(apparatus, part))
    }
    assert known == {name.partition(" ")[0] for name in ACTIONS}
    assert len(known) > 35


@pytest.mark.parametrize("action", ACTIONS)
def test_it_is_refused_to_whoever_is_below(apparatus: Apparatus, action: str) -> None:
    (image,) = apparatus.images()
    lowest, call = ACTIONS[action]
    lower = ("nobody", *ROLES[: ROLES.index(lowest)])  # type: ignore[arg-type]
    before = apparatus.journal(limit=1)[0]["seq"]
    for role in lower:
        with pytest.raises(NotAllowed, match="may not"):
            call(apparatus, image.image_id, Actor("eve", role))  # type: ignore[arg-type]
    assert apparatus.journal(limit=1)[0]["seq"] == before
    assert apparatus.image(image.image_id) == image


def test_the_roles_are_those_of_the_table() -> None:
    assert set(NEEDS.values()) == set(ROLES)
    assert {lowest for lowest, _ in ACTIONS.values()} <= set(ROLES)
