"""DuckDB's iceberg extension."""

import re

from compare import canonical_rows, quote


class DuckDBReader:
    name = "DuckDB"

    def __init__(self, con, state):
        self.con = con
        self.relation = f"iceberg_scan({quote(state['metadataLocation'])})"
        # Columns of transforms that the extension computes wrongly: see cannot.
        self.by_day_or_month = set(re.findall(r"(?:day|month)\((.*?)\)", state["partitionBy"] or ""))

    def columns(self):
        return [
            (name, type_name)
            for name, type_name, *_ in self.con.execute(f"DESCRIBE FROM {self.relation}").fetchall()
        ]

    def rows(self, columns, one=None):
        return canonical_rows(self.con, self.relation, columns, "true" if one is None else one.sql)

    def as_read(self, column):
        return column

    def cannot(self, one):
        """Version 1.5.5 rounds days and months before 1970 towards 1970, where Iceberg rounds them down, and so skips
        files that match (duckdb/duckdb-iceberg pull request 1361 mends it in a later version)."""
        before_1970 = one.literal is not None and one.literal < "1970"
        if before_1970 and one.column.name in self.by_day_or_month and one.column.type.startswith("TIMESTAMP"):
            return "partitions by day or month of times before 1970"
        return None
