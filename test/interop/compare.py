"""What is expected of a reader, and whether it returned that. Values are compared by the text that DuckDB casts them to,
which is exact for every type of the tables."""

import dataclasses
import re
from collections import Counter

import duckdb
from duckdb_extensions import import_extension

# Iceberg has no narrow or unsigned integers: other engines see the next wider type.
WIDER = {
    "TINYINT": "INTEGER",
    "SMALLINT": "INTEGER",
    "UTINYINT": "INTEGER",
    "USMALLINT": "INTEGER",
    "UINTEGER": "BIGINT",
}
NESTED = re.compile(r"\[\]$|^STRUCT|^MAP")


class Difference(Exception):
    """The reader returned something else than AlopexDB did."""


class LeftOut(Exception):
    """The reader cannot be asked at all; says why."""


@dataclasses.dataclass(frozen=True)
class Column:
    name: str
    # As other engines see it.
    type: str
    # SQL that yields the column.
    sql: str
    # A field of a STRUCT column; its name is `column.field`.
    in_struct: bool = False

    @property
    def floating(self):
        return self.type in ("FLOAT", "DOUBLE")

    @property
    def nested(self):
        return NESTED.search(self.type) is not None


@dataclasses.dataclass(frozen=True)
class Filter:
    """A condition on one column: `op` is one of =, <, >, is null, is not null, isnan."""

    column: Column
    op: str
    # The value as text; None where there is none.
    literal: str | None

    @property
    def sql(self):
        """The condition for DuckDB, which takes NaN for the greatest number. Iceberg leaves NaN out of bounds, so whether
        a reader finds it by a comparison depends on the files: comparisons leave it out here, and isnan finds it."""
        if self.op == "isnan":
            return f"isnan({self.column.sql})"
        if self.literal is None:
            return f"{self.column.sql} {self.op}"
        compared = f"{self.column.sql} {self.op} CAST(({quote(self.literal)}) AS {self.column.type})"
        return f"{compared} AND NOT isnan({self.column.sql})" if self.column.floating else compared


def connect(extension_folder):
    """A DuckDB connection with the iceberg extension, which comes from Python packages and not from the internet."""
    con = duckdb.connect(
        config={"extension_directory": str(extension_folder), "autoinstall_known_extensions": "false"}
    )
    for name in ("avro", "httpfs", "iceberg"):
        import_extension(name, con=con)
        con.sql(f"LOAD {name}")
    con.sql("SET TimeZone = 'UTC'")
    return con


class Expected:
    """The rows that AlopexDB returned, in the DuckDB table `expected`."""

    def __init__(self, con):
        self.con = con
        self.columns = [
            Column(name, widened(type_name), identifier(name))
            for name, type_name, *_ in con.execute("DESCRIBE expected").fetchall()
        ]

    def filter_columns(self, names):
        """Columns that filters are tried on, with the fields of STRUCT columns; all when `names` is None."""
        for column in self.columns:
            if names is not None and column.name not in names:
                continue
            yield column
            if not column.type.startswith("STRUCT") or column.type.endswith("[]"):
                continue
            for field, type_name, *_ in self.con.execute(f"DESCRIBE SELECT {column.sql}.* FROM expected").fetchall():
                sql = f"{column.sql}.{identifier(field)}"
                yield Column(f"{column.name}.{field}", widened(type_name), sql, in_struct=True)

    def filters(self, column):
        yield Filter(column, "is null", None)
        yield Filter(column, "is not null", None)
        if column.nested:
            return
        if column.floating:
            yield Filter(column, "isnan", None)
        for literal in self.literals(column):
            for op in ("=", "<", ">"):
                yield Filter(column, op, literal)

    def literals(self, column):
        """Least and greatest value and some in between, as text."""
        ordinary = f"NOT isnan({column.sql})" if column.floating else "true"
        values = f"SELECT DISTINCT {column.sql} AS v FROM expected WHERE v IS NOT NULL AND {ordinary}"
        rows = self.con.execute(f"SELECT CAST(v AS VARCHAR) FROM ({values}) ORDER BY v").fetchall()
        texts = [text for (text,) in rows]
        last = len(texts) - 1
        return list(dict.fromkeys(texts[last * step // 4] for step in range(5))) if texts else []

    def rows(self, columns, condition="true"):
        return canonical_rows(self.con, "expected", columns, condition)


def load_expected(con, path):
    con.execute(f"CREATE OR REPLACE TABLE expected AS FROM read_parquet({quote(str(path))})")
    return Expected(con)


def same_columns(expected, reader):
    want = [(column.name, column.type) for column in expected.columns]
    got = [(name, type_name) for name, type_name in reader.columns()]
    if got != want:
        raise Difference(f"{want} expected, {got} read")
    return f"{len(want)} columns"


def same_rows(expected, reader):
    want = expected.rows([reader.as_read(column) for column in expected.columns])
    got = reader.rows(expected.columns)
    if got != want:
        raise Difference(f"{len(want)} rows expected, {len(got)} read; {difference(want, got, expected.columns)}")
    return f"{len(want)} rows"


def same_filtered(expected, reader, column):
    """Filters find the same rows, by their first column: that readers return rows as they are is checked without filters."""
    done = 0
    left_out = Counter()
    first = expected.columns[:1]
    for one in expected.filters(column):
        reason = reader.cannot(one)
        if reason is not None:
            left_out[reason] += 1
            continue
        want = expected.rows(first, one.sql)
        got = reader.rows(first, one)
        if got != want:
            raise Difference(f"{one.sql}: {len(want)} rows expected, {len(got)} read; {difference(want, got, first)}")
        done += 1
    reasons = "; ".join(f"{count} left out: {reason}" for reason, count in left_out.items())
    if done == 0:
        raise LeftOut(reasons)
    return f"{done} filters" if reasons == "" else f"{done} filters; {reasons}"


def canonical_rows(con, relation, columns, condition):
    """Rows as tuples of texts, in an order of their own."""
    texts = ", ".join(f"CAST({column.sql} AS VARCHAR)" for column in columns)
    return sorted(
        con.execute(f"SELECT {texts} FROM {relation} WHERE {condition}").fetchall(),
        key=lambda row: [(text is not None, text or "") for text in row],
    )


def difference(want, got, columns):
    """The first rows that only one side has; two with the same first value as the columns that differ."""
    missing = list((Counter(want) - Counter(got)).elements())
    extra = list((Counter(got) - Counter(want)).elements())
    if missing and extra and missing[0][0] == extra[0][0]:
        pairs = [
            f"{column.name} {wanted!r} is {read!r}"
            for column, wanted, read in zip(columns, missing[0], extra[0])
            if wanted != read
        ]
        return f"{len(missing)} differ; in {columns[0].name} {missing[0][0]}: {', '.join(pairs)}"
    return f"{len(missing)} missing {missing[:1]}, {len(extra)} not expected {extra[:1]}"


def widened(type_name):
    return re.sub(r"\bU?(TINYINT|SMALLINT|INTEGER)\b", lambda match: WIDER.get(match[0], match[0]), type_name)


def identifier(name):
    return '"' + name.replace('"', '""') + '"'


def quote(text):
    """An SQL expression for a text; the parser takes a NUL for its end."""
    return "'" + text.replace("'", "''").replace("\0", "' || chr(0) || '") + "'"
