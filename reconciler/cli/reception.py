"""``listen``'s process: one desk, served until a signal; wishes are only said, as nobody here makes passes.

reception = Reception(loaded, options)
await reception.run()          # until it is cancelled
"""

import argparse
import asyncio
import gc
import logging
from collections.abc import Callable
from pathlib import Path

from starlette.types import ASGIApp

from reconciler.cli.desk import Arrangement, Counter, Desk
from reconciler.cli.loading import Loaded
from reconciler.cli.wiring import state_location
from reconciler.core.errors import ReconcilerError
from reconciler.core.lifecycle import Kind, Wish
from reconciler.receiver import serve
from reconciler.receiver.private import private_application
from reconciler.store import Store

__all__ = ["Reception", "first", "say_ready", "serve_on"]

logger = logging.getLogger(__name__)


class Reception:
    """What can be wrong with manifests, secrets and sinks is found when it is made. Raises ReconcilerError."""

    def __init__(self, loaded: Loaded, options: argparse.Namespace) -> None:
        self.owner, self.options = loaded.owner or "", options
        self.arrangement = Arrangement(loaded, options)

    async def run(self) -> None:
        """Until it is cancelled. Raises ReconcilerError, and OSError where standard output takes no more."""
        gc.freeze()  # all that was imported stays, and looking through it again and again would hold up answers
        try:
            async with Store.open(state_location(self.options)) as store:
                await self.receive(store)
        except BaseExceptionGroup as group:
            error = first(group)
            if isinstance(error, ReconcilerError | OSError):
                raise error from None
            raise

    async def receive(self, store: Store) -> None:
        counter = await Counter.of(store, self.owner, wishing=Saying(), printing=not self.options.quiet)
        desk = Desk(self.arrangement, counter)
        async with asyncio.TaskGroup() as group:
            group.create_task(desk.run())
            if self.options.private:
                group.create_task(self.serve_private(counter))
            group.create_task(serve_on(desk.application, self.options, ready=self.answering))

    def answering(self, port: int) -> None:
        routes = self.arrangement.receiving.routes
        say_ready(self.options.listen[0], port, f"for {', '.join(sorted(routes.notifications | routes.lifecycle))}")

    async def serve_private(self, counter: Counter) -> None:
        host, port = self.options.private

        async def readable() -> str | None:
            await counter.inbox.accepted([""])
            return None

        private = private_application(counter.metrics.registry, checks={"store": readable})
        await serve(private, host=host, port=port, ready=lambda real: say_ready(host, real, "for metrics and health"))


class Saying:
    """A pipeline's next pass sees what there is to see."""

    def look(self, wish: Wish) -> None:
        logger.info("A pass should look at the subscription %a (%s)", wish.subscription_id, wish.kind)

    async def keep(self, wish: Wish) -> None:
        if wish.kind in {Kind.RECREATE, Kind.RESYNC}:
            lost = "has removed" if wish.kind is Kind.RECREATE else "has missed notifications of"
            logger.warning(
                "Graph %s the subscription %a: run a pass, and read anew what it is about", lost, wish.subscription_id
            )
        else:
            self.look(wish)


async def serve_on(application: ASGIApp, options: argparse.Namespace, *, ready: Callable[[int], None]) -> None:
    """Serve what Graph calls, until it is cancelled. Raises ReceiverError."""
    host, port = options.listen
    await serve(
        application,
        host=host,
        port=port,
        tls_certificate=Path(options.tls_cert) if options.tls_cert else None,
        tls_key=Path(options.tls_key) if options.tls_key else None,
        ready=ready,
    )


def say_ready(host: str, port: int, what: str) -> None:
    print(f"listening on {host}:{port} {what}", flush=True)


def first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Of several that end it together, one is enough to be told."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
