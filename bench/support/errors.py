"""The one error of the benches."""


class BenchError(Exception):
    """Nothing could be measured, or something else than was meant; the text says what."""
