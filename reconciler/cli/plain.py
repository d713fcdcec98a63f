"""Text that others wrote in, text that a terminal or a log only shows out.

Names of files and resources come with a pull request: an escape sequence or a line break in them could hide or forge
lines of the report, and GitHub takes some lines of a log for commands.
"""

__all__ = ["plain"]

CONTROLS = (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029)
DIRECTIONS = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
"""They turn the order around in which the characters behind them are shown."""

SPELLED = {code: f"\\u{code:04x}" for code in (*CONTROLS, *DIRECTIONS)}


def plain(text: str) -> str:
    """The text on one line, with everything in it to be seen, and nothing of it a command."""
    if not text.isprintable():
        text = text.translate(SPELLED)
    if "##[" in text or "::" in text:
        text = text.replace("##[", "##\\u005b")
        if text.lstrip().startswith("::"):
            text = text.replace("::", "\\u003a:", 1)
    return text
