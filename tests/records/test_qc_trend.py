"""The trend of quality control: values, limits and drift of each detector, and how they are drawn."""

from __future__ import annotations

from datetime import datetime, timedelta

import duckdb
import holoviews as hv
import pandas as pd
import pytest

from imgdash.dashboard.recording import drawing
from imgdash.records import reports
from imgdash.store.database import SCHEMA

BEGIN = datetime(2025, 1, 15, 8, 0)
hv.extension("bokeh")


@pytest.fixture(scope="module")
def database() -> duckdb.DuckDBPyConnection:
    """A year of two detectors: the MTF of the first falls by 1 % of its mean a month below its limit of 1.9."""
    connection = duckdb.connect()
    connection.execute(SCHEMA)
    rows = []
    for month in range(12):
        at = BEGIN + timedelta(days=30 * month)
        for sender, quantity, axis, value, low, high in (
            ("DR60", "mtf50", "x", 2.0 - 0.02 * month, 1.9, None),
            ("DR60", "dead_lines", "", 0.0, None, 0.0),
            ("DR61", "mtf50", "x", 2.0, 1.9, None),
            ("DR61", "snr", "", 80.0 + month, None, None),
        ):
            kept = (low is None or value >= low) and (high is None or value <= high)
            rows.append(
                {
                    "qc_id": f"{sender}{month}{quantity}",
                    "image_id": f"{sender}{month}",
                    "at": at,
                    "sender": sender,
                    "detector": "P1",
                    "quantity": quantity,
                    "axis": axis,
                    "value": value,
                    "low": low,
                    "high": high,
                    "within": None if low is None and high is None else kept,
                }
            )
    staged = pd.DataFrame(rows)
    staged["within"] = staged["within"].astype("boolean")
    connection.register("staged", staged)
    connection.execute("insert into qc by name select * from staged")
    connection.execute("insert into image (image_id, number, state, file) values ('DR6111', 1, 'rejected', '')")
    return connection


def test_a_falling_mtf_has_its_drift_and_leaves_its_limit(database: duckdb.DuckDBPyConnection) -> None:
    found = reports.run(database, "qc_trend", sender="dr60", quantity="MTF50").to_pandas()
    assert list(found["series"].unique()) == ["DR60 · P1 · MTF 50 %, x"]
    assert found["drift"].to_numpy() == pytest.approx(-100 * 0.02 / found["value"].mean())
    assert found["change"].iloc[-1] == pytest.approx(-11.0)
    assert list(found["within"]) == [value >= 1.9 for value in found["value"]]
    assert 0 < found["within"].sum() < 12


def test_what_was_rejected_is_in_no_trend(database: duckdb.DuckDBPyConnection) -> None:
    assert reports.run(database, "qc_trend", sender="DR61", quantity="snr").num_rows == 11


def test_a_period_is_compared_with_its_own_beginning(database: duckdb.DuckDBPyConnection) -> None:
    found = reports.run(database, "qc_trend", sender="DR60", quantity="mtf50", begin="2025-07-01").to_pandas()
    assert found["change"].iloc[0] == 0
    assert len(found) == 6
    # A value of 0 has no change in percent.
    lines = reports.run(database, "qc_trend", quantity="dead_lines").to_pandas()
    assert lines["change"].isna().all()


def test_what_was_measured_twice_in_one_day_has_no_drift(database: duckdb.DuckDBPyConnection) -> None:
    again = 'select * replace (qc_id || \'again\' as qc_id, "at" + interval 1 hour as "at", value + 0.1 as value)'
    cursor = database.cursor()
    cursor.execute("begin")
    cursor.execute(f"insert into qc {again} from qc where sender = 'DR60' and quantity = 'mtf50'")
    day = {"sender": "DR60", "quantity": "mtf50", "end": "2025-01-16"}
    table = reports.run(cursor, "qc_trend", **day)
    cursor.execute("rollback")
    assert table["drift"].to_pylist() == [None, None]
    hv.render(drawing.draw(reports.get("qc_trend"), table))


def test_what_left_its_limits_is_drawn_first(database: duckdb.DuckDBPyConnection) -> None:
    report, table = reports.get("qc_trend"), reports.run(database, "qc_trend")
    names = drawing.series(report, table)
    assert names[0] == "DR60 · P1 · MTF 50 %, x"
    # What has no limit comes last.
    assert names[-1] == "DR61 · P1 · SNR"
    for name in names:
        figure = hv.render(drawing.draw(report, table, name))
        assert figure.title.text.startswith(name)
        assert ("no limit" in figure.title.text) == (name == names[-1])


def test_a_single_value_is_drawn_with_its_limit(database: duckdb.DuckDBPyConnection) -> None:
    report = reports.get("qc_trend")
    table = reports.run(database, "qc_trend", sender="DR60", quantity="mtf50", end="2025-02-01")
    assert table.num_rows == 1
    hv.render(drawing.draw(report, table))
