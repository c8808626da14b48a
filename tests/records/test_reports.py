"""What a report is, what it takes, and the lists it gives."""

from __future__ import annotations

from datetime import datetime

import duckdb
import numpy as np
import pytest

from imgdash.model import ImgdashError, NotFound
from imgdash.records import reports
from tests.records import synthetic
from tests.records.asking import BEGIN, END, report
from tests.records.synthetic import Records


def test_every_report_says_what_it_is_and_gives_the_columns_it_says(database: duckdb.DuckDBPyConnection) -> None:
    assert reports.names()[0] == "radiographing"
    assert {reports.get(name).number.rstrip("b") for name in reports.names()} == {str(n) for n in range(1, 13)}
    for name in reports.names():
        found = reports.get(name)
        table = reports.run(database, name)
        assert table.column_names == [column.name for column in found.columns], name
        assert found.title, name
        assert found.what, name
        assert found.source, name
        assert set(found.first) <= set(table.column_names), name
        assert len(found.first) == len(set(found.first)), name
        drawn = {found.draw.x, found.draw.y, found.draw.by} - {""}
        assert drawn <= set(table.column_names), name
        assert (found.draw.kind == "table") == (not drawn), name


def test_conditions_used_in_a_day(records: Records, database: duckdb.DuckDBPyConnection) -> None:
    day = records.image["received_at"].dt.date == datetime(2024, 5, 6).date()
    image = records.image[day]
    found = report(database, "conditions", begin="2024-05-06", end="2024-05-07")
    assert found["images"].sum() == len(image)
    expected = image.groupby(["condition", "condition_version"]).size()
    assert list(found["images"]) == list(expected)
    assert list(found["condition"]) == list(expected.index.get_level_values(0))
    assert found["changed_by_hand"].sum() == (image["overrides"] != "{}").sum()


def test_the_record_of_a_day_lists_every_image_once(records: Records, database: duckdb.DuckDBPyConnection) -> None:
    found = report(database, "radiographing", begin="2024-05-06T00:00:00", end="2024-05-07")
    image = records.image[records.image["received_at"].dt.date == datetime(2024, 5, 6).date()]
    assert list(found["number"]) == list(image["number"])
    exposure = records.exposure.set_index("image_id").loc[image["image_id"]]
    np.testing.assert_allclose(found["kvp"], exposure["kvp"])
    np.testing.assert_allclose(found["di"], exposure["di"])
    assert found["di"].isna().sum() == exposure["di"].isna().sum()
    delivered = (
        records.queue[records.queue["state"] == "done"]
        .groupby("image_id")["apparatus"]
        .agg(lambda names: ", ".join(sorted(names)))
    )
    assert list(found["delivered_to"].dropna()) == list(delivered.reindex(image["image_id"]).dropna())


def test_completeness(records: Records, database: duckdb.DuckDBPyConnection) -> None:
    found = report(database, "completeness", begin=BEGIN, end=END, by="none").set_index("item")
    image = records.image[(records.image["received_at"] >= BEGIN) & (records.image["received_at"] < END)]
    assert found.loc["accession", "images"] == len(image)
    assert found.loc["accession", "missing_now"] == (image["accession"] == "").sum()
    assert found.loc["operator", "missing_at_receipt"] == (image["operator"] == "").sum()
    assert found.loc["patient_id", "complete_at_receipt"] == 100
    assert found.loc["patient_name", "complete_at_receipt"] == 0


def test_audit_filters(records: Records, database: duckdb.DuckDBPyConnection) -> None:
    found = report(database, "audit", event="restore", amendments="true")
    assert len(found) == (records.journal["event"] == "restore").sum()
    assert report(database, "audit", by="nobody").empty
    assert list(report(database, "audit")["seq"]) == list(records.journal["seq"])


def test_a_stream_gives_the_same_in_batches(database: duckdb.DuckDBPyConnection) -> None:
    whole = reports.run(database, "emission")
    batches = list(reports.stream(database, "emission"))
    assert sum(batch.num_rows for batch in batches) == whole.num_rows


def test_what_is_not_a_report_or_no_parameter_is_named(database: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(NotFound, match="There are: radiographing"):
        reports.run(database, "nothing; drop table image")
    with pytest.raises(ImgdashError, match=r"no parameter room.*It has: begin, end, by, modality"):
        reports.run(database, "rejects", room="x")
    with pytest.raises(ImgdashError, match="by = 'weather'"):
        reports.run(database, "rejects", by="weather")
    with pytest.raises(ImgdashError, match="begin = 'yesterday' is no timestamp"):
        reports.run(database, "shots", begin="yesterday")
    with pytest.raises(ImgdashError, match="superseded"):
        reports.run(database, "emission", superseded="perhaps")


def test_foreign_text_in_a_parameter_is_a_value(database: duckdb.DuckDBPyConnection) -> None:
    assert report(database, "emission", patient_id="x' or '1'='1").empty
    assert report(database, "dose", room="Room 1'; drop table exposure; --").empty
    assert not report(database, "emission").empty


def test_an_empty_database_gives_empty_reports_not_zeros() -> None:
    connection = duckdb.connect()
    connection.execute(synthetic.SCHEMA)
    for name in reports.names():
        assert reports.run(connection, name).num_rows == 0, name
