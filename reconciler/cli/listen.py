"""``reconcile listen``: answers Graph's validation requests and prints what it delivers. Nothing is verified yet."""

import argparse
import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from reconciler.cli.exits import Exit
from reconciler.cli.loading import load
from reconciler.cli.serving import MissingExtra, serve_until_signalled
from reconciler.core.errors import ReconcilerError, UsageError
from reconciler.core.manifest.kinds import Endpoint
from reconciler.core.manifest.read import Item
from reconciler.core.times import spell_time

if TYPE_CHECKING:
    from reconciler.receiver import Delivery, Notification

__all__ = ["main"]


def main(options: argparse.Namespace) -> int:
    loaded = load(options, confined=False, now=dt.datetime.now(dt.UTC))
    loaded.must_be_valid()
    endpoints = [item for item in loaded.wanted.manifests.endpoints if item.manifest.spec.receiver == "self"]
    if not endpoints:
        raise UsageError("no Endpoint has receiver: self, there is nothing to listen for")
    try:
        from reconciler.receiver import ReceiverError, Routes, application, serve
    except ImportError as error:
        raise MissingExtra(error) from error
    routes = Routes(notification_paths(endpoints), lifecycle_paths(endpoints))
    host, port = options.listen
    serving = serve(
        application(routes, on_delivery=print_delivery),
        host=host,
        port=port,
        tls_certificate=Path(options.tls_cert) if options.tls_cert else None,
        tls_key=Path(options.tls_key) if options.tls_key else None,
        ready=lambda real: say_ready(host, real, routes.notifications | routes.lifecycle),
    )
    try:
        serve_until_signalled(serving)
    except ReceiverError as error:
        raise ReconcilerError(str(error)) from error
    return Exit.OK


def notification_paths(endpoints: Iterable[Item[Endpoint]]) -> set[str]:
    specs = (item.manifest.spec for item in endpoints)
    return {spec.paths.notification or path_of(spec.notification_url) for spec in specs}


def lifecycle_paths(endpoints: Iterable[Item[Endpoint]]) -> set[str]:
    specs = (item.manifest.spec for item in endpoints)
    return {spec.paths.lifecycle or path_of(spec.lifecycle) for spec in specs}


def path_of(url: str) -> str:
    return unquote(urlsplit(url).path) or "/"


def say_ready(host: str, port: int, paths: Iterable[str]) -> None:
    print(f"listening on {host}:{port} for {', '.join(sorted(paths))}", flush=True)


def print_delivery(delivery: "Delivery") -> None:
    """A line of JSON for each notification, clientState left out: it is a secret."""
    for notification in delivery.notifications:
        print_line(dict(described(delivery, notification)))
    for malformed in delivery.malformed:
        print_line({"path": delivery.path, "malformed": malformed.position, "reason": malformed.reason})


def print_line(fields: Mapping[str, Any]) -> None:
    # Anybody can send this: as ASCII, no control and no bidirectional character of theirs reaches the terminal.
    print(json.dumps(fields, ensure_ascii=True), flush=True)


def described(delivery: "Delivery", notification: "Notification") -> Iterator[tuple[str, Any]]:
    mark = delivery.mark
    yield "receivedAt", spell_time(delivery.received_at)
    yield "path", delivery.path
    yield "name", mark.name if mark else None
    yield "subscriptionId", notification.subscription_id
    yield (
        "lifecycleEvent" if notification.lifecycle_event else "changeType",
        (notification.lifecycle_event or notification.change_type),
    )
    yield "resource", notification.resource
    yield "tenantId", notification.tenant_id
    yield "encrypted", notification.encrypted
    yield "verified", delivery.verified
