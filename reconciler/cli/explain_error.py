"""``reconcile explain --error TEXT``: an error in, how it is sorted, where it comes from and what helps out.

Nothing is called and no manifest is read. What was pasted is not printed again: it may hold a secret.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator
from typing import Any

from reconciler.cli.exits import Exit
from reconciler.cli.plain import plain
from reconciler.core.remedies import Explanation, explain

__all__ = ["explain_error"]

MOST = 1024 * 1024
WORD = re.compile(r"\w{1,64}", re.ASCII)


def explain_error(options: argparse.Namespace) -> int:
    text = sys.stdin.buffer.read(MOST).decode(errors="replace") if options.error == "-" else options.error
    found = explain(text, status=options.status)
    if options.format == "json":
        print(json.dumps(document(found), indent=2, ensure_ascii=False))
    else:
        print("\n".join(plain(line) for line in lines(found)))
    return Exit.OK if found.known else Exit.FAILED


def lines(found: Explanation) -> Iterator[str]:
    if not found.known:
        yield "This text is not known."
    yield f"class    {found.kind.__name__}: {found.means}"
    yield f"cause    {found.cause}"
    yield f"remedy   {found.remedy}"
    yield f"next     {found.next}"
    yield f"source   {found.source}"
    if read := read_as(found):
        yield f"read as  {read}"


def read_as(found: Explanation) -> str:
    """What of it counted, in words that cannot be a secret."""
    refusal = found.refusal
    parts = [f"status {refusal.status}"] if refusal.status else []
    parts += [f"code {code}"] if (code := code_of(found)) else []
    parts += [f"request-id {refusal.request_id}"] if refusal.request_id else []
    return ", ".join(parts)


def code_of(found: Explanation) -> str | None:
    return found.refusal.code if WORD.fullmatch(found.refusal.code) else None


def document(found: Explanation) -> dict[str, Any]:
    return {
        "schemaVersion": 1,
        "known": found.known,
        "class": found.kind.__name__,
        "means": found.means,
        "cause": found.cause,
        "remedy": found.remedy,
        "next": found.next,
        "source": found.source,
        "status": found.refusal.status,
        "code": code_of(found),
        "requestId": found.refusal.request_id,
    }
