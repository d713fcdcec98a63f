"""``reconcile listen``: answers Graph's validation requests and prints what it delivers, verified and decrypted.

Nothing is stored: what arrives while it is not running, or while it ends, is printed by nobody.
"""

import argparse
import datetime as dt
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.exits import Exit
from reconciler.cli.loading import load
from reconciler.cli.serving import MissingExtra, serve_until_signalled

if TYPE_CHECKING:
    from reconciler.cli.receiving import Receiving
    from reconciler.receiver.opening import Opener

__all__ = ["main"]


def main(options: argparse.Namespace) -> int:
    loaded = load(options, confined=False, now=dt.datetime.now(dt.UTC))
    loaded.must_be_valid()
    try:
        from reconciler.cli.receiving import Receiving
        from reconciler.receiver.opening import Opener
    except ImportError as error:
        raise MissingExtra(error) from error
    receiving = Receiving.of(loaded, options)
    with Opener(receiving.keys) as opener:
        listen(receiving, opener, options)
    return Exit.OK


def listen(receiving: "Receiving", opener: "Opener", options: argparse.Namespace) -> None:
    """Until a signal ends it. Raises ReceiverError."""
    from reconciler.cli.arrivals import Printer
    from reconciler.receiver import application, serve

    host, port = options.listen
    routes = receiving.routes
    serving = serve(
        application(routes, on_delivery=Printer(receiving.verifier, opener).take),
        host=host,
        port=port,
        tls_certificate=Path(options.tls_cert) if options.tls_cert else None,
        tls_key=Path(options.tls_key) if options.tls_key else None,
        ready=lambda real: say_ready(host, real, routes.notifications | routes.lifecycle),
    )
    serve_until_signalled(serving)


def say_ready(host: str, port: int, paths: Iterable[str]) -> None:
    print(f"listening on {host}:{port} for {', '.join(sorted(paths))}", flush=True)
