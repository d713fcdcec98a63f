"""A store's place in, verdicts out: which revision it has, and whether it can be written to. Leaves no trace there."""

import asyncio
import os
import shutil
from pathlib import Path

from sqlalchemy import text

from reconciler.core.errors import StoreError
from reconciler.daemon.checks.finding import Verdict, failed, fine, warned
from reconciler.daemon.checks.running import Check, said
from reconciler.store import Place
from reconciler.store.connections import writing_engine
from reconciler.store.failures import database_failures
from reconciler.store.location import PATIENCE
from reconciler.store.reading import ReadStore
from reconciler.store.schema import HEAD, REVISION_TABLE, REVISIONS, revision_of

__all__ = ["store_checks"]

LEAST_FREE = 100 * 1024 * 1024
LOST = "ownership is written on the subscriptions themselves, so an empty store is no loss of those"

NOTHING = text(f"UPDATE {REVISION_TABLE} SET version_num = version_num WHERE 1 = 0")  # noqa: S608 (our own constant)
"""Needs the lock and the right to write, and changes nothing."""

A_TABLE = text("CREATE TABLE reconciler_doctor (one INTEGER)")
"""Where there is none yet; the transaction is taken back."""


def store_checks(location: Path | str) -> list[Check]:
    try:
        place = Place.of(location)
    except StoreError as error:
        verdict = failed(
            str(error), cause="--state or RECONCILER_STATE is wrong", remedy="give a folder, or postgresql://…"
        )
        return [Check(id="store-revision", subject="the store", ask=said(verdict))]

    async def revision() -> Verdict:
        return await asyncio.to_thread(has_revision, place)

    async def writable() -> Verdict:
        return await asyncio.to_thread(takes_writes, place)

    readable = Check(id="store-revision", subject=str(place), ask=revision)
    return [readable, Check(id="store-writable", subject=str(place), ask=writable, needs=(readable,))]


def has_revision(place: Place) -> Verdict:
    try:
        found = None if is_new(place) else ReadStore(place).query(revision_of)
    except StoreError as error:
        return failed(str(error), cause="it cannot be read", remedy=LOST)
    if found is None:
        return fine("there is none yet, the first run that writes makes it")
    if found == HEAD:
        return fine(f"its revision is {found}, the one that this version knows")
    if found in REVISIONS:
        return warned(
            f"its revision is {found}, this version writes {HEAD}",
            cause="an earlier version has written it",
            remedy="the next run that writes migrates it; end the processes of the earlier version before",
        )
    return failed(
        f"its revision is {found}, this version knows {HEAD}",
        cause="a later version has written it",
        remedy="upgrade this program",
    )


def is_new(place: Place) -> bool:
    return place.file is not None and not place.file.exists()


def takes_writes(place: Place) -> Verdict:
    if place.file and is_new(place):
        return can_be_made(place.file)
    try:
        try_to_write(place)
    except StoreError as error:
        return failed(
            str(error),
            cause="without it nothing that is received can be kept, and no pass can write down what it is about to do",
            remedy="see to what the message names",
        )
    return space(place.file) if place.file else fine("it can be written to")


def can_be_made(file: Path) -> Verdict:
    nearest = next(folder for folder in file.parents if folder.exists())
    if nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK):
        return space(nearest)
    return failed(
        f"it cannot be made: {nearest} is no folder that this user may write to",
        cause="the folder belongs to somebody else, or is mounted read-only",
        remedy="give this user the folder, or name another one with --state",
    )


def try_to_write(place: Place) -> None:
    """Raises StoreError. Another process that writes is waited for, as ever."""
    with database_failures(place, "written"):
        engine = writing_engine(place, patience=PATIENCE)
        try:
            with engine.connect() as connection, connection.begin() as transaction:
                connection.execute(A_TABLE if revision_of(connection) is None else NOTHING)
                transaction.rollback()
        finally:
            engine.dispose()


def space(path: Path) -> Verdict:
    free = shutil.disk_usage(path).free
    found = f"it can be written to, with {free // 2**20} MiB free on its disk"
    if free < LEAST_FREE:
        return warned(found, cause="the disk is nearly full", remedy="free some space: what arrives is kept there")
    return fine(found)
