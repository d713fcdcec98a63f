"""A plan in a file: the JSON form of it, what it was asked for with, and a seal that shows whether it was edited.

What counts when it is carried out is the digest of a plan made anew; the seal only keeps a reviewer from reading what
nobody planned.
"""

import argparse
import dataclasses
import hashlib
import json
import sys
from argparse import ArgumentTypeError
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from reconciler.cli.forms.document import SCHEMA_VERSION, change_json, document
from reconciler.cli.forms.table import Row, Table
from reconciler.cli.pass_arguments import OF_A_PLAN
from reconciler.cli.reports import put
from reconciler.cli.values import duration, whole
from reconciler.core.change import Change, digest_of
from reconciler.core.errors import ManifestError, ReconcilerError
from reconciler.core.policy import Policy
from reconciler.core.reasons import Action
from reconciler.core.safety import CODES
from reconciler.core.source import Problem, Source
from reconciler.core.times import spell_duration
from reconciler.sources.texts import STDIN, reason

__all__ = ["SavedPlan", "moved", "read_plan", "save_plan"]


@dataclasses.dataclass(frozen=True, slots=True)
class SavedPlan:
    path: str
    owner: str
    digest: str
    changes: Sequence[Mapping[str, Any]]
    """As JSON has them."""

    asked: Mapping[str, Any]
    """Options of the pass that it was made by, as argparse names them."""


def save_plan(table: Table, options: argparse.Namespace) -> None:
    """Write it to ``--out``, whole or not at all. Raises ReconcilerError."""
    if table.report and table.report.unread:
        raise ReconcilerError(f"the plan is not saved to {options.save_to}: not every tenant could be read")
    asked = {name: spelled(getattr(options, name)) for name in OF_A_PLAN if getattr(options, name) is not None}
    made = document(table) | {"kind": "SavedPlan", "asked": asked, "tenants": sorted(options.tenants)}
    text = json.dumps(made | {"seal": seal(made)}, indent=2, ensure_ascii=False) + "\n"
    try:
        put(text.encode(errors="backslashreplace"), Path(options.save_to))
    except OSError as error:
        raise ReconcilerError(f"--out {options.save_to} cannot be written: {error.strerror}") from error


def spelled(value: Any) -> Any:
    """As JSON can have it."""
    return spell_duration(value).replace(" ", "") if hasattr(value, "total_seconds") else value


def seal(document: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def read_plan(path: str) -> SavedPlan:
    """Raises ManifestError where it is no plan of this version, or not as it was saved."""
    try:
        found = json.loads(sys.stdin.read() if path == STDIN else Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise refused(path, f"the plan cannot be read: {reason(error)}") from error
    except (ValueError, RecursionError) as error:
        raise refused(path, f"the plan is not JSON: {error}") from error
    if not isinstance(found, dict) or found.get("kind") != "SavedPlan":
        raise refused(path, 'this lacks "kind": "SavedPlan": only a file that --out has written can be carried out')
    if found.get("schemaVersion") != SCHEMA_VERSION:
        version = found.get("schemaVersion")
        raise refused(path, f"the plan has schemaVersion {version!r}, this program has {SCHEMA_VERSION}: plan anew")
    given = found.pop("seal", None)
    try:
        sealed = seal(found) == given and digest_of(map(essence, lasting(found["changes"]))) == found["digest"]
        asked = restored(found["asked"], found["tenants"])
    except (ArgumentTypeError, AttributeError, KeyError, TypeError, ValueError):
        sealed, asked = False, {}
    if not sealed:
        raise refused(path, "the plan was edited after it was saved: change the manifests instead, and plan anew")
    return SavedPlan(path, str(found["owner"]), found["digest"], found["changes"], asked)


def refused(path: str, message: str) -> ManifestError:
    return ManifestError([Problem(Source(path), "saved-plan", message)])


def restored(asked: Mapping[str, Any], tenants: Sequence[str]) -> dict[str, Any]:
    """As argparse gives it, and nothing that is no matter of a plan. Raises ValueError and its like."""
    found: dict[str, Any] = {name: asked.get(name) for name in OF_A_PLAN}
    for name in ("allow", "only", "previous_owner", "replace"):
        found[name] = words(found[name])
    if found["policy"] is not None:
        Policy(found["policy"])
    if found["adoptions"] is not None:
        whole(str(found["adoptions"]))
    if found["renew_within"] is not None:
        found["renew_within"] = duration(found["renew_within"])
    if found["selector"] is not None:
        found["selector"] = [(str(name), str(value)) for name, value in found["selector"]]
    if unknown := set(found["allow"] or ()).difference(CODES):
        raise ValueError(f"no such codes: {unknown}")
    return found | {"tenants": words(tenants)}


def words(value: Any) -> list[str] | None:
    if value is not None and not (isinstance(value, list) and all(isinstance(each, str) for each in value)):
        raise TypeError("a list of words is expected")
    return value


def lasting(changes: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    return (change for change in changes if change["action"] != Action.RENEW)


def essence(change: Mapping[str, Any]) -> list[object]:
    """As ``core.change`` has it."""
    differences = [[each["field"], each["from"], each["to"]] for each in change["differences"]]
    told = ("name", "tenant", "action", "withheld", "resource", "subscriptionId")
    return [*(change[key] for key in told), differences]


def moved(saved: SavedPlan, changes: Sequence[Change]) -> Iterator[str]:
    """What was planned and is not any more, and what is now and was not."""
    before = {json.dumps(essence(change)): change for change in lasting(saved.changes)}
    now_planned = [change_json(Row(change)) for change in changes]
    now = {json.dumps(essence(change)): change for change in lasting(now_planned)}
    for key in sorted(before.keys() - now.keys()):
        yield f"not any more: {line(before[key])}"
    for key in sorted(now.keys() - before.keys()):
        yield f"now: {line(now[key])}"


def line(change: Mapping[str, Any]) -> str:
    return f"{change['tenant']}: {change['action']} {change['name']}, {change['message']} ({change['reason']})"
