"""One small question to Graph, for the time of its answer: a short list alone is answered too seldom to go by.

A machine whose clock was wrong when it began would else take what lives for ended, and create it once more.
"""

from reconciler.core.catalog import Version
from reconciler.core.errors import CredentialRefused, GraphError, Throttled, Transient
from reconciler.engine.ports import Reader

__all__ = ["ask_the_time"]

NOBODY = "00000000-0000-0000-0000-000000000000"
"""A subscription that there is not."""


async def ask_the_time(reader: Reader) -> None:
    """Whoever watches the answers hears it. Raises GraphError where Graph does not answer, or lets nobody in."""
    try:
        await reader.get(NOBODY, Version.V1)
    except (CredentialRefused, Throttled, Transient):
        raise
    except GraphError:
        return  # that it is not there is an answer
