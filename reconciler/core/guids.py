"""GUIDs: the one kind of id whose letter case does not count."""

import re

__all__ = ["GUID", "folded"]

GUID = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
FOLDABLE = re.compile(rf"{GUID}(?:@{GUID})?", re.ASCII)
"""A GUID, or two as virtual events and mailboxes have them: ``{id}@{tenant}`` (facts 2.4, 5.4)."""


def folded(text: str) -> str:
    """GUIDs in lower case, other ids as they are: in those the letter case may count."""
    return text.lower() if FOLDABLE.fullmatch(text) else text
