"""check.py FOLDER: reads the cold tables that write.ts made in FOLDER with PyIceberg and with DuckDB's iceberg
extension, and compares them with the rows that AlopexDB returned. Prints a line for each check, then the totals."""

import json
import pathlib
import sys
import traceback

import compare
from checks import Checks
from duckdb_reader import DuckDBReader
from pyiceberg_reader import PyIcebergReader


def main():
    folder = pathlib.Path(sys.argv[1])
    states = json.loads((folder / "states.json").read_text())
    con = compare.connect(pathlib.Path(sys.prefix) / "duckdb-extensions")
    if len(states) == 0:
        raise RuntimeError("write.ts recorded nothing to check")
    checks = Checks()
    for state in states:
        expected = compare.load_expected(con, folder / state["expected"])
        for reader_type in (PyIcebergReader, DuckDBReader):
            title = f"{reader_type.name:9}  {state['name']}"
            reader = reader_type(con, state)
            checks.run(f"{title}, columns", lambda: compare.same_columns(expected, reader))
            checks.run(f"{title}, rows", lambda: compare.same_rows(expected, reader))
            for column in expected.filter_columns(state["filters"]):
                checks.run(
                    f"{title}, filters on {column.name} {column.type}",
                    lambda: compare.same_filtered(expected, reader, column),
                )
    print(f"{checks.passed} passed, {checks.failed} failed")
    return 1 if checks.failed > 0 else 0


try:
    status = main()
except Exception:
    traceback.print_exc()
    status = 2  # Not the 1 of failed checks: no totals were printed.
sys.exit(status)
