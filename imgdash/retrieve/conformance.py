"""What the query port offers, and what is asked of a C-MOVE destination."""

from __future__ import annotations

from pynetdicom.sop_class import Verification

from imgdash.retrieve.keys import KEYS, LEVELS, SUMMARIES, UNIQUE
from imgdash.retrieve.server import QUERIES, RETRIEVALS
from imgdash.wire.conformance import Service


def accepted() -> list[Service]:
    """As acceptor of associations."""
    levels = {sop_class: ", ".join(root) for sop_class, root in QUERIES.items()}
    levels |= {sop_class: ", ".join(root) for sop_class, (_, root) in RETRIEVALS.items()}
    operations = dict.fromkeys(QUERIES, "C-FIND")
    operations |= {sop_class: kind.__name__.replace("_", "-") for sop_class, (kind, _) in RETRIEVALS.items()}
    services = [Service(str(Verification), "SCP", ("C-ECHO",))]
    services += [
        Service(str(sop_class), "SCP", (operations[sop_class],), remark=f"levels {levels[sop_class]}")
        for sop_class in operations
    ]
    return services


def attributes() -> list[tuple[str, str, bool]]:
    """Level, keyword and whether it is the unique key, of every attribute that is matched and returned."""
    return [
        (level, key.keyword, key.keyword == UNIQUE[level])
        for level in LEVELS
        for key in (*KEYS[level], *SUMMARIES[level])
    ]
