"""catalog.py NODE MAIN FOLDER: starts `alopex server` over a new database in FOLDER, and has PyIceberg and DuckDB's iceberg extension
work through its REST catalog. Prints a line for each check, then the totals."""

import contextlib
import json
import pathlib
import subprocess
import sys
import traceback
import urllib.error
import urllib.request

import pyarrow as pa
from pyiceberg.catalog.rest import RestCatalog
from pyiceberg.exceptions import (
    CommitFailedException,
    ForbiddenError,
    NamespaceAlreadyExistsError,
    NamespaceNotEmptyError,
    NoSuchTableError,
    TableAlreadyExistsError,
)
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.transforms import DayTransform, IdentityTransform
from pyiceberg.types import LongType, StringType, TimestampType

import compare
from checks import Checks


class Server:
    """The server, and SQL through it."""

    def __init__(self, node, main, folder):
        command = [node, main, "server", "--http", "127.0.0.1:0", "--data-dir", str(folder / "data")]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        ready = self.process.stdout.readline()
        if not ready.startswith("ready http="):
            raise RuntimeError(f"the server did not start: {ready!r}")
        self.url = ready.split("http=")[1].split()[0]

    def sql(self, sql, params=None):
        body = json.dumps({"sql": sql, "params": params or []}).encode()
        request = urllib.request.Request(f"{self.url}/sql", body, {"content-type": "application/json"})
        try:
            with urllib.request.urlopen(request) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            raise RuntimeError(error.read().decode()) from error

    def stop(self):
        self.process.terminate()
        return self.process.wait(timeout=30)


def same(got, want, what):
    if got != want:
        raise compare.Difference(f"{what}: {want!r} expected, {got!r} read")


def rows(table, *columns, **scan):
    found = table.scan(**scan).to_arrow().select(list(columns)).to_pylist()
    return sorted((tuple(row[column] for column in columns) for row in found), key=lambda row: tuple(map(str, row)))


def data(**columns):
    types = {"id": pa.int64(), "name": pa.string(), "price": pa.float64(), "ts": pa.timestamp("us")}
    return pa.table({name: pa.array(values, types[name]) for name, values in columns.items()})


@contextlib.contextmanager
def raises(kind, text=""):
    try:
        yield
    except kind as error:
        if text not in str(error):
            raise compare.Difference(f"{text!r} expected in {error}") from error
        return
    raise compare.Difference(f"{kind.__name__} expected")


def namespaces(catalog):
    catalog.create_namespace("shop", {"owner": "ann"})
    catalog.create_namespace(("shop", "eu"))
    with raises(NamespaceAlreadyExistsError):
        catalog.create_namespace("shop")
    same(sorted(catalog.list_namespaces()), [("main",), ("shop",)], "namespaces")
    same(catalog.list_namespaces("shop"), [("shop", "eu")], "namespaces in shop")
    summary = catalog.update_namespace_properties("shop", removals={"owner"}, updates={"team": "x"})
    same((summary.removed, summary.updated, summary.missing), (["owner"], ["team"], []), "summary")
    same(catalog.load_namespace_properties("shop"), {"team": "x"}, "properties")
    catalog.drop_namespace(("shop", "eu"))


def write_and_read(catalog):
    first = data(id=[1, 2, 3], name=["a", "b", None], ts=[0, 86_400_000_000, None])
    table = catalog.create_table("shop.orders", first.schema)
    with raises(TableAlreadyExistsError):
        catalog.create_table("shop.orders", first.schema)
    table.append(first)
    table.append(data(id=[4], name=["ü"], ts=[1]))
    same([row[0] for row in rows(table, "id")], [1, 2, 3, 4], "rows")
    table.delete("id = 2")
    table.overwrite(data(id=[40], name=["new"], ts=[5]), overwrite_filter="id = 4")
    loaded = catalog.load_table("shop.orders")
    same(rows(loaded, "id", "name"), [(1, "a"), (3, None), (40, "new")], "rows")
    same(rows(loaded, "id", snapshot_id=loaded.snapshots()[0].snapshot_id), [(1,), (2,), (3,)], "first snapshot")


def evolve(catalog):
    table = catalog.load_table("shop.orders")
    with table.update_schema() as update:
        update.add_column("price", LongType())
        update.rename_column("name", "label")
    with table.update_spec() as update:
        update.add_field("ts", DayTransform(), "ts_day")
    with table.transaction() as change:
        change.set_properties({"write.metadata.compression-codec": "gzip", "comment": "x"})
    table.append(pa.table({"id": [5], "label": ["c"], "ts": pa.array([7], pa.timestamp("us")), "price": [9]}))
    loaded = catalog.load_table("shop.orders")
    same(rows(loaded, "id", "label", "price"), [(1, "a", None), (3, None, None), (40, "new", None), (5, "c", 9)], "rows")
    same(loaded.metadata_location.endswith(".gz.metadata.json"), True, "a packed metadata file")
    same([field.name for field in loaded.spec().fields], ["ts_day"], "partition fields")
    loaded.manage_snapshots().create_tag(loaded.current_snapshot().snapshot_id, "t1").create_branch(
        loaded.snapshots()[0].snapshot_id, "b1"
    ).commit()
    same(sorted(catalog.load_table("shop.orders").refs()), ["b1", "main", "t1"], "references")


def staged_creation(catalog):
    schema = data(id=[1], name=["x"]).schema
    with catalog.create_table_transaction("shop.staged", schema) as change:
        with raises(NoSuchTableError):
            catalog.load_table("shop.staged")
        change.append(data(id=[1, 2], name=["x", "y"]))
    same(rows(catalog.load_table("shop.staged"), "id"), [(1,), (2,)], "rows")


def conflicts(catalog):
    one = catalog.load_table("shop.staged")
    other = catalog.load_table("shop.staged")
    with one.update_schema() as update:
        update.add_column("extra", StringType())
    with raises(CommitFailedException, "Requirement failed"):
        with other.update_schema() as update:
            update.add_column("late", StringType())


def names(catalog):
    catalog.rename_table("shop.staged", "shop.renamed")
    with raises(NoSuchTableError):
        catalog.load_table("shop.staged")
    location = catalog.load_table("shop.renamed").metadata_location
    catalog.register_table("shop.copy", location)
    same(rows(catalog.load_table("shop.copy"), "id"), [(1,), (2,)], "rows of the registered table")
    catalog.drop_table("shop.copy")
    same(rows(catalog.load_table("shop.renamed"), "id"), [(1,), (2,)], "rows, with the copy dropped")
    with raises(NamespaceNotEmptyError):
        catalog.drop_namespace("shop")
    files = [task.file.file_path for task in catalog.load_table("shop.renamed").scan().plan_files()]
    catalog.purge_table("shop.renamed")
    same([file for file in files if pathlib.Path(file.removeprefix("file://")).exists()], [], "files after a purge")
    same(catalog.table_exists("shop.renamed"), False, "the purged table is there")


def own_table(catalog, server):
    server.sql("CREATE TABLE trips (id BIGINT, name VARCHAR, ts TIMESTAMP) WITH (partition_by = 'month(ts)')")
    server.sql("INSERT INTO trips SELECT i, 'n' || i, TIMESTAMP '2024-01-01' + INTERVAL (i) DAY FROM range(100) r(i)")
    same(catalog.table_exists("main.trips"), False, "a table without cold rows is there")
    server.sql("ALTER TABLE trips TIER PARTITION WHERE id < 60 TO COLD")
    same(catalog.list_tables("main"), [("main", "trips")], "tables")
    table = catalog.load_table("main.trips")
    same(rows(table, "id"), sorted(((i,) for i in range(60)), key=lambda row: str(row)), "cold rows")


def append_to_own_table(catalog, server):
    table = catalog.load_table("main.trips")
    table.append(data(id=[1000, 1001], name=["by", "others"], ts=[1_704_067_200_000_000, None]))
    count = [{"n": 102, "last": 1001}]
    same(server.sql("SELECT count(*) AS n, max(id) AS last FROM trips"), count, "rows with those of others")
    found = server.sql("SELECT name FROM trips WHERE ts = '2024-01-01' ORDER BY id")
    same(found, [{"name": "n0"}, {"name": "by"}], "rows by a partition")
    server.sql("DELETE FROM trips WHERE id = 1000")
    server.sql("ALTER TABLE trips TIER PARTITION WHERE id < 80 TO COLD")
    same(server.sql("SELECT count(*) AS n FROM trips"), [{"n": 101}], "rows after a move")
    same(len(rows(catalog.load_table("main.trips"), "id")), 81, "cold rows after a move")


def refusals(catalog, server):
    table = catalog.load_table("main.trips")
    with raises(ForbiddenError, "belongs to the database"):
        with table.update_schema() as update:
            update.add_column("extra", StringType())
    with raises(ForbiddenError, "belongs to the database"):
        catalog.load_table("main.trips").delete("id < 10")
    with raises(ForbiddenError, "belongs to the database"):
        catalog.drop_table("main.trips")
    with raises(ForbiddenError, "schema of the database"):
        catalog.create_table("main.mine", table.schema())
    server.sql("CREATE TABLE keyed (id BIGINT PRIMARY KEY)")
    server.sql("INSERT INTO keyed VALUES (1)")
    server.sql("ALTER TABLE keyed TIER PARTITION WHERE true TO COLD")
    keyed = catalog.load_table("main.keyed")
    with raises(ForbiddenError, "PRIMARY KEY"):
        keyed.append(pa.table({"id": pa.array([1], pa.int64())}, pa.schema([pa.field("id", pa.int64(), nullable=False)])))
    same(server.sql("SELECT count(*) AS n FROM trips"), [{"n": 101}], "rows")


def partitioned(catalog):
    schema = data(id=[1], name=["x"], ts=[0]).schema
    table = catalog.create_table("shop.parts", schema)
    with table.update_spec() as update:
        update.add_field("name", IdentityTransform(), "by_name")
    table.append(data(id=list(range(10)), name=[None, "a"] * 5, ts=[0] * 10))
    same(len(rows(table, "id", row_filter="name = 'a'")), 5, "rows of a partition")


def duckdb_attach(con, server):
    con.execute(
        f"ATTACH 'alopex' AS lake (TYPE iceberg, ENDPOINT '{server.url}/catalog', AUTHORIZATION_TYPE 'none', ACCESS_DELEGATION_MODE 'none', DEFAULT_SCHEMA 'main')"
    )
    found = con.execute("SELECT table_schema, table_name FROM information_schema.tables WHERE table_catalog = 'lake'")
    same(sorted(found.fetchall()), [("main", "keyed"), ("main", "trips"), ("shop", "orders"), ("shop", "parts")], "tables")
    same(con.execute("SELECT count(*), max(id) FROM lake.main.trips").fetchall(), [(81, 1001)], "cold rows")
    same(con.execute("SELECT id FROM lake.shop.orders ORDER BY id").fetchall(), [(1,), (3,), (5,), (40,)], "rows")


def duckdb_write(con, catalog):
    con.execute("CREATE SCHEMA lake.by_duckdb")
    con.execute("CREATE TABLE lake.by_duckdb.t (id BIGINT, name VARCHAR)")
    con.execute("INSERT INTO lake.by_duckdb.t SELECT i, 'x' || i FROM range(100) r(i)")
    con.execute("INSERT INTO lake.by_duckdb.t VALUES (1000, NULL)")
    con.execute("DELETE FROM lake.by_duckdb.t WHERE id < 10")
    same(con.execute("SELECT count(*), max(id) FROM lake.by_duckdb.t").fetchall(), [(91, 1000)], "rows that DuckDB reads")
    same(len(rows(catalog.load_table("by_duckdb.t"), "id")), 91, "rows that PyIceberg reads")


def main():
    node, main_file, folder = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
    folder.mkdir(exist_ok=True)
    checks = Checks()
    server = Server(node, main_file, folder)
    try:
        catalog = RestCatalog("alopex", uri=f"{server.url}/catalog")
        con = compare.connect(pathlib.Path(sys.prefix) / "duckdb-extensions")
        checks.run("PyIceberg  namespaces", lambda: namespaces(catalog))
        checks.run("PyIceberg  creates, appends, deletes, overwrites, reads", lambda: write_and_read(catalog))
        checks.run("PyIceberg  evolves schema, partitioning, properties, references", lambda: evolve(catalog))
        checks.run("PyIceberg  creates a table in a transaction", lambda: staged_creation(catalog))
        checks.run("PyIceberg  is told of conflicts", lambda: conflicts(catalog))
        checks.run("PyIceberg  renames, registers, drops, purges", lambda: names(catalog))
        checks.run("PyIceberg  writes partitions", lambda: partitioned(catalog))
        checks.run("PyIceberg  reads a table of the database", lambda: own_table(catalog, server))
        checks.run("PyIceberg  appends to a table of the database", lambda: append_to_own_table(catalog, server))
        checks.run("PyIceberg  is refused what the database decides", lambda: refusals(catalog, server))
        checks.run("DuckDB     attaches and reads", lambda: duckdb_attach(con, server))
        checks.run("DuckDB     creates, inserts, deletes", lambda: duckdb_write(con, catalog))
    finally:
        status = server.stop()
    checks.run("alopex server  ends when it is told to", lambda: same(status, 0, "exit status"))
    print(f"{checks.passed} passed, {checks.failed} failed")
    return 1 if checks.failed > 0 else 0


try:
    status = main()
except Exception:
    traceback.print_exc()
    status = 2  # Not the 1 of failed checks: no totals were printed.
sys.exit(status)
