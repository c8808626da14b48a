"""Records of a department that does not exist, for tests and benchmarks: never shipped, never in a database of a site.

Figures follow published ones: 8-12 % rejects, three quarters of them positioning; EI log-normal about its target
with a standard deviation of DI of 2.7; KAP log-normal.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np
import pandas as pd

from imgdash.store.database import SCHEMA

# Region, view, share of the work, kV, median mAs, median KAP in dGy·cm², target EI.
_VIEWS = pd.DataFrame(
    [
        ("CHEST", "PA", 0.34, 120, 2.0, 0.8, 250),
        ("CHEST", "LL", 0.16, 125, 5.0, 2.5, 300),
        ("ABDOMEN", "AP", 0.06, 80, 25.0, 15.0, 350),
        ("PELVIS", "AP", 0.09, 77, 20.0, 14.0, 350),
        ("KNEE", "AP", 0.13, 60, 4.0, 0.9, 400),
        ("HAND", "PA", 0.14, 50, 2.0, 0.2, 400),
        ("LSPINE", "LL", 0.08, 90, 60.0, 18.0, 300),
    ],
    columns=["body_part", "view", "share", "kvp", "mas", "dap", "target_ei"],
)
_REASONS = {"111209": 0.77, "111210": 0.08, "111212": 0.05, "111211": 0.05, "111207": 0.03, "111219": 0.02}
ROOMS = ("Room 1", "Room 2", "Portable")
OPERATORS = ("Anna", "Bert", "Chloë", "山田", "")


@dataclass(frozen=True)
class Records:
    """Tables as the database has them; columns that are left out are unknown."""

    exposure: pd.DataFrame
    image: pd.DataFrame
    journal: pd.DataFrame
    queue: pd.DataFrame
    request: pd.DataFrame


def make(shots: int, *, seed: int = 1, begin: str = "2024-01-01", days: int = 400) -> Records:
    """Records of so many irradiation events."""
    chance = np.random.default_rng(seed)
    exposure = _exposures(chance, shots, begin, days)
    image = _images(chance, exposure)
    journal = _journal(chance, image)
    request = _requests(chance, image)
    image = _replaced(image, request)
    return Records(exposure, image, journal, _queue(chance, image), request)


def _exposures(chance: np.random.Generator, shots: int, begin: str, days: int) -> pd.DataFrame:
    which = chance.choice(len(_VIEWS), shots, p=_VIEWS["share"])
    view = _VIEWS.iloc[which].reset_index(drop=True)
    seconds = np.sort(chance.integers(0, days * 86_400, shots))
    room = chance.choice(ROOMS, shots, p=(0.5, 0.3, 0.2))
    # Room 2 drifts by one DI in the time.
    di = chance.normal(0, 2.7, shots) + np.where(room == "Room 2", seconds / seconds.max(), 0)
    number = np.arange(shots)
    frame = pd.DataFrame(
        {
            "event_uid": [f"1.2.826.{seed_uid}" for seed_uid in number],
            "image_id": [f"{n:032x}" for n in number],
            "at": pd.Timestamp(begin) + pd.to_timedelta(seconds, unit="s"),
            "patient_id": [f"P{n}" for n in chance.integers(0, max(2, shots // 3), shots)],
            "patient_age": np.round(np.clip(chance.normal(52, 24, shots), 0, 99), 1),
            "modality": chance.choice(("CR", "DX"), shots, p=(0.4, 0.6)),
            "station": "",
            "room": room,
            "operator": chance.choice(OPERATORS, shots),
            "body_part": view["body_part"],
            "view": view["view"],
            "condition": view["body_part"].str.lower() + "-" + view["view"].str.lower(),
            "kvp": view["kvp"].astype(float),
            "mas": view["mas"] * np.exp(chance.normal(0, 0.35, shots)),
            "exposure_ms": np.exp(chance.normal(3, 0.6, shots)),
            "dap": view["dap"] * np.exp(chance.normal(0, 0.45, shots)),
            "ei": view["target_ei"] * 10 ** (di / 10),
            "target_ei": view["target_ei"].astype(float),
            "di": di,
            "signature": "",
            "amends": "",
        }
    )
    # Not every machine says everything.
    for column, part in (("dap", 0.05), ("exposure_ms", 0.08), ("patient_age", 0.02)):
        frame.loc[chance.random(shots) < part, column] = np.nan
    unknown = chance.random(shots) < 0.07
    frame.loc[unknown, ["ei", "target_ei", "di"]] = np.nan
    return frame


def _images(chance: np.random.Generator, exposure: pd.DataFrame) -> pd.DataFrame:
    shots = len(exposure)
    frame = exposure[["image_id", "patient_id", "modality", "body_part", "view", "condition", "operator"]].copy()
    frame["number"] = np.arange(1, shots + 1)
    frame["file"] = "images/" + frame["image_id"] + ".dcm"
    frame["sender"] = chance.choice(("CR1", "DR1"), shots)
    frame["acquired_at"] = exposure["at"]
    frame["received_at"] = exposure["at"] + pd.to_timedelta(chance.integers(5, 90, shots), unit="s")
    frame["state"] = "delivered"
    bad = chance.random(shots) < 0.10
    frame.loc[bad, "state"] = "rejected"
    frame["reason"] = np.where(bad, chance.choice(list(_REASONS), shots, p=list(_REASONS.values())), "")
    frame["accession"] = np.where(chance.random(shots) < 0.06, "", "A" + frame["number"].astype(str))
    frame["confirmed_by"] = np.where(bad, "", "reviewer")
    frame["confirmed_at"] = frame["received_at"] + pd.to_timedelta(chance.integers(10, 600, shots), unit="s")
    frame["confirmed_at"] = frame["confirmed_at"].astype("datetime64[us]").where(~bad)
    frame["overrides"] = np.where(chance.random(shots) < 0.1, '{"gradation.contrast": 1.2}', "{}")
    frame["condition_version"] = 1 + (np.arange(shots) > shots // 2)
    frame["replaces"] = ""
    frame["round"] = 0
    return frame


def _journal(chance: np.random.Generator, image: pd.DataFrame) -> pd.DataFrame:
    """Verdicts of reviewers; some are taken back."""
    bad = image[image["state"] == "rejected"]
    kind = chance.choice(("reject", "repeat"), len(bad), p=(0.9, 0.1))
    rejected = pd.DataFrame(
        {
            "id": bad["image_id"],
            "event": "reject",
            "at": bad["received_at"] + pd.Timedelta(minutes=5),
            "data": [
                f'{{"state": "rejected", "reason": "{r}", "kind": "{k}"}}'
                for r, k in zip(bad["reason"], kind, strict=True)
            ],
        }
    )
    back = rejected[chance.random(len(rejected)) < 0.05].copy()
    back["event"], back["data"] = "restore", '{"state": "awaiting"}'
    back["at"] += pd.Timedelta(minutes=3)
    image.loc[image["image_id"].isin(back["id"]), "state"] = "awaiting"
    journal = pd.concat([rejected, back]).sort_values("at", kind="stable").reset_index(drop=True)
    journal["seq"] = np.arange(1, len(journal) + 1)
    journal["subject"], journal["by"], journal["why"], journal["hash"] = "image", "reviewer", "", ""
    return journal


def _requests(chance: np.random.Generator, image: pd.DataFrame) -> pd.DataFrame:
    """One to three rounds for some images that were not rejected; the answers are images that come later."""
    asked = image[(image["state"] == "delivered") & (chance.random(len(image)) < 0.04)]
    rows = []
    for position, found in enumerate(asked.itertuples()):
        at = found.received_at
        rounds = int(chance.choice((1, 2, 3), p=(0.8, 0.15, 0.05)))
        end = chance.choice(("satisfied", "refused", "withdrawn", "sent"), p=(0.8, 0.08, 0.05, 0.07))
        ask = chance.choice(("processed", "reradiograph"))
        for turn in range(1, rounds + 1):
            at += pd.Timedelta(seconds=int(chance.integers(30, 300)))
            answered = turn < rounds or end == "satisfied"
            rows.append(
                {
                    "request_id": f"2.25.{position}.{turn}",
                    "image_id": found.image_id,
                    "chain": f"2.25.{position}.1",
                    "round": turn,
                    "state": "superseded" if turn < rounds else end,
                    "to": "ris" if ask == "reradiograph" else "modality",
                    "ask": ask,
                    "reason": "111209" if ask == "reradiograph" else "111219",
                    "by": "reviewer",
                    # Any later image serves as the answer.
                    "answer": image["image_id"].iloc[(found.Index + 7 * turn) % len(image)] if answered else "",
                    "created_at": at,
                    "answered_at": at + pd.Timedelta(seconds=int(chance.integers(60, 3000))) if answered else pd.NaT,
                }
            )
    return pd.DataFrame(rows)


def _replaced(image: pd.DataFrame, request: pd.DataFrame) -> pd.DataFrame:
    done = request[request["state"] == "satisfied"]
    image = image.copy()
    image.loc[image["image_id"].isin(done["image_id"]), "state"] = "replaced"
    return image


def _queue(chance: np.random.Generator, image: pd.DataFrame) -> pd.DataFrame:
    parts = []
    for apparatus, share in (("STORAGE", 1.0), ("FILM", 0.2)):
        sent = image[(image["state"] != "rejected") & (chance.random(len(image)) < share)]
        size = len(sent)
        state = chance.choice(
            ("done", "failed", "uncertain", "cancelled", "waiting"), size, p=(0.95, 0.02, 0.01, 0.01, 0.01)
        )
        registered = sent["received_at"] + pd.Timedelta(minutes=2)
        took = pd.to_timedelta((np.exp(chance.normal(1, 1, size)) * 1000).astype(int), unit="ms")
        parts.append(
            pd.DataFrame(
                {
                    "entry_id": sent["image_id"] + f"@{apparatus}#1",
                    "image_id": sent["image_id"],
                    "apparatus": apparatus,
                    "state": state,
                    "position": sent["number"].astype(float),
                    "attempts": 1 + chance.poisson(0.1, size),
                    "registered_at": registered,
                    "finished_at": (registered + took).where(state == "done"),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def load(connection: duckdb.DuckDBPyConnection, records: Records) -> None:
    """Make the tables, and put the records into them."""
    connection.execute(SCHEMA)
    for name in ("exposure", "image", "journal", "queue", "request"):
        connection.register("staged", getattr(records, name))
        connection.execute(f"insert into {name} by name select * from staged")
        connection.unregister("staged")
