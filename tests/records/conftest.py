"""One synthetic department for all tests of the reports."""

from __future__ import annotations

import duckdb
import pytest

from tests.records import synthetic
from tests.records.synthetic import Records


@pytest.fixture(scope="session")
def records() -> Records:
    return synthetic.make(6000, seed=7)


@pytest.fixture(scope="session")
def database(records: Records) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"threads": "2"})
    synthetic.load(connection, records)
    return connection
