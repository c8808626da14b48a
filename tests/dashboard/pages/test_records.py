"""The Records page: every report is shown, drawn and exported; emission records are signed; SQL only looks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import holoviews as hv
import pyarrow as pa
import pytest
from playwright.sync_api import Browser

from imgdash.dashboard.pages.records import Records
from imgdash.dashboard.recording import drawing
from imgdash.dashboard.tables import plain, rows
from imgdash.records import reports
from tests.dashboard.conftest import Station, log_in
from tests.dashboard.pages.desk import Desk


@pytest.fixture(scope="module")
def shots(station: Station) -> list[str]:
    """Three images of two patients, one with a name that is HTML."""
    station.take(PatientID="P1", PatientName="<b>Phantom</b>^Hand", KVP="55", ExposureInuAs=2500)
    station.take(PatientID="P1", PatientName="<b>Phantom</b>^Hand", AcquisitionTime="101500")
    station.take(PatientID="P2", BodyPartExamined="CHEST", AcquisitionTime="111500")
    return station.images


@pytest.fixture
def desk(shots: list[str], desk_of: Callable[..., Desk]) -> Desk:
    return desk_of("user")


def shown(desk: Desk, **query: Any) -> Records:
    page = desk.show(Records, **query)
    desk.until(lambda: page.reports.table.columns and not page.reports.table.waiting)
    return page


def test_every_report_is_shown(desk: Desk) -> None:
    page = shown(desk)
    assert [one["name"] for one in page.reports.list.reports] == reports.names()
    for name in reports.names():
        page.reports.list._handle_msg({"report": name})
        desk.until(lambda: not page.reports.table.waiting)
        declared = [column.name for column in reports.get(name).columns]
        assert [column["name"] for column in page.reports.table.columns] == declared
        assert page.reports.form.error == ""
        # Columns are called there as the table calls them.
        assert "_" not in page.reports.form.report["what"]
        if page.reports.figure.visible:
            hv.render(page.reports.figure.object)
    assert desk.toasts == []


def test_shots_are_counted_and_drawn(desk: Desk) -> None:
    page = shown(desk, report="shots")
    desk.until(lambda: page.reports.list.current == "shots" and not page.reports.table.waiting)
    names = [column["name"] for column in page.reports.table.columns]
    assert sum(row[names.index("shots")] for row in page.reports.table.rows) == 3
    assert page.reports.figure.visible


def test_columns_of_a_report_are_chosen_and_kept_for_the_person(desk: Desk, station: Station) -> None:
    page = shown(desk)
    table = page.reports.table

    def names() -> list[str]:
        return [column["name"] for column in table.columns]

    shipped = names()
    # What counts most is left out last, and its first column never.
    ranks = {column["name"]: column["rank"] for column in table.columns}
    assert ranks["number"] == 0 < ranks["state"] < ranks["patient_sex"]
    page.reports.form._handle_msg({"columns": True})
    dialog = page.columns.dialog
    (field,) = dialog.fields
    assert field["value"] == shipped
    dialog._handle_msg({"submit": "columns", "values": {"columns": ["no such"]}})
    assert "at least one" in dialog.error
    dialog._handle_msg({"submit": "columns", "values": {"columns": ["patient_name", "number"]}})
    assert names() == ["patient_name", "number"]
    assert {column["rank"] for column in table.columns} == {0}
    assert table.rows[0] == ["<b>Phantom</b>, Hand", 1]
    desk.until(lambda: station.apparatus.preference("rita", "report columns") is not None)
    # Another report has its own; the same one has them again, also in another session.
    page.reports.list._handle_msg({"report": "shots"})
    desk.until(lambda: "shots" in names())
    later = desk.show(Records)
    desk.until(lambda: [column["name"] for column in later.reports.table.columns] == ["patient_name", "number"])
    later.reports.form._handle_msg({"columns": True})
    later.columns.dialog._handle_msg({"other": "columns"})
    assert [column["name"] for column in later.reports.table.columns] == shipped
    desk.until(lambda: station.apparatus.preference("rita", "report columns") == {})


def test_a_kept_column_that_the_report_has_lost_is_passed_over(desk: Desk, station: Station) -> None:
    station.apparatus.prefer("rita", "report columns", {"radiographing": ["no such", "number"], "shots": ["gone"]})
    try:
        page = shown(desk)
        desk.until(lambda: [column["name"] for column in page.reports.table.columns] == ["number"])
        dialog = page.columns.dialog
        page.reports.form._handle_msg({"columns": True})
        assert dialog.open
        assert dialog.fields[0]["value"] == ["number"]
        page.reports.list._handle_msg({"report": "shots"})
        desk.until(lambda: "shots" in [column["name"] for column in page.reports.table.columns])
        page.reports.form._handle_msg({"columns": True})
        assert "shots" in dialog.fields[0]["value"]
    finally:
        station.apparatus.prefer("rita", "report columns", {})


def test_columns_of_one_report_leave_those_of_another_as_another_tab_kept_them(desk: Desk, station: Station) -> None:
    def kept() -> Any:
        return station.apparatus.preference("rita", "report columns")

    page = shown(desk)
    desk.until(lambda: page.reports.table.columns)
    station.apparatus.prefer("rita", "report columns", {"shots": ["shots"]})
    try:
        page.reports.form._handle_msg({"columns": True})
        page.columns.dialog._handle_msg({"submit": "columns", "values": {"columns": ["number"]}})
        desk.until(lambda: kept() == {"shots": ["shots"], "radiographing": ["number"]})
        page.reports.form._handle_msg({"columns": True})
        page.columns.dialog._handle_msg({"other": "columns"})
        desk.until(lambda: kept() == {"shots": ["shots"]})
    finally:
        station.apparatus.prefer("rita", "report columns", {})


def test_the_last_day_of_a_period_counts(desk: Desk) -> None:
    page = shown(desk)
    today = date.today()
    for begin, end, expected in (
        (today, today, 3),
        (today - timedelta(days=9), today - timedelta(days=1), 0),
        (today + timedelta(days=1), "", 0),
        ("", "", 3),
    ):
        page.reports.form._handle_msg({"values": {"begin": str(begin), "end": str(end)}})
        desk.until(lambda: not page.reports.table.waiting)
        assert page.reports.table.total == expected


def test_a_parameter_that_does_not_fit_is_said(desk: Desk) -> None:
    page = shown(desk, report="shots")
    page.reports.form._handle_msg({"values": {"period": "fortnight"}})
    desk.until(lambda: page.reports.form.error)
    assert "fortnight" in page.reports.form.error
    assert not page.reports.figure.visible
    page.reports.form._handle_msg({"values": {"period": "day"}})
    desk.until(lambda: page.reports.table.rows)
    assert page.reports.form.error == ""


def test_a_period_that_ends_before_it_begins_is_said(desk: Desk) -> None:
    page = shown(desk, report="shots")
    desk.until(lambda: page.reports.table.rows and not page.reports.form.busy)
    page.reports.form._handle_msg({"values": {"begin": "2024-02-02", "end": "2024-02-01"}})
    assert page.reports.form.error == "The period ends before it begins. Change one of its days."
    assert not page.reports.table.waiting
    page.reports.form._handle_msg({"values": {"begin": "", "end": ""}})
    desk.until(lambda: page.reports.table.rows)
    assert page.reports.form.error == ""


@pytest.mark.parametrize(("format", "begins"), [("csv", b'"number"'), ("parquet", b"PAR1"), ("xlsx", b"PK")])
def test_a_report_is_exported_whole(desk: Desk, format: str, begins: bytes) -> None:
    page = shown(desk)
    page.reports.form._handle_msg({"export": format})
    download = page.reports._download
    desk.until(lambda: download.serial)
    assert download.file == f"radiographing.{format}"
    assert download.content.startswith(begins)


def test_an_emission_record_is_signed_once(desk: Desk, station: Station) -> None:
    page = shown(desk)
    page.head._handle_msg({"tab": "emission"})
    desk.until(lambda: page.emission.patients.patients)
    page.emission.patients._handle_msg({"patient": "P1"})
    desk.until(lambda: len(page.emission.table.rows) == 2 and page.emission.signing.unsigned == 2)
    page.emission.table._handle_msg({"chosen": [1]})
    assert page.emission.signing.chosen == 1
    page.emission.signing._handle_msg({"sign": True})
    desk.until(lambda: page.emission.signing.unsigned == 1 and not page.emission.signing.busy)
    at = [column["name"] for column in page.emission.table.columns].index("signature")
    assert sorted(str(row[at]) for row in page.emission.table.rows) == ["None", "rita"]
    # The rest in one go.
    page.emission.signing._handle_msg({"sign": True})
    desk.until(lambda: page.emission.signing.unsigned == 0 and not page.emission.signing.busy)
    signed = [line for line in station.apparatus.journal("exposure") if line["event"] == "sign"]
    assert [line["by"] for line in signed] == ["rita", "rita"]
    # Signed twice is refused, in words.
    page.emission.table._handle_msg({"chosen": [0]})
    page.emission.signing._handle_msg({"sign": True})
    desk.until(lambda: [toast for toast in desk.toasts if toast[0] == "error"])
    assert "signed already" in desk.toasts[-1][1]
    page.emission.table._handle_msg({"chosen": [0]})
    page.emission.signing._handle_msg({"justify": "obese patient"})
    desk.until(lambda: any("obese patient" in row for row in page.emission.table.rows))


def test_columns_of_a_patients_record_are_chosen_apart_from_those_of_the_report(desk: Desk, station: Station) -> None:
    page = shown(desk, tab="emission", patient="P1")
    table = page.emission.table

    def names() -> list[str]:
        return [column["name"] for column in table.columns]

    desk.until(lambda: len(table.rows) == 2)
    shipped, dialog = names(), page.columns.dialog
    # Where there is not room for all, what is signed and justified is seen.
    assert set(shipped[:10]) > {"at", "above_reference", "justification", "signature"}
    assert table.columns[0]["rank"] == 0 < table.columns[1]["rank"]
    page.emission.signing._handle_msg({"superseded": True})
    desk.until(lambda: names()[1] == "status")
    page.emission.signing._handle_msg({"superseded": False})
    desk.until(lambda: names() == shipped)
    page.emission.signing._handle_msg({"columns": True})
    assert dialog.fields[0]["value"] == shipped
    dialog._handle_msg({"submit": "columns", "values": {"columns": ["kap", "at"]}})
    assert names() == ["kap", "at"]
    assert all(len(row) == 2 for row in table.rows)
    # Rows are chosen and signed as before, whatever is shown of them.
    page.emission.table._handle_msg({"chosen": [0]})
    assert page.emission.signing.chosen == 1
    page.open(report="emission")
    desk.until(lambda: page.reports.table.columns and "patient_id" in [c["name"] for c in page.reports.table.columns])
    desk.until(
        lambda: station.apparatus.preference("rita", "report columns") == {"emission of a patient": ["kap", "at"]}
    )
    page.emission.signing._handle_msg({"columns": True})
    dialog._handle_msg({"other": "columns"})
    assert names() == shipped
    desk.until(lambda: station.apparatus.preference("rita", "report columns") == {})


def test_patients_are_found_by_a_part_of_the_name(desk: Desk) -> None:
    page = shown(desk, tab="emission")
    desk.until(lambda: len(page.emission.patients.patients) == 2)
    page.emission.patients._handle_msg({"search": "<B>phan"})
    desk.until(lambda: [one["id"] for one in page.emission.patients.patients] == ["P1"])
    page.emission.patients._handle_msg({"search": "nobody'; --"})
    desk.until(lambda: page.emission.patients.patients == [])


def test_sql_looks_and_changes_nothing(desk: Desk, station: Station) -> None:
    page = shown(desk, tab="sql")
    box, table = page.analysis.box, page.analysis.table
    desk.until(lambda: "patient_id" in box.tables.get("image", ()))
    box._handle_msg({"run": "select patient_id, count(*) as n from image group by all order by all"})
    desk.until(lambda: box.ran and not box.busy)
    assert table.rows == [["P1", 2], ["P2", 1]]
    assert [column["kind"] for column in table.columns] == ["text", "number"]
    assert table.said == ""
    assert box.said.startswith("2 rows in ")
    box._handle_msg({"run": "delete from image"})
    desk.until(lambda: box.error)
    assert "DELETE is not allowed" in box.error
    assert table.said == "of the query before the one above"
    assert len(station.apparatus.images()) == 3
    assert box.history[-1] == "delete from image"
    # What is exported is the last result, not what failed since.
    box._handle_msg({"export": "csv"})
    desk.until(lambda: page.analysis._download.content)
    assert page.analysis._download.content.decode().splitlines()[1] == '"P1",2'
    box._handle_msg({"run": "select count(*) as n from image"})
    desk.until(lambda: box.said.startswith("1 row in "))


def test_the_page_says_when_the_records_have_grown(desk: Desk, station: Station) -> None:
    page = shown(desk)
    assert page.head.said == ""
    station.apparatus.protect(station.images[0], by="rita")
    desk.until(lambda: "grown" in page.head.said)
    page.head._handle_msg({"tab": "reports"})
    assert page.head.said == ""


def table_of(name: str, **columns: list[Any]) -> pa.Table:
    rows = len(next(iter(columns.values())))
    return pa.table({column.name: columns.get(column.name, [None] * rows) for column in reports.get(name).columns})


def test_counts_are_stacked_and_the_many_put_together() -> None:
    parts = [f"PART{n}" for n in range(12)]
    table = table_of("shots", period=[date(2024, 1, 1)] * 12, body_part=parts, shots=list(range(1, 13)))
    drawn = drawing.draw(reports.get("shots"), table)
    assert isinstance(drawn, hv.Bars)
    shown = dict(zip(drawn["body_part"], drawn["shots"], strict=True))
    assert len(shown) == 10
    assert shown["others"] == 1 + 2 + 3
    assert sum(shown.values()) == sum(range(1, 13))
    hv.render(drawn)


def test_values_that_cannot_be_summed_are_never_averaged() -> None:
    views, ages = ["AP", "LAT"] * 6, ["18+"] * 6 + ["<1"] * 6
    kap = [float(n) for n in range(12)]
    table = table_of("dose", view=views, body_part=["KNEE"] * 12, age_band=ages, kap_median=kap)
    drawn = drawing.draw(reports.get("dose"), table)
    assert isinstance(drawn, hv.NdOverlay)
    assert sorted(drawn.last["kap_median"]) == kap
    hv.render(drawn)


def test_long_names_of_groups_stand_aslant() -> None:
    for item, aslant in (("view", False), ("patient_birth_date", True)):
        items = [f"{item}{n}" for n in range(8) for _ in range(2)]
        table = table_of("completeness", value=["CR1", "CR2"] * 8, item=items, complete_at_receipt=[1.0] * 16)
        [axis] = hv.render(drawing.draw(reports.get("completeness"), table)).xaxis
        assert (axis.group_label_orientation == 0.4) is aslant


def test_a_single_day_is_no_axis_of_milliseconds() -> None:
    table = table_of(
        "queues", period=[datetime(2024, 1, 2)] * 2, apparatus=["STORAGE", "FILM"], seconds_median=[1.0, 2.0]
    )
    shown = hv.render(drawing.draw(reports.get("queues"), table)).x_range
    assert (shown.end - shown.start) / timedelta(days=1) == 1


def test_a_control_chart_marks_outliers() -> None:
    days = [date(2024, 1, n + 1) for n in range(12)]
    same = {"centre": 0.0, "low_1sd": -1.0, "high_1sd": 1.0, "low_2sd": -2.0, "high_2sd": 2.0}
    table = table_of(
        "exposure_index",
        day=days,
        series=["R1"] * 8 + ["R2"] * 4,
        shots=[5] * 12,
        di_mean=[0.1] * 11 + [4.0],
        z=[0.1] * 11 + [6.0],
        run=[1] * 12,
        **{name: [value] * 12 for name, value in same.items()},
    )
    report = reports.get("exposure_index")
    assert drawing.series(report, table) == ["R1", "R2"]
    drawn = drawing.draw(report, table, "R2")
    assert [len(part) for part in drawn.traverse(lambda part: part, [hv.Scatter])] == [3, 1]
    hv.render(drawn)


def test_values_as_a_table_shows_them() -> None:
    assert plain(float("nan")) is None
    assert plain(datetime(2024, 1, 2, 3, 4, 5, 678)) == "2024-01-02 03:04:05"
    assert plain(timedelta(minutes=3)) == "0:03:00"
    assert plain(b"\x00\xff") == "00ff"
    assert plain(["a", 1]) == "['a', 1]"


@pytest.mark.browser
def test_in_a_browser(browser: Browser, station: Station, shots: list[str]) -> None:
    tab = log_in(browser, station, "mona")
    page = tab.page
    page.click("[data-page=records]")
    # The longest record has its most important columns in sight, and nothing to scroll to the right for.
    foot = page.locator(".foot [role=status]:visible >> nth=0")
    foot.get_by_text("have no room").wait_for()
    frame = page.get_by_label("Report", exact=True)
    assert frame.evaluate("node => node.scrollWidth <= node.clientWidth")
    heads = page.get_by_role("columnheader")
    assert {"state", "condition"} <= set(heads.all_inner_texts())
    # Who chose all of them scrolls, and is told how much is left until he is at the end.
    page.click("[data-tool=columns]:visible")
    page.get_by_text("Show these").click()
    foot.get_by_text("further to the right").wait_for()
    frame.focus()
    frame.evaluate("node => { node.scrollLeft = node.scrollWidth }")
    foot.get_by_text("further to the right").wait_for(state="detached")
    page.click("[data-tool=columns]:visible")
    page.locator("[data-other]:visible").click()
    foot.get_by_text("have no room").wait_for()
    page.click("[data-report=shots]")
    page.wait_for_selector("[role=gridcell]:has-text('CHEST')")
    page.wait_for_selector(".bk-Figure:visible")
    page.click("role=tab[name='Emission record']")
    # A name that is HTML is text.
    page.wait_for_selector("[data-patient=P1] >> text=<b>Phantom</b>, Hand")
    page.click("role=tab[name=SQL]")
    page.fill("textarea", "select 'forty' || '-two' as answer")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("[role=gridcell]:has-text('forty-two')")
    # What a refused question says, and at which place, is read without a mouse over it.
    page.fill("textarea", "select patient_idd, count(*) from image group by all")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".said.bad:has-text('LINE 1')")
    said = page.locator(".said.bad")
    assert said.evaluate("node => node.scrollHeight - node.clientHeight") <= 1
    assert (
        said.evaluate(
            "node => node.closest('.all').getBoundingClientRect().bottom - node.getBoundingClientRect().bottom"
        )
        > 0
    )
    with page.expect_download() as download:
        page.locator(".exports button:visible", has_text="CSV").click()
    assert download.value.suggested_filename == "result.csv"
    assert tab.errors == []
    assert tab.elsewhere == []
    page.close()


def test_names_and_days_are_written_for_people_and_counts_stay_numbers() -> None:
    known = pa.table({"patient_name": ["Doe^Jane", None], "patient_birth_date": ["19630914", ""]})
    assert rows(known) == [["Doe, Jane", "1963-09-14"], [None, ""]]
    assert rows(pa.table({"patient_birth_date": [12]})) == [[12]]
