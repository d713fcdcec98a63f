"""The figures of several rounds in, their medians with verdicts out: as a table and as JSON."""

import dataclasses
import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.table import Table

from bench.support.targets import Target, Targets

VERDICTS = {True: "[green]met[/]", False: "[red]missed[/]", None: ""}


@dataclasses.dataclass(frozen=True, slots=True)
class Figure:
    """One thing that was measured, in each round."""

    bench: str
    name: str
    rounds: tuple[float, ...]
    target: Target | None

    @property
    def median(self) -> float:
        return statistics.median(self.rounds)

    @property
    def least(self) -> float:
        return min(self.rounds)

    @property
    def most(self) -> float:
        return max(self.rounds)

    @property
    def met(self) -> bool | None:
        """None without a target."""
        return self.target.met(self.median) if self.target else None

    def as_json(self) -> dict[str, Any]:
        numbers = {"median": self.median, "least": self.least, "most": self.most}
        shown: dict[str, Any] = {name: rounded(number) for name, number in numbers.items()}
        return shown | ({"target": self.target.as_json(), "met": self.met} if self.target else {})


def figures(bench: str, rounds: Sequence[Mapping[str, float]], targets: Targets) -> list[Figure]:
    """Each round has the same names; a target for something that is not measured is a mistake."""
    names = list(rounds[0])
    if unknown := sorted(targets.keys() - set(names)):
        raise ValueError(f"{bench} has a target for {unknown[0]}, and does not measure it")
    return [Figure(bench, name, tuple(each[name] for each in rounds), targets.get(name)) for name in names]


def as_json(measured: Iterable[Figure]) -> dict[str, dict[str, Any]]:
    """By bench and name."""
    benches: dict[str, dict[str, Any]] = {}
    for each in measured:
        benches.setdefault(each.bench, {})[each.name] = each.as_json()
    return benches


def table(measured: Iterable[Figure]) -> Table:
    shown = Table("bench", box=None, pad_edge=False)
    shown.add_column("figure", no_wrap=True)
    for heading in ("median", "least", "most", "target"):
        shown.add_column(heading, justify="right")
    shown.add_column()
    before = None
    for each in measured:
        if before not in {None, each.bench}:
            shown.add_section()
        numbers = (spelled(each.median), spelled(each.least), spelled(each.most))
        bench = each.bench if each.bench != before else ""
        target = str(each.target or "")
        shown.add_row(bench, each.name, *numbers, target, VERDICTS[each.met])
        before = each.bench
    return shown


def spelled(figure: float) -> str:
    return f"{rounded(figure):,}"


def rounded(figure: float) -> float:
    """Three digits that count, more would be noise."""
    return round(figure) if abs(figure) >= 100 else float(f"{figure:.3g}")
