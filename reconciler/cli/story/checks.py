"""Whether the daemon has done what the story tells: by what Graph has, by its log, by what has come to the sink."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from reconciler.cli.story.other_hand import OtherHand
from reconciler.cli.story.stage import NotAsTold, Stage
from reconciler.core.certificate import outline

__all__ = [
    "Event",
    "check_certificates",
    "check_gaps",
    "passed",
    "thumbprint",
    "wait_for_event",
    "wait_until_moved",
]

CERTIFICATE_FILE = "secrets/rich.pem"
EVENTS_FILE = "events.jsonl"
RICH = ("all-channels", "all-teams")

Event = Mapping[str, Any]


def passed(stage: Stage, kind: str) -> bool:
    """Whether the daemon has told of the end of such a pass since its log was last shown."""
    return stage.server("daemon").said(f"{kind} pass of contoso: ")


def thumbprint(stage: Stage) -> str:
    """Of the certificate that the file has now."""
    read = outline((stage.folder / CERTIFICATE_FILE).read_bytes())
    if read is None:
        raise NotAsTold(f"{CERTIFICATE_FILE} holds no certificate")
    return read.thumbprint


def wait_until_moved(stage: Stage, somebody: OtherHand) -> None:
    """All that carries resource data does so for the certificate in the file, under the ids of before."""
    before, wanted = rich(somebody.live()), thumbprint(stage)

    def is_moved() -> bool:
        return passed(stage, "full") and set(rich(somebody.certificates()).values()) == {wanted}

    stage.wait_until(f"{' and '.join(RICH)} carry resource data for {wanted}", is_moved)
    if (after := rich(somebody.live())) != before:
        raise NotAsTold(f"they were not patched: {before} have become {after}")


def rich(by_name: Mapping[str, str | None]) -> dict[str, str | None]:
    return {name: by_name.get(name) for name in RICH}


def wait_for_event(stage: Stage, what: str, is_it: Callable[[Event], bool]) -> None:
    """Until such an event has come to the sink."""
    file = stage.folder / EVENTS_FILE

    def has_come() -> bool:
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True) if file.exists() else []
        return any(is_it(json.loads(line)) for line in lines if line.endswith("\n"))

    stage.wait_until(f"{what} has come to {EVENTS_FILE}", has_come)


def check_certificates(stage: Stage, *, old: str) -> None:
    """The new one is in use, and the old key is kept for what Graph still has encrypted for it."""
    told = stage.run_and_read("certificates")["certificates"]
    found = {each["thumbprint"]: (each["part"], each["inUse"]) for each in told}
    wanted = {thumbprint(stage): ("current", len(RICH)), old: ("kept", 0)}
    if found != wanted:
        raise NotAsTold(f"`reconcile certificates` has {found}, the story has {wanted}")


def check_gaps(stage: Stage, *wanted: tuple[str, str]) -> None:
    """Exactly these, and the sink was told of each."""
    found = stage.run_and_read("gaps")["gaps"]
    names = sorted((gap["subscription"], gap["cause"]) for gap in found)
    if names != sorted(wanted):
        raise NotAsTold(f"`reconcile gaps` has {names}, the story has {sorted(wanted)}")
    if untold := [gap["cause"] for gap in found if gap["announcedAt"] is None]:
        raise NotAsTold(f"the sink was not told of all gaps: {', '.join(untold)}")
