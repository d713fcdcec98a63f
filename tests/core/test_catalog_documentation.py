"""That docs/resources.md has every entry of the catalog, each in its row as the catalog has it, and nothing else."""

import re
from pathlib import Path

import pytest

from reconciler.core.catalog import ENTRIES, ChangeType, Cloud, Entry, Quota, Status, Workload
from reconciler.core.times import spell_duration

TEXT = (Path(__file__).parents[2] / "docs" / "resources.md").read_text(encoding="utf-8")
HEAD = (
    "| resource | change types | resource data | least application permission | least delegated permission |"
    " longest life | Graph versions | facts |"
)


def in_workload(workload: Workload) -> list[Entry]:
    return [entry for entry in ENTRIES if entry.workload is workload]


def title(workload: Workload) -> str:
    return workload.replace("-", " ").capitalize()


def row(entry: Entry) -> str:
    draft = " (draft)" if entry.status is Status.DRAFT else ""
    cells = (
        f"`{entry.path}`{draft}",
        change_types(entry),
        f"{entry.rich}, with `$select`" if entry.rich_needs_select else str(entry.rich),
        least(entry, entry.permissions.application),
        least(entry, entry.permissions.delegated),
        life(entry),
        ", ".join(entry.versions),
        ", ".join(entry.facts),
    )
    return f"| {' | '.join(cells)} |"


def change_types(entry: Entry) -> str:
    spelled = ", ".join(each for each in ChangeType if each in entry.change_types)
    return spelled if entry.change_types_verified else f"{spelled} (not verified)"


def least(entry: Entry, names: tuple[str, ...]) -> str:
    if not entry.permissions.documented:
        return "not documented"
    return names[0] if names else "none"


def life(entry: Entry) -> str:
    rich = f"; {spell_duration(entry.rich_lifetime)} with resource data" if entry.rich_lifetime else ""
    return spell_duration(entry.lifetime) + rich


def beneath(entry: Entry) -> list[str]:
    """What an entry has to say that has no column."""
    said = [f"`{entry.path}`: {note}" for note in entry.notes]
    if len(entry.clouds) < len(Cloud):
        said.append(f"`{entry.path}`: In the {' and '.join(sorted(entry.clouds))} cloud only")
    if len(entry.read_clouds) < len(Cloud):
        said.append(
            f"`{entry.path}`: What it tells of can be read in the {' and '.join(sorted(entry.read_clouds))} cloud only"
        )
    if entry.options or entry.filter_fields:
        options = ", ".join(f"`{option}`" for option in sorted(entry.options or entry.query_options))
        said.append(f"`{entry.path}`: Takes {options}")
    if entry.exclusive:
        said.append(
            f"`{entry.path}`: One of each per app and tenant" + (f", counted over {entry.slot}" if entry.slot else "")
        )
    return said + [f"`{entry.path}`: {quota(each)}" for each in entry.quotas]


def quota(each: Quota) -> str:
    shared = f", counted over {each.shared}" if each.shared else ""
    return f"At most {each.limit:,} per {each.per}{shared}"


def gathered(workload: Workload) -> list[str]:
    """What several entries of a workload say is said once, of all of them."""
    said: dict[str, list[str]] = {}
    for entry in in_workload(workload):
        for each in beneath(entry):
            path, _, sentence = each.partition("`: ")
            said.setdefault(sentence, []).append(f"{path}`")
    everywhere = len(in_workload(workload))
    return [
        f"- {'All' if len(paths) == everywhere > 1 else ', '.join(paths)}: {sentence}."
        for sentence, paths in said.items()
    ]


def section(workload: Workload) -> str:
    lines = [HEAD, re.sub(r"[^|]+", " --- ", HEAD), *map(row, in_workload(workload))]
    notes = gathered(workload)
    return "\n".join([*lines, *(["", *notes] if notes else [])]) + "\n"


@pytest.mark.parametrize("workload", Workload, ids=str)
def test_each_workload_has_its_table(workload):
    written = TEXT.partition(f"\n## {title(workload)}\n\n")[2].partition("\n## ")[0]
    assert written.strip().splitlines() == section(workload).strip().splitlines()


def test_there_are_no_other_sections():
    assert re.findall("^## (.*)$", TEXT, re.MULTILINE) == list(map(title, Workload))
