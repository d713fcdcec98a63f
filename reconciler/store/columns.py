"""Types that SQLite and PostgreSQL store alike: times come back aware and in UTC, lifetimes as durations."""

import datetime as dt

from sqlalchemy import DateTime, Dialect, Double, String
from sqlalchemy.types import TypeDecorator

from reconciler.core.catalog import Version
from reconciler.core.gap import Cause

__all__ = ["CauseName", "Lifetime", "Moment", "VersionName"]


class Moment(TypeDecorator[dt.datetime]):
    """SQLite keeps no offset, so every time is turned to UTC on the way in and told to be UTC on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without an offset cannot be stored")
        moment = value.astimezone(dt.UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        del dialect  # both kinds are read alike
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


class Lifetime(TypeDecorator[dt.timedelta]):
    """In seconds; a double keeps microseconds for 285 years."""

    impl = Double
    cache_ok = True

    def process_bind_param(self, value: dt.timedelta | None, dialect: Dialect) -> float | None:
        del dialect
        return None if value is None else value.total_seconds()

    def process_result_value(self, value: float | None, dialect: Dialect) -> dt.timedelta | None:
        del dialect
        return None if value is None else dt.timedelta(seconds=value)


class VersionName(TypeDecorator[Version]):
    """A version of Graph as its URLs spell it."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: Version | None, dialect: Dialect) -> str | None:
        del dialect
        return None if value is None else value.value

    def process_result_value(self, value: str | None, dialect: Dialect) -> Version | None:
        del dialect
        return None if value is None else Version(value)


class CauseName(TypeDecorator[Cause]):
    """Why there is a gap, as the ledger spells it."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: Cause | None, dialect: Dialect) -> str | None:
        del dialect
        return None if value is None else value.value

    def process_result_value(self, value: str | None, dialect: Dialect) -> Cause | None:
        del dialect
        return None if value is None else Cause(value)
