"""Asking for a report as a data frame, in the period that the tests look at."""

from __future__ import annotations

from datetime import datetime

import duckdb
import pandas as pd

from imgdash.records import reports

BEGIN, END = datetime(2024, 3, 1), datetime(2024, 9, 1)


def report(database: duckdb.DuckDBPyConnection, name: str, **parameters: object) -> pd.DataFrame:
    return reports.run(database, name, **parameters).to_pandas()
