"""Images, conditions and sites for tests, made without the stages before."""

from __future__ import annotations

import dataclasses
import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any

from imgdash.config import Site, parse
from imgdash.model import Condition, Event, ImageHeader, Patient
from imgdash.store.change import Change
from imgdash.store.image_rows import image_columns
from imgdash.store.store import Store

CONDITION = """
title = "Chest PA"
group = "chest"
version = 1
required = ["ViewPosition"]
[processing.gradation]
contrast = 1.3
[exposure]
target_ei = 250
di_low = -3.0
di_high = 3.0
"""


def header(name: str = "one", **changes: Any) -> ImageHeader:
    """A good chest image; `name` makes its identity."""
    digest = hashlib.sha256(name.encode()).hexdigest()
    number = int(digest[:12], 16)
    made = ImageHeader(
        image_id=digest[:32],
        number=0,
        state="awaiting",
        file=f"images/{digest[:2]}/{digest[:32]}.dcm",
        sop_class_uid="1.2.840.10008.5.1.4.1.1.1.1",
        sop_instance_uid=f"1.2.3.{number}",
        study_uid="1.2.3.4",
        series_uid="1.2.3.4.5",
        transfer_syntax="1.2.840.10008.1.2.1",
        sender="CR51",
        sender_host="127.0.0.1",
        received_at=datetime.now(),
        patient=Patient("P1", "Phantom^Chest", "O", "19700101"),
        accession="A1",
        modality="DX",
        body_part="CHEST",
        view="PA",
        rows=2000,
        columns=1700,
        bits_stored=12,
        condition="chest-pa",
        condition_version=1,
        presentation_intent="FOR PROCESSING",
        parameters={"clipped_low": 0.0, "clipped_high": 0.01, "di": 0.4, "field_fraction": 0.8, "s_low": 0.2},
    )
    return dataclasses.replace(made, **changes)


def put(store: Store, made: ImageHeader) -> ImageHeader:
    """Register an image as the intake does."""

    def change(change: Change) -> None:
        number = change.query("select coalesce(max(number), 0) + 1 as n from image")[0]["n"]
        columns = image_columns(dataclasses.replace(made, number=number))
        change.emit(Event("image", made.image_id, "register", columns))

    store.write(change)
    return store.image(made.image_id)


def condition_folder(folder: Path) -> Path:
    """A folder with one condition key."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "chest-pa.toml").write_text(CONDITION)
    (folder / "hand-pa.toml").write_text('title = "Hand"\ngroup = "hand"\noutputs = ["FILM"]\n')
    return folder


def condition(**changes: Any) -> Condition:
    """A condition key."""
    return dataclasses.replace(Condition("chest-pa", "Chest PA", "chest"), **changes)


def site(folder: Path, **sections: Any) -> Site:
    """A site with a storage, a printer, a modality that takes work items, and a RIS."""
    raw: dict[str, Any] = {
        "apparatus": [
            {"name": "STORE", "kind": "storage", "ae_title": "STORE"},
            {"name": "FILM", "kind": "printer", "ae_title": "FILM"},
        ],
        "peer": [
            {"name": "cr", "kind": "modality", "ae_title": "CR51", "ups": True, "unprocessed": True, "port": 1},
            {"name": "ris", "kind": "ris", "hl7_port": 1},
        ],
    }
    raw.update(sections)
    return parse(raw, folder / "site.toml")
