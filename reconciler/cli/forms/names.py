"""The forms that there are. Imports nothing: the command line asks for them on every start."""

__all__ = ["ALL", "JSON", "PLAIN", "TEXT"]

TEXT, JSON = "text", "json"
PLAIN = (TEXT, JSON)
"""What every command prints."""

ALL = ("text", "json", "markdown", "github", "sarif", "junit")
"""What a pass and ``validate`` print."""
