"""The numbers of the statistics against the same numbers computed with pandas, independently."""

from __future__ import annotations

import json

import duckdb
import numpy as np
import pandas as pd
import pytest

from imgdash.model.codes import REASONS
from tests.records.asking import BEGIN, END, report
from tests.records.synthetic import Records


def shots(records: Records) -> pd.DataFrame:
    """Exposures of the period, with the verdict on each: None, reject or repeat, and its reason."""
    exposure = records.exposure[(records.exposure["at"] >= BEGIN) & (records.exposure["at"] < END)].copy()
    last = records.journal.sort_values("seq").groupby("id").last()
    last = last[last["event"] == "reject"]
    said = last["data"].map(json.loads)
    verdict = {id: (data["kind"], data["reason"]) for id, data in said.items()}
    sent = set(records.queue.loc[records.queue["state"] == "done", "image_id"])
    for row in records.request.itertuples():
        if row.ask == "reradiograph" and row.state != "withdrawn":
            verdict.setdefault(row.image_id, ("repeat" if row.image_id in sent else "reject", row.reason))
    found = [verdict.get(id, (None, None)) for id in exposure["image_id"]]
    exposure["kind"], exposure["reason"] = zip(*found, strict=True)
    return exposure


@pytest.mark.parametrize("kind", ["reject", "repeat"])
@pytest.mark.parametrize("by", ["reason", "body_part", "view", "room", "operator", "modality", "month"])
def test_rejects_and_repeats(records: Records, database: duckdb.DuckDBPyConnection, by: str, kind: str) -> None:
    found = report(database, "rejects", begin=BEGIN, end=END, by=by).set_index("value")
    exposure = shots(records)
    key = {
        "reason": exposure["reason"].map(lambda code: REASONS[code].meaning, na_action="ignore"),
        "view": exposure["body_part"] + " " + exposure["view"],
        "month": exposure["at"].dt.strftime("%Y-%m"),
    }.get(by, exposure.get(by))
    assert key is not None
    key = key.replace("", None)
    count = exposure["kind"].eq(kind).groupby(key.to_numpy(), dropna=False).sum()
    total = exposure.groupby(key.to_numpy(), dropna=False).size() if by != "reason" else len(exposure)
    rate = (100 * count / total)[
        lambda values: values.index.notna() if by == "reason" else values.index == values.index
    ]
    for value, expected in rate.items():
        row = found.loc[value] if isinstance(value, str) else found[found.index.isna()].iloc[0]
        assert row[f"{kind}_rate"] == pytest.approx(expected)
        assert row[f"{kind}s"] == count[value]
    assert found["share"].sum() == pytest.approx(100)


def test_reject_figures_are_those_of_a_department(records: Records, database: duckdb.DuckDBPyConnection) -> None:
    """The synthetic records are worth testing with: 8-12 % not good enough, three quarters positioning."""
    found = report(database, "rejects").set_index("value")
    assert 8 < (found["reject_rate"] + found["repeat_rate"]).sum() < 13
    assert 70 < found.loc["Positioning", "share"] < 85


def test_shots_per_region_room_and_operator(records: Records, database: duckdb.DuckDBPyConnection) -> None:
    found = report(database, "shots", begin=BEGIN, end=END, period="month")
    exposure = shots(records)
    assert found["shots"].sum() == len(exposure)
    chosen = exposure[
        (exposure["body_part"] == "CHEST")
        & (exposure["view"] == "PA")
        & (exposure["room"] == "Room 1")
        & (exposure["operator"] == "山田")
        & (exposure["at"].dt.month == 5)
    ]
    row = found[
        (found["body_part"] == "CHEST")
        & (found["view"] == "PA")
        & (found["room"] == "Room 1")
        & (found["operator"] == "山田")
        & (found["period"].astype(str) == "2024-05-01")
    ]
    assert row["shots"].item() == len(chosen)
    assert row["patients"].item() == chosen["patient_id"].nunique()
    weekly = report(database, "shots", begin=BEGIN, end=END, period="week")
    assert set(pd.to_datetime(weekly["period"]).dt.day_of_week) == {0}


def test_weekly_use_of_rooms_and_its_yearly_sum(records: Records, database: duckdb.DuckDBPyConnection) -> None:
    found = report(database, "room_use")
    exposure = records.exposure.copy()
    iso = exposure["at"].dt.isocalendar()
    grouped = exposure.groupby([iso["year"], iso["week"], "room"])
    expected = pd.DataFrame(
        {
            "shots": grouped.size(),
            "beam_seconds": grouped["exposure_ms"].sum(min_count=1) / 1000,
            "shots_without_time": grouped["exposure_ms"].apply(lambda values: values.isna().sum()),
            "tube_load": grouped["mas"].sum(min_count=1),
        }
    )
    assert len(found) == len(expected)
    indexed = found.set_index(["year", "week", "room"]).sort_index()
    expected.index.names = ["year", "week", "room"]
    pd.testing.assert_frame_equal(
        indexed[expected.columns].astype(float), expected.sort_index().astype(float), check_index_type=False
    )
    last = found[(found["year"] == 2024) & (found["room"] == "Room 2")].iloc[-1]
    whole = exposure[(iso["year"] == 2024) & (exposure["room"] == "Room 2")]
    assert last["year_shots"] == len(whole)
    assert last["year_beam_seconds"] == pytest.approx(whole["exposure_ms"].sum() / 1000)


def test_control_chart_of_the_deviation_index(records: Records, database: duckdb.DuckDBPyConnection) -> None:
    found = report(database, "exposure_index", begin=BEGIN, end=END, by="room")
    exposure = shots(records).dropna(subset="di")
    for room, series in exposure.groupby("room"):
        chart = found[found["series"] == room].reset_index(drop=True)
        daily = series.groupby(series["at"].dt.date)
        assert list(chart["shots"]) == list(daily.size())
        np.testing.assert_allclose(chart["di_mean"], daily["di"].mean())
        np.testing.assert_allclose(chart["ei_median"], daily["ei"].median())
        np.testing.assert_allclose(chart["ei_p75"], daily["ei"].quantile(0.75))
        np.testing.assert_allclose(chart["within_1"], 100 * daily["di"].apply(lambda di: (di.abs() <= 1).mean()))
        centre, sd = series["di"].mean(), series["di"].std()
        np.testing.assert_allclose(chart["high_2sd"], centre + 2 * sd)
        np.testing.assert_allclose(chart["low_1sd"], centre - sd)
        np.testing.assert_allclose(chart["z"], (daily["di"].mean() - centre) / (sd / np.sqrt(daily.size())))
        days = (series["at"] - pd.Timestamp(0)) / pd.Timedelta(days=30)
        slope = np.polyfit(days - days.mean(), series["di"], 1)[0]
        assert chart["drift"][0] == pytest.approx(slope, rel=1e-4)
        above = (chart["di_mean"] > chart["centre"]).to_numpy()
        run = 0
        for day, side in enumerate(above):
            run = run + 1 if day and side == above[day - 1] else 1
            assert chart["run"][day] == run


def test_within_one_day_no_drift_is_told(database: duckdb.DuckDBPyConnection) -> None:
    found = report(database, "exposure_index", begin="2024-03-04", end="2024-03-05", by="modality")
    assert len(found) > 0
    assert found["shots"].max() > 2
    assert found["drift"].isna().all()


def test_dose_against_the_reference_levels_of_the_site(records: Records, database: duckdb.DuckDBPyConnection) -> None:
    cursor = database.cursor()
    cursor.execute("begin")
    levels = [
        {"body_part": "chest", "view": "pa", "kap": 1.0, "source": "national, 2024"},
        {"body_part": "CHEST", "view": "PA", "age_band": "5-<10", "kap": 0.5},
    ]
    cursor.execute("insert into preference values ('station/drl', ?)", [json.dumps(levels)])
    found = report(cursor, "dose", begin=BEGIN, end=END)
    above = report(cursor, "dose_exceedance", begin=BEGIN, end=END)
    exposure = shots(records)
    adult = exposure[(exposure["body_part"] == "CHEST") & (exposure["view"] == "PA") & (exposure["patient_age"] >= 18)]
    row = found[(found["body_part"] == "CHEST") & (found["view"] == "PA") & (found["age_band"] == "18+")].iloc[0]
    assert row["shots"] == len(adult)
    assert row["known"] == adult["dap"].count()
    assert row["kap_median"] == pytest.approx(adult["dap"].median())
    assert row["kap_p75"] == pytest.approx(adult["dap"].quantile(0.75))
    assert row["drl"] == 1.0
    assert row["median_of_drl"] == pytest.approx(100 * adult["dap"].median())
    assert row["above"] == (adult["dap"] > 1).sum()
    assert row["explained"] == 0
    assert row["drl_source"] == "national, 2024"
    child = exposure[exposure["patient_age"].between(5, 10, inclusive="left") & (exposure["view"] == "PA")]
    child = child[child["body_part"] == "CHEST"]
    assert len(above) == (adult["dap"] > 1).sum() + (child["dap"] > 0.5).sum()
    # No level, no statement: neither 0 nor 100 %.
    others = found[found["body_part"] != "CHEST"]
    assert others[["drl", "median_of_drl", "above", "explained"]].isna().all().all()
    assert found["age_band"].isna().any()
    cursor.execute("rollback")


def test_the_loop(records: Records, database: duckdb.DuckDBPyConnection) -> None:
    found = report(database, "loop", begin=BEGIN, end=END)
    request = records.request.sort_values(["chain", "round"])
    first, last = request.groupby("chain").first(), request.groupby("chain").last()
    history = first[["image_id", "created_at", "reason", "to"]].copy()
    history["state"] = last["state"]
    history["answer"] = last["answer"]
    history["rounds"] = last["round"]
    history["first_answer"] = request.groupby("chain")["answered_at"].min()
    history = history[(history["created_at"] >= BEGIN) & (history["created_at"] < END)]
    image = records.image.set_index("image_id")
    history["modality"] = image["modality"].reindex(history["image_id"]).to_numpy()
    history["condition"] = image["condition"].reindex(history["image_id"]).to_numpy()
    confirmed = image["confirmed_at"].reindex(history["answer"]).to_numpy()
    minutes = (confirmed - history["created_at"]).dt.total_seconds() / 60
    history["minutes"] = minutes.where(history["state"] == "satisfied")
    assert found["histories"].sum() == len(history)
    assert found["requests"].sum() == history["rounds"].sum()
    chosen = history[(history["modality"] == "DX") & (history["condition"] == "chest-pa") & (history["to"] == "ris")]
    row = found[(found["modality"] == "DX") & (found["condition"] == "chest-pa") & (found["asked_of"] == "ris")].iloc[0]
    assert row["reason"] == "Positioning"
    assert row["histories"] == len(chosen)
    assert row["rounds_mean"] == pytest.approx(chosen["rounds"].mean())
    assert row["satisfied"] == (chosen["state"] == "satisfied").sum()
    assert row["confirm_minutes"] == pytest.approx(chosen["minutes"].median())
    wait = (chosen["first_answer"] - chosen["created_at"]).dt.total_seconds() / 60
    assert row["answer_minutes"] == pytest.approx(wait.median())
    sums = found["satisfied"] + found["refused"] + found["withdrawn"] + found["open"]
    assert (sums == found["histories"]).all()


def test_queue_latency_and_failures(records: Records, database: duckdb.DuckDBPyConnection) -> None:
    found = report(database, "queues", begin=BEGIN, end=END, period="month").set_index(["period", "apparatus"])
    queue = records.queue[(records.queue["registered_at"] >= BEGIN) & (records.queue["registered_at"] < END)]
    for key, entries in queue.groupby([queue["registered_at"].dt.to_period("M").dt.start_time, "apparatus"]):
        row = found.loc[key]
        done = entries[entries["state"] == "done"]
        seconds = (done["finished_at"] - done["registered_at"]).dt.total_seconds()
        assert row["registered"] == len(entries)
        assert row["failed"] == (entries["state"] == "failed").sum()
        assert row["open"] == (entries["state"] == "waiting").sum()
        assert row["seconds_median"] == pytest.approx(seconds.median())
        assert row["seconds_p95"] == pytest.approx(seconds.quantile(0.95))
        assert row["attempts_mean"] == pytest.approx(done["attempts"].mean())
