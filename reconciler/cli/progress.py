"""How far an apply has come, on standard error."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from reconciler.core.change import Plan
from reconciler.engine.outcome import Outcome, Result

__all__ = ["Progress"]


class Progress:
    """The engine's ``Watcher``: a bar that grows with each outcome, and a line for each failure."""

    def __init__(self) -> None:
        columns = (TextColumn("applying"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._bar = Bar(*columns, console=Console(stderr=True))
        self._task = self._bar.add_task("applying", total=0, visible=False)

    def planned(self, plan: Plan) -> None:
        total = (self._bar.tasks[self._task].total or 0) + len(list(plan.due))
        self._bar.update(self._task, total=total, visible=total > 0)

    def told(self, outcome: Outcome) -> None:
        if outcome.result is Result.FAILED:
            self._bar.console.print(f"failed: {outcome.name}", highlight=False, markup=False)
        if outcome.result is not Result.WITHHELD:
            self._bar.advance(self._task)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()
