"""check.py FOLDER: reads the cold tables that write.ts made in FOLDER with PyIceberg and with DuckDB's iceberg
extension, and compares them with the rows that AlopexDB returned. Prints a line for each check, then the totals."""

import json
import pathlib
import sys
import traceback

import compare
from duckdb_reader import DuckDBReader
from pyiceberg_reader import PyIcebergReader


class Checks:
    def __init__(self):
        self.passed = 0
        self.failed = 0

    def run(self, title, check):
        """One check: it passes unless it raises; what it returns is added to its line. What is left out does not count."""
        try:
            note = check()
        except compare.LeftOut as reason:
            print(f"-       {title}: {reason}", flush=True)
        except Exception as error:
            self.failed += 1
            print(f"FAILED  {title}: {error}", flush=True)
            if not isinstance(error, compare.Difference):
                traceback.print_exc()
        else:
            self.passed += 1
            print(f"ok      {title}{'' if note is None else f': {note}'}", flush=True)


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
