"""Certificates and who uses them in, lines for people or a document for programs out."""

import dataclasses
import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

from reconciler.cli.certificate_use import Retirement, Retiring, User, Uses, retirement
from reconciler.cli.certified import Certified, Part
from reconciler.cli.columns import NOTHING, aligned
from reconciler.cli.plain import plain
from reconciler.cli.problems import problem_json
from reconciler.core.source import Problem
from reconciler.core.times import spell_time

__all__ = ["Report", "document", "lines"]

SCHEMA_VERSION = 1
HEADINGS = ("certificate", "part", "thumbprint", "ends", "days left", "bits", "private key", "in use by", "retire")
MOST_NAMES = 10
LETTERS = "What the inbox still holds may need an old key: `reconcile inbox list`, and with `--status waiting`."


@dataclasses.dataclass(frozen=True, slots=True)
class Report:
    owner: str
    at: dt.datetime
    certificates: Sequence[Certified]
    uses: Uses
    known: frozenset[str]
    """Thumbprints of all certificates that are declared or kept."""

    problems: Sequence[Problem]

    def users(self, thumbprint: str | None) -> Sequence[User]:
        return self.uses.ours.get(thumbprint, ()) if thumbprint else ()

    def foreign(self, thumbprint: str | None) -> int:
        return self.uses.foreign.get(thumbprint, 0) if thumbprint else 0

    def retirement(self, each: Certified) -> Retirement | None:
        """None for one that is current, and for one whose file cannot be read."""
        if each.part is Part.CURRENT or each.thumbprint is None:
            return None
        return retirement(each.thumbprint, self.uses, now=self.at)


def lines(report: Report) -> Iterator[str]:
    if not report.certificates:
        yield "There is no certificate: no subscription can carry resource data."
        return
    heading, *rows = aligned([HEADINGS, *(cells(each, report) for each in report.certificates)])
    yield "  ".join(heading)
    for each, row in zip(report.certificates, rows, strict=True):
        yield "  ".join(row)
        yield from details(each, report)
    if any(report.retirement(each) for each in report.certificates):
        yield ""
        yield LETTERS


def cells(each: Certified, report: Report) -> tuple[str, ...]:
    told = each.outline
    foreign = report.foreign(each.thumbprint)
    return (
        plain(each.name or NOTHING),
        each.part.value,
        told.thumbprint if told else "cannot be read",
        f"{told.not_after:%Y-%m-%d}" if told else NOTHING,
        str(days_left(told.not_after, report.at)) if told else NOTHING,
        str(told.bits or "not RSA") if told else NOTHING,
        each.private_key.value,
        f"{len(report.users(each.thumbprint))}{f' and {foreign} foreign' if foreign else ''}",
        retiring(report.retirement(each)),
    )


def days_left(end: dt.datetime, now: dt.datetime) -> int:
    """Negative for one that is over."""
    return (end - now) // dt.timedelta(days=1)


def retiring(found: Retirement | None) -> str:
    if found is None:
        return NOTHING
    if found.state is Retiring.SAFE:
        return "safe"
    if found.state is Retiring.WAITING and found.at:
        return f"safe from {found.at:%Y-%m-%d %H:%M} UTC"
    return "in use" if found.state is Retiring.IN_USE else found.message


def details(each: Certified, report: Report) -> Iterator[str]:
    users = report.users(each.thumbprint)
    if users:
        shown = ", ".join(f"{user.tenant}/{user.name}" for user in users[:MOST_NAMES])
        more = f" and {len(users) - MOST_NAMES} more" if len(users) > MOST_NAMES else ""
        yield plain(f"    in use by {shown}{more}")
    if each.kept_until:
        yield f"    in no manifest; its private key is kept until {each.kept_until:%Y-%m-%d %H:%M} UTC"


def document(report: Report) -> dict[str, Any]:
    unknown = {name: users for name, users in report.uses.ours.items() if name not in report.known}
    return {
        "schemaVersion": SCHEMA_VERSION,
        "owner": report.owner,
        "at": spell_time(report.at),
        "certificates": [certificate_json(each, report) for each in report.certificates],
        "unknown": [{"thumbprint": name or None, **users_json(users)} for name, users in unknown.items()],
        "problems": [problem_json(each) for each in report.problems],
    }


def certificate_json(each: Certified, report: Report) -> dict[str, Any]:
    told, found = each.outline, report.retirement(each)
    return {
        "name": each.name,
        "part": each.part,
        "source": str(each.source) if each.source else None,
        "thumbprint": each.thumbprint,
        "notAfter": spell_time(told.not_after) if told else None,
        "daysLeft": days_left(told.not_after, report.at) if told else None,
        "bits": told.bits if told else None,
        "privateKey": each.private_key,
        "keptUntil": spell_time(each.kept_until) if each.kept_until else None,
        **users_json(report.users(each.thumbprint)),
        "foreign": report.foreign(each.thumbprint),
        "retire": retirement_json(found) if found else None,
    }


def users_json(users: Sequence[User]) -> dict[str, Any]:
    return {"inUse": len(users), "subscriptions": [dataclasses.asdict(user) for user in users]}


def retirement_json(found: Retirement) -> dict[str, Any]:
    return {"state": found.state, "at": spell_time(found.at) if found.at else None, "message": found.message}
