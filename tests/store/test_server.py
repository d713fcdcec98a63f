"""A PostgreSQL server that is away, refuses or comes back, and a URL as its user wrote it."""

import builtins
import socket
import sys
import threading

import psycopg
import pytest

from reconciler.core.errors import StoreError
from reconciler.store import Place, Store
from reconciler.store.failures import concerns_all, database_failures
from tests.store.support import CLIENT, TENANT, entry, remembered, waiting


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg", "postgresql+psycopg2"])
def test_the_driver_is_psycopg_3_and_the_parameters_stay(scheme):
    place = Place.of(f"{scheme}://me:secret@host:1/db?sslmode=verify-full&sslrootcert=/ca.pem")
    assert place.url is not None
    assert place.url.drivername == "postgresql+psycopg"
    assert dict(place.url.query) == {"sslmode": "verify-full", "sslrootcert": "/ca.pem"}
    assert str(place) == f"the store {scheme}://me:***@host:1/db?sslmode=verify-full&sslrootcert=%2Fca.pem"


def test_a_password_among_the_parameters_is_not_shown():
    place = Place.of("postgresql://host/db?password=secret1&sslpassword=secret2&user=me")
    assert "secret" not in f"{place} {place!r}"
    assert place.url is not None
    assert place.url.query["password"] == "secret1"


def test_what_the_url_says_counts_before_what_we_would_say(monkeypatch):
    asked = []

    def connect(*arguments, **parameters):
        asked.append(parameters)
        raise psycopg.OperationalError("no")

    monkeypatch.setattr(psycopg, "connect", connect)
    for url in ("postgresql://host/db", "postgresql://host/db?connect_timeout=9&options=-c%20a%3Db&sslmode=require"):
        with pytest.raises(StoreError):
            Store.open(url)
    first, second = asked
    assert (first["connect_timeout"], first["options"]) == (5, "-c lock_timeout=5000")
    assert (second["connect_timeout"], second["options"], second["sslmode"]) == ("9", "-c a=b", "require")


@pytest.mark.parametrize("opening", [Store.open, Store.read])
def test_a_server_that_is_not_there(opening):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(StoreError, match=r"Connection refused.*: check that the server is up, and the host") as caught:
        opening(f"postgresql://me:secret@127.0.0.1:{port}/db")
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_server_without_tls_where_the_url_requires_it():
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def refuse_tls():
            connection, _ = listener.accept()
            with connection:
                connection.recv(8)
                connection.sendall(b"N")
                connection.recv(1)

        thread = threading.Thread(target=refuse_tls)
        thread.start()
        port = listener.getsockname()[1]
        with pytest.raises(StoreError, match="check the TLS parameters of the URL"):
            Store.open(f"postgresql://me@127.0.0.1:{port}/db?sslmode=require")
        thread.join()


def test_a_database_that_is_not_there(server):
    with pytest.raises(StoreError, match='"nowhere" does not exist: check the database and the user of the URL'):
        Store.open(server.url("nowhere"))


@pytest.mark.parametrize("opening", [Store.open, Store.read])
def test_a_driver_that_is_not_installed(monkeypatch, opening):
    original = builtins.__import__

    def without_psycopg(name, *rest):
        if name.partition(".")[0] == "psycopg":
            raise ModuleNotFoundError(f"No module named {name!r}", name="psycopg")
        return original(name, *rest)

    for module in [name for name in sys.modules if name.partition(".")[0] == "psycopg"]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setattr(builtins, "__import__", without_psycopg)
    says = r"psycopg is not installed: pip install '\.\[postgresql\]' in the checkout brings it"
    with pytest.raises(StoreError, match=says):
        opening("postgresql://host/db")


async def test_a_server_that_is_restarted(server, database):
    async with Store.open(database) as store:
        inbox = store.inbox()
        await inbox.put([entry("before")])
        assert list(await waiting(inbox)) == ["before"]
        server.stop()
        with pytest.raises(StoreError, match=r"cannot be written: .*check that the server is up"):
            await inbox.put([entry("lost")])
        with pytest.raises(StoreError, match=r"cannot be read: .*check that the server is up"):
            await waiting(inbox)
        server.start()
        await inbox.put([entry("after")])
        assert list(await waiting(inbox)) == ["before", "after"]


async def test_a_server_that_is_restarted_between_two_calls(server, database):
    """Connections of a pool that are dead by now are nobody's concern."""
    async with Store.open(database) as store:
        inbox = store.inbox()
        await inbox.put([entry("before")])
        await waiting(inbox)
        server.restart()
        await inbox.put([entry("after")])
        server.restart()
        assert list(await waiting(inbox)) == ["before", "after"]


async def test_a_connection_that_breaks_off_midway(database):
    async with Store.open(database) as store:
        end = "SELECT pg_terminate_backend(pg_backend_pid())"
        with pytest.raises(StoreError, match="the server was stopped meanwhile: try again when it is up"):
            await store.writer.write(lambda connection: connection.exec_driver_sql(end).close())
        await store.inbox().put([entry()])
        assert len(await waiting(store.inbox())) == 1


async def test_a_server_that_may_only_be_read(server, database):
    async with Store.open(database):
        pass
    name = database.partition("?")[0].rpartition("/")[2]
    server.run(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    async with Store.open(database) as store:
        with pytest.raises(StoreError, match="it may only be read: give the URL of the primary server"):
            await store.inbox().put([entry()])
        assert await waiting(store.inbox()) == {}


async def test_a_table_that_another_process_holds_locked(database):
    async with Store.open(database, patience=0.2) as store:
        with psycopg.connect(database) as other:
            other.execute("LOCK TABLE inbox IN EXCLUSIVE MODE")
            with pytest.raises(StoreError, match="another process holds it locked: stop that process"):
                await store.inbox().put([entry()])
            assert await waiting(store.inbox()) == {}
        await store.inbox().put([entry()])
        assert len(await waiting(store.inbox())) == 1


async def test_a_dry_run_cannot_write(database):
    async with Store.open(database) as store:
        await store.journal(owner="me", tenant_id=TENANT, client_id=CLIENT).remember([remembered()])
    found = Store.read(database)
    assert found.warning is None
    with pytest.raises(StoreError, match="it may only be read"):
        found.query(lambda connection: connection.exec_driver_sql("DELETE FROM subscriptions").close())
    assert set(await found.memory(owner="me", tenant_id=TENANT, client_id=CLIENT).remembered()) == {"s1"}


@pytest.mark.parametrize(
    ("error", "says", "for_all"),
    [
        (psycopg.errors.DiskFull, "the disk of the server is full: free some space there", True),
        (psycopg.errors.TooManyConnections, "no connection left: raise its max_connections", True),
        (psycopg.errors.InsufficientPrivilege, "access is denied: grant", False),
        (psycopg.errors.DeadlockDetected, "another process was in the way: try again", False),
        (psycopg.errors.NotNullViolation, "null value in column", False),
    ],
)
def test_what_the_server_says(error, says, for_all):
    with pytest.raises(StoreError, match=f"the store cannot be written: .*{says}") as caught:
        fail(error("null value in column\nDETAIL: secret"))
    assert "secret" not in str(caught.value)
    assert concerns_all(caught.value) is for_all


def fail(error):
    from sqlalchemy.exc import DBAPIError

    with database_failures("the store", "written"):
        raise DBAPIError("statement", {}, error)
