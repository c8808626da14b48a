"""Seconds for the reports of a large department: DuckDB on disk beside pandas in memory; publishing and replaying.

    python -m tests.benchmarks.records [--rows 1000000] [--rounds 5]

Both compute the same figures from the same rows, one thread each, taking turns; a difference ends the run. pandas
is timed with its frames already in memory, DuckDB with the file on disk, opened before. Prints one line of JSON:
median seconds.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from imgdash.model import Event
from imgdash.records import reports
from imgdash.records.publish import Publisher
from imgdash.store.journal import Journal
from imgdash.store.store import Store
from tests.records import synthetic

_REPORTS = "radiographing emission shots room_use rejects exposure_index dose loop queues completeness audit".split()


def timed(function: Callable[[], Any]) -> tuple[Any, float]:
    began = time.perf_counter()
    result = function()
    return result, time.perf_counter() - began


def compared(connection: duckdb.DuckDBPyConnection, records: synthetic.Records, rounds: int) -> dict[str, Any]:
    """Dose quantiles and DI statistics, the same in both."""
    exposure = records.exposure

    def dose_sql() -> pd.DataFrame:
        return reports.run(connection, "dose").to_pandas()

    def dose_pandas() -> pd.DataFrame:
        bands = pd.cut(exposure["patient_age"], [0, 1, 5, 10, 15, 18, 200], right=False)
        grouped = exposure.groupby(["body_part", "view", bands], observed=True, dropna=False)["dap"]
        return pd.DataFrame({"median": grouped.median(), "p75": grouped.quantile(0.75), "known": grouped.count()})

    def di_sql() -> pd.DataFrame:
        return reports.run(connection, "exposure_index").to_pandas()

    def di_pandas() -> pd.DataFrame:
        known = exposure.dropna(subset="di")
        grouped = known.groupby([known["at"].dt.floor("D"), "room"])
        ei, di = grouped["ei"], grouped["di"]
        parts = {
            "p25": ei.quantile(0.25),
            "p50": ei.median(),
            "p75": ei.quantile(0.75),
            "mean": di.mean(),
            "sd": di.std(),
        }
        return pd.DataFrame({**parts, "median": di.median()})

    found: dict[str, Any] = {}
    for name, ours, theirs in (("dose", dose_sql, dose_pandas), ("exposure_index", di_sql, di_pandas)):
        times: dict[str, list[float]] = {"duckdb": [], "pandas": []}
        for _ in range(rounds):
            a, seconds = timed(ours)
            times["duckdb"].append(seconds)
            b, seconds = timed(theirs)
            times["pandas"].append(seconds)
        column, other = ("kap_median", "median") if name == "dose" else ("di_mean", "mean")
        np.testing.assert_allclose(np.sort(a[column]), np.sort(b[other]), rtol=1e-9)
        found[name] = {engine: round(statistics.median(values), 4) for engine, values in times.items()}
    return found


def published(rows: int) -> dict[str, float]:
    """A month's records: first publication, and again after one image changed."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        records = synthetic.make(rows, days=30)
        connection = store.database.connection
        for name in ("exposure", "image", "queue", "request"):
            connection.register("staged", getattr(records, name))
            connection.execute(f"insert into {name} by name select * from staged")
        publisher = Publisher(store, Path(folder) / "records")
        id = records.image["image_id"].iloc[0]
        store.set("image", id, comment="x")
        _, whole = timed(publisher.publish)
        store.set("image", id, comment="y")
        _, again = timed(publisher.publish)
        _, nothing = timed(publisher.publish)
        store.close()
    return {"images": rows, "whole": round(whole, 4), "after_one_change": round(again, 4), "nothing": round(nothing, 4)}


def replayed(events: int) -> dict[str, float]:
    """Journal checked, and the database made anew from it, microseconds for each event."""
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(Path(folder) / "journal")
        at = datetime(2025, 1, 1)
        states = ("register", "examine", "confirm", "deliver")
        for first in range(0, events, 2000):
            batch = [_event(seq, states, at) for seq in range(first, min(first + 2000, events))]
            journal.append(batch)
        journal.close()
        journal, check = timed(lambda: Journal(Path(folder) / "journal"))
        journal.close()
        store, rebuild = timed(lambda: Store(Path(folder)))
        store.close()
    return {
        "events": events,
        "check_us": round(1e6 * check / events, 2),
        "rebuild_us": round(1e6 * rebuild / events, 1),
    }


def _event(seq: int, states: tuple[str, ...], at: datetime) -> Event:
    number, turn = divmod(seq, len(states))
    data: dict[str, Any] = {"state": states[turn]}
    if turn == 0:
        data.update(number=number, file="x", patient_name="Ä^B", received_at=at.isoformat(), pixel_spacing=[0.1, 0.1])
        data["parameters"] = {"s_low": 0.1, "field": [[1.0, 2.0], [3.0, 4.0]]}
    return Event("image", f"{number:032x}", states[turn], data, seq=seq + 1, at=at + timedelta(seconds=seq))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    records = synthetic.make(chosen.rows)
    result: dict[str, Any] = {"rows": chosen.rows, "threads": 1}
    with tempfile.TemporaryDirectory() as folder:
        with duckdb.connect(f"{folder}/records.duckdb", config={"threads": 1, "memory_limit": "512MB"}) as connection:
            synthetic.load(connection, records)
        with duckdb.connect(
            f"{folder}/records.duckdb", read_only=True, config={"threads": 1, "memory_limit": "512MB"}
        ) as connection:
            result["compared"] = compared(connection, records, chosen.rounds)
            result["reports"] = {
                name: round(timed(lambda name=name: sum(b.num_rows for b in reports.stream(connection, name)))[1], 3)
                for name in _REPORTS
            }
    result["publish"] = published(min(chosen.rows, 40_000))
    result["replay"] = replayed(min(chosen.rows, 100_000))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
