"""PyIceberg: plans with Iceberg's metadata and reads with PyArrow. DuckDB only casts the Arrow values to text."""

import dataclasses
import decimal
import uuid

from pyiceberg.expressions import (
    AlwaysTrue,
    EqualTo,
    GreaterThan,
    IsNaN,
    IsNull,
    LessThan,
    NotNull,
    Reference,
)
from pyiceberg.table import StaticTable

from compare import canonical_rows

ALWAYS_TRUE = AlwaysTrue()
UNARY = {"is null": IsNull, "is not null": NotNull, "isnan": IsNaN}
COMPARISONS = {"=": EqualTo, "<": LessThan, ">": GreaterThan}


class PyIcebergReader:
    name = "PyIceberg"

    def __init__(self, con, state):
        self.con = con
        self.location = state["metadataLocation"]
        self.opened = None

    @property
    def table(self):
        self.opened = self.opened or StaticTable.from_metadata(self.location)
        return self.opened

    def columns(self):
        self.con.register("read_by_pyiceberg", self.table.scan(limit=0).to_arrow())
        return [(name, type_name) for name, type_name, *_ in self.con.execute("DESCRIBE read_by_pyiceberg").fetchall()]

    def rows(self, columns, one=None):
        row_filter = ALWAYS_TRUE if one is None else expression(one)
        fields = tuple(column.name for column in columns) if one is not None else ("*",)
        self.con.register("read_by_pyiceberg", self.table.scan(row_filter, fields).to_arrow())
        return canonical_rows(self.con, "read_by_pyiceberg", columns, "true")

    def as_read(self, column):
        """Version 0.12 builds lists of structs, and maps to structs, anew and loses which of them are NULL: they come empty."""
        if column.type.startswith("STRUCT") and column.type.endswith("[]"):
            return dataclasses.replace(column, sql=f"coalesce({column.sql}, [])")
        if column.type.startswith("MAP") and "STRUCT" in column.type:
            return dataclasses.replace(column, sql=f"coalesce({column.sql}, MAP {{}})")
        return column

    def cannot(self, one):
        if one.column.type.endswith("[]") or one.column.type.startswith("MAP"):
            return "no filters on lists and maps"
        if "." in one.column.name and not one.column.in_struct:
            return "a dot in a name is taken for a field of a struct"
        if one.column.type == "FLOAT" and one.literal in ("inf", "-inf"):
            return "infinity is taken for a number that a FLOAT cannot hold"
        return None


def expression(one):
    term = Reference(one.column.name)
    if one.literal is None:
        return UNARY[one.op](term)
    return COMPARISONS[one.op](term, value(one.column.type, one.literal))


def value(type_name, text):
    """A literal in the type that PyIceberg takes for the column; dates and times it takes as ISO 8601."""
    if type_name == "BOOLEAN":
        return text == "true"
    if type_name in ("INTEGER", "BIGINT"):
        return int(text)
    if type_name in ("FLOAT", "DOUBLE"):
        return float(text)
    if type_name.startswith("DECIMAL"):
        return decimal.Decimal(text)
    if type_name == "UUID":
        return uuid.UUID(text)
    if type_name == "BLOB":
        return blob(text)
    if type_name == "TIMESTAMP":
        return text.replace(" ", "T")
    if type_name == "TIMESTAMP WITH TIME ZONE":
        return text.replace(" ", "T").replace("+00", "+00:00")
    return text


def blob(text):
    """Bytes out of DuckDB's text, in which bytes that are not printable ASCII are \\xHH."""
    return bytes.fromhex("".join(text[i + 2 : i + 4] if text[i] == "\\" else f"{ord(text[i]):02x}" for i in starts(text)))


def starts(text):
    at = 0
    while at < len(text):
        yield at
        at += 4 if text[at] == "\\" else 1
