"""A story in sections: what text and JSON are made from alike."""

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Any

from reconciler.cli.plain import plain

__all__ = ["Row", "Section", "lines", "sections_json"]

Value = str | list[str] | None


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """One thing that is known; ``why`` says where it comes from or what it means."""

    key: str
    value: Value
    why: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Section:
    key: str
    rows: tuple[Row, ...]


def lines(sections: Iterable[Section]) -> Iterator[str]:
    for section in sections:
        yield ""
        yield section.key
        width = max((len(row.key) for row in section.rows), default=0)
        for row in section.rows:
            yield plain(f"  {row.key.ljust(width)}  {shown(row)}".rstrip())


def shown(row: Row) -> str:
    value = ", ".join(row.value) if isinstance(row.value, list) else row.value
    return "  ".join(filter(None, [value or "none", f"({row.why})" if row.why else ""]))


def sections_json(sections: Iterable[Section]) -> dict[str, Any]:
    return {
        section.key: {row.key: {"value": row.value, "why": row.why} for row in section.rows} for section in sections
    }
