"""An analyst's SQL: beside a running server and without one, within limits, able to do nothing but look."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from imgdash.model import ImgdashError
from imgdash.records import analyst, sandbox
from imgdash.records.publish import Publisher
from imgdash.records.sql import relation
from imgdash.records.statements import check
from imgdash.store.store import Store
from tests.store.domain import add, born


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A running server."""
    store = Store(tmp_path_factory.mktemp("site's folder"))
    add(store, *range(1, 6))
    store.write(lambda change: change.emit(born(6, comment="=cmd|' /C calc'!A0")))
    Publisher(store, store.folder / "records").publish()
    yield store
    store.close()


@pytest.fixture
def locked(store: Store, tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The connection of the sandbox, in this process."""
    question = {"database": str(tmp_path / "none"), "records": str(store.folder / "records")}
    connection, folder = sandbox.connect(question, tmp_path)
    sandbox.lock_down(connection, tmp_path, folder, 200)
    yield connection
    connection.close()


def ask(folder: Path, sql: str, **options: object) -> str:
    stream = io.BytesIO()
    analyst.query(folder, sql, stream=stream, **options)  # type: ignore[arg-type]
    return stream.getvalue().decode()


def test_beside_a_running_server_the_published_records_answer(store: Store) -> None:
    stream = io.BytesIO()
    answer = analyst.query(
        store.folder,
        "select number, parameters->>'s_low' as s_low, pixel_spacing[2] as x from image order by 1 limit 2",
        stream=stream,
        format="csv",
    )
    assert stream.getvalue() == b'"number","s_low","x"\n1,"0.1",0.2\n2,"0.1",0.2\n'
    assert (answer.rows, answer.source, answer.seq) == (2, "published", store.journal.seq)
    assert [name for name in os.listdir(store.folder / "records") if name.startswith(".query")] == []


def test_without_a_server_the_database_answers(tmp_path: Path) -> None:
    store = Store(tmp_path)
    add(store, 1)
    store.close()
    stream = io.BytesIO()
    answer = analyst.query(tmp_path, "select reason_text('111209') as reason, count(*) from image", stream=stream)
    assert answer.source == "database"
    assert "Positioning" in stream.getvalue().decode()
    Store(tmp_path).close()


def test_without_server_and_records_the_remedy_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImgdashError, match="Start 'imgdash serve' once"):
        ask(tmp_path, "select 1")


def test_files_of_every_format(store: Store, tmp_path: Path) -> None:
    sql = "select image_id, comment from image order by number"
    for format in ("csv", "parquet", "xlsx"):
        assert analyst.query(store.folder, sql, format=format, output=tmp_path / f"out.{format}").rows == 6
    assert pq.read_table(tmp_path / "out.parquet").column("comment")[5].as_py() == "=cmd|' /C calc'!A0"
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx").active
    assert sheet is not None
    assert sheet["B7"].value == "'=cmd|' /C calc'!A0"
    assert "\"'=cmd|" in (tmp_path / "out.csv").read_text()
    analyst.query(store.folder, sql, output=tmp_path / "named.XLSX")
    assert openpyxl.load_workbook(tmp_path / "named.XLSX").active is not None
    analyst.query(store.folder, "select 1 as n", output=tmp_path / "named.txt")
    assert (tmp_path / "named.txt").read_text().startswith("n\n─")
    with pytest.raises(ImgdashError, match=r"'html' is no format\. There are: table, csv, parquet, xlsx"):
        analyst.query(store.folder, sql, format="html")
    with pytest.raises(ImgdashError, match="cannot be written"):
        analyst.query(store.folder, sql, output=tmp_path / "no folder" / "x.csv", format="csv")


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_text('/etc/passwd')",
        "select * from read_csv('/etc/passwd', sep = ':')",
        "select * from glob('/etc/*')",
        "select * from 'http://127.0.0.1/x.csv'",
        "select * from sniff_csv('/etc/passwd')",
        "select * from read_blob('{folder}/journal/journal.jsonl')",
        "select * from '{folder}/imgdash.duckdb'",
        "select getenv('HOME')",
        "select * from duckdb_secrets()",
        "select * from query('copy image to ''x.csv''')",
    ],
)
def test_a_select_reaches_nothing_outside(locked: duckdb.DuckDBPyConnection, store: Store, sql: str) -> None:
    with pytest.raises(duckdb.Error):
        locked.execute(sql.format(folder=str(store.folder).replace("'", "''"))).fetchall()


@pytest.mark.parametrize(
    "sql",
    [
        "set memory_limit = '8GB'",
        "set enable_external_access = true",
        "set allowed_directories = ['/']",
        "reset lock_configuration",
        "load httpfs",
        "attach '{folder}/x.duckdb'",
        "copy image to '{folder}/evil.csv'",
        "export database '{folder}/x'",
        "set temp_directory = '{folder}'",
    ],
)
def test_the_lock_holds_also_for_what_the_list_of_statements_keeps_out(
    locked: duckdb.DuckDBPyConnection, store: Store, sql: str
) -> None:
    with pytest.raises(duckdb.Error):
        locked.execute(sql.format(folder=str(store.folder).replace("'", "''"))).fetchall()


def test_the_locked_process_says_why(store: Store) -> None:
    with pytest.raises(ImgdashError, match=r"table function read_text is not allowed"):
        ask(store.folder, "select * from read_text('/etc/passwd')")
    with pytest.raises(ImgdashError, match=r"Cannot access file .*passwd.csv"):
        ask(store.folder, "select * from '/etc/passwd.csv'")


@pytest.mark.parametrize(
    "sql",
    [
        "copy image to 'evil.csv'",
        "attach 'b.duckdb' as b",
        "load httpfs",
        "install httpfs",
        "set memory_limit = '8GB'",
        "set enable_external_access = true",
        "reset lock_configuration",
        "insert into image values (1)",
        "update image set state = 'confirmed'",
        "delete from image",
        "drop table image",
        "create table x (i integer)",
        "create macro f() as 1",
        "call pragma_version()",
        "export database 'x'",
        "import database 'x'",
        "checkpoint",
        "vacuum",
        "begin",
        "prepare p as select 1",
        "execute p",
        "use memory",
        "detach memory",
        "explain analyze delete from image",
        "explain (format json) insert into image values (1)",
        "/* explain */ explain analyze delete from image",
        "explain explain analyze delete from image",
        "pragma database_list",
        "pivot image on image_id using count(*)",
        "select * from enable_logging(storage = 'file', storage_config = {'path': '/tmp/log'})",
        "select * from CHECKPOINT()",
        "select (select count(*) from force_checkpoint())",
        "with x as (from range(3)) from x, lateral (select * from enable_profiling())",
        "describe select * from checkpoint()",
        "select * from query('from checkpoint()')",
        "select * from arrow_scan(1, 2, 3)",
        "select * from pandas_scan(1)",
        "select * from read_parquet('image/*.parquet')",
        "explain analyze select * from truncate_duckdb_logs()",
    ],
)
def test_only_looking_is_allowed(sql: str) -> None:
    connection = duckdb.connect()
    connection.execute("create table image (image_id varchar)")
    with pytest.raises(ImgdashError, match=r"not allowed|was not understood"):
        check(connection, sql)


@pytest.mark.parametrize(
    "sql", ["", " ;; ", "select 1; select 2", "select 1; drop table image", "pivot image on a; drop table image"]
)
def test_exactly_one_statement(sql: str) -> None:
    with pytest.raises(ImgdashError, match="SQL statements were given"):
        check(duckdb.connect(), sql)


@pytest.mark.parametrize(
    "sql",
    [
        "select 1;",
        "-- a comment\nwith a as (select 1) select * from a",
        "from image",
        "values (1), (2)",
        "describe image",
        "summarize image",
        "show tables",
        "table image",
        "explain select * from image",
        "explain analyze select * from image",
        "pivot image on state in ('awaiting') using count(*) group by modality",
        "unpivot image on sender, sender_host into name item value text",
        "select ';' as a -- ; and so on",
    ],
)
def test_whatever_looks_is_allowed(store: Store, sql: str) -> None:
    assert relation(store, sql).fetchall()


def test_a_pivot_works_in_the_sandbox_too(store: Store) -> None:
    assert "awaiting" in ask(store.folder, "pivot image on state in ('awaiting') using count(*) group by modality")


def test_a_mistake_is_answered_with_its_place(store: Store) -> None:
    with pytest.raises(ImgdashError, match=r'syntax error at or near "selec"'):
        ask(store.folder, "selec 1")
    with pytest.raises(ImgdashError, match=r'(?s)"no_such" not found.*describe image'):
        ask(store.folder, "select no_such from image")
    with pytest.raises(ImgdashError, match="Could not convert string 'x'"):
        ask(store.folder, "select cast(sender as integer) from (select 'x' as sender)")


def test_time_is_limited(store: Store) -> None:
    began = time.monotonic()
    with pytest.raises(ImgdashError, match=r"longer than 0\.5 s and was stopped"):
        ask(
            store.folder,
            "select count(*) from range(100000000) a, range(100000000) b where a.range * b.range % 7 = 3",
            seconds=0.5,
        )
    assert time.monotonic() - began < 12


@pytest.mark.parametrize(
    "sql",
    [
        "select repeat('x', 2000000000)",
        "select string_agg(repeat('x', 100000)) from range(100000)",
    ],
)
def test_memory_is_limited(store: Store, sql: str) -> None:
    with pytest.raises(ImgdashError, match="300 MB"):
        ask(store.folder, sql, memory_mb=300)
    assert store.query("select count(*) as n from image") == [{"n": 6}]


def test_a_relation_of_the_running_apparatus_is_lazy_and_only_looks(store: Store) -> None:
    found = relation(store, "select image_id, state from image where number > 2")
    assert found.filter("state = 'awaiting'").order("image_id").df()["state"].tolist() == ["awaiting"] * 3
    assert found.to_arrow_table().num_rows == 4
    with pytest.raises(ImgdashError, match="UPDATE is not allowed"):
        relation(store, "update image set state = 'x'")
    with pytest.raises(ImgdashError, match="was not understood"):
        relation(store, "select * from nowhere")
    with pytest.raises(ImgdashError, match=r"Cannot access file"):
        relation(store, "select * from '/etc/passwd.csv'")
    lines = pa.table({"a": [1]})
    with pytest.raises(ImgdashError, match="lines does not exist"):
        relation(store, "select * from lines")
    assert lines.num_rows
