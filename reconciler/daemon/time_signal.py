"""A few small questions to Graph, for the time of its answers, before anything is planned or renewed.

A machine whose clock was wrong when it began would else take what lives for ended, and create it once more.
"""

import asyncio

from reconciler.core.catalog import Version
from reconciler.core.errors import CredentialRefused, GraphError, Throttled, Transient
from reconciler.core.skew import ENOUGH
from reconciler.engine.ports import Reader

__all__ = ["ask_the_time"]

NOBODY = "00000000-0000-0000-0000-000000000000"
"""A subscription that there is not: that it is not there is an answer."""


PATIENCE = 5.0
"""Seconds; whoever is away then is asked for more than the time next, and told of."""


async def ask_the_time(reader: Reader) -> None:
    """Whoever watches the answers hears it. Where Graph does not answer, the machine's clock has to do."""
    try:
        async with asyncio.timeout(PATIENCE):
            for _ in range(ENOUGH):
                await ask_once(reader)
    except (CredentialRefused, Throttled, TimeoutError, Transient):
        return


async def ask_once(reader: Reader) -> None:
    try:
        await reader.get(NOBODY, Version.V1)
    except (CredentialRefused, Throttled, Transient):
        raise
    except GraphError:
        return
