"""The bytes of a CSV file in, the rows that a set is made of out, with the problems of all its lines."""

import csv
import dataclasses
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from reconciler.core.mark import NAME
from reconciler.core.source import Problem, Source

__all__ = ["KEY", "VALUE", "Row", "Rows", "read_rows"]

KEY, VALUE = "key", "value"
COLUMN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
HEADER = "the first line must name the columns key and value, as in key,value"


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """What one subscription of a set is made for."""

    values: Mapping[str, str]
    """By column; ``key`` and ``value`` are among them."""

    source: Source | None = None
    """Its line; None where it stands in the manifest itself."""

    @property
    def key(self) -> str:
        return self.values[KEY]


@dataclasses.dataclass(frozen=True, slots=True)
class Rows:
    """``columns`` is empty where not even those are known."""

    columns: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    problems: tuple[Problem, ...] = ()


def read_rows(content: bytes, path: str) -> Rows:
    """Read a CSV file, ``path`` as it is shown to people. A row with a problem is left out."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return Rows(problems=(Problem(Source(path, line), "set-row", "this is not UTF-8 text"),))
    problems: list[Problem] = []
    lines = cells(text, path, problems)
    place, header = next(lines, (Source(path), []))
    if problems or (said := wrong_header(header)):
        return Rows(problems=tuple(problems) or (Problem(place, "set-row", said),))
    rows: dict[str, Row] = {}
    for place, row in lines:
        said = wrong_row(row, header) or wrong_key(row[header.index(KEY)], rows)
        if said:
            problems.append(Problem(place, "set-row", said))
        else:
            values = dict(zip(header, row, strict=True))
            rows[values[KEY]] = Row(values, place)
    return Rows(tuple(header), tuple(rows.values()), tuple(problems))


def cells(text: str, path: str, problems: list[Problem]) -> Iterator[tuple[Source, list[str]]]:
    """Each row that is not empty, with the line that it begins in. Where quotes go wrong, nobody knows what follows."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        for row in reader:
            if row:
                yield Source(path, line), row
            line = reader.line_num + 1
    except csv.Error as error:
        problems.append(Problem(Source(path, line), "set-row", f"this row cannot be read as CSV: {error}"))


def wrong_header(header: Sequence[str]) -> str:
    if len(header) == 1 and (";" in header[0] or "\t" in header[0]):
        return f"{HEADER}: the columns are separated by commas"
    if not {KEY, VALUE} <= set(header):
        return HEADER
    if bad := [name for name in header if not COLUMN.fullmatch(name)]:
        return f"the name of a column is made of letters, digits, - and _, which {bad[0]!r} is not"
    name, count = Counter(header).most_common(1)[0]
    return f"the column {name!r} stands here twice" if count > 1 else ""


def wrong_row(row: Sequence[str], header: Sequence[str]) -> str:
    if len(row) != len(header):
        return f"the row has {len(row)} of {len(header)} columns ({', '.join(header)})"
    if "" in row:
        return f"the column {header[row.index('')]!r} is empty"
    return ""


def wrong_key(key: str, rows: Mapping[str, Row]) -> str:
    if not NAME.fullmatch(key):
        return f"the key {key[:80]!r} should be made of a-z, 0-9 and -, with no - at its ends"
    if (first := rows.get(key)) and first.source:
        return f"the key {key!r} stands in line {first.source.line} already"
    return ""
