"""Why the emulator cannot start or cannot be told something: a sentence with the cause and the remedy."""


class EmulatorError(Exception):
    """The emulator cannot do what it was asked at start or over its control path."""
