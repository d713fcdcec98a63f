"""The Sinks of the manifests in, opened ones out. Their secrets are read here, before anything listens."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from reconciler.cli.loading import Loaded
from reconciler.core.errors import SecretError
from reconciler.core.manifest.fields import SecretReference
from reconciler.core.manifest.read import Item
from reconciler.core.manifest.sink_kinds import FileTarget, HttpTarget, NatsTarget, Sink, StdoutTarget
from reconciler.engine.inbox import UNROUTED
from reconciler.receiver.forwarding import Destination, Retry
from reconciler.sinks import (
    FileSettings,
    HttpSettings,
    NatsSettings,
    PythonSettings,
    SinkSettings,
    StdoutSettings,
    open_sink,
)
from reconciler.sources.referenced import Referenced

__all__ = ["default_sink", "open_sinks"]


def open_sinks(loaded: Loaded) -> Iterator[Destination]:
    """Raises ReconcilerError for the first that cannot work."""
    for item in loaded.wanted.manifests.sinks:
        spec = item.manifest.spec
        retry = Retry(spec.retry.give_up_after, spec.retry.first, spec.retry.longest)
        yield Destination(item.name, open_sink(Reading(item, loaded.referenced).settings()), spec.lanes, retry)


def default_sink(loaded: Loaded) -> str:
    """For what no manifest names: the default, or the only one."""
    sinks = loaded.wanted.manifests.sinks
    chosen = [item.name for item in sinks if item.manifest.spec.default or len(sinks) == 1]
    return chosen[0] if chosen else UNROUTED


class Reading:
    """Reads what one manifest refers to."""

    def __init__(self, item: Item[Sink], referenced: Referenced) -> None:
        self.item, self.referenced = item, referenced
        self.name, self.base = item.name, item.document.text.base

    def settings(self) -> SinkSettings:
        match self.item.manifest.spec.target:
            case StdoutTarget():
                return StdoutSettings(name=self.name)
            case FileTarget() as target:
                path = str(Path(self.base, target.path))
                return FileSettings(name=self.name, path=path, max_size=target.max_size, keep=target.keep)
            case HttpTarget() as target:
                return self.http(target)
            case NatsTarget() as target:
                return self.nats(target)
            case str() as function:
                return PythonSettings(name=self.name, function=function)

    def http(self, target: HttpTarget) -> HttpSettings:
        return HttpSettings(
            name=self.name,
            url=target.url,
            signing_keys=tuple(self.secret(key, "signingKey") for key in target.keys),
            headers=self.headers(target.headers),
            timeout=target.timeout.total_seconds(),
            ca_file=self.beside(target.ca_file),
        )

    def nats(self, target: NatsTarget) -> NatsSettings:
        return NatsSettings(
            name=self.name,
            servers=tuple(target.servers),
            subject=target.subject,
            stream=target.stream,
            credentials=self.optional(target.credentials, "credentials"),
            user=target.user,
            password=self.optional(target.password, "password"),
            token=self.optional(target.token, "token"),
            ca_file=self.beside(target.ca_file),
            timeout=target.timeout.total_seconds(),
        )

    def headers(self, headers: Mapping[str, SecretReference]) -> Mapping[str, bytes]:
        return {name: self.secret(reference, f"header {name}") for name, reference in headers.items()}

    def secret(self, reference: SecretReference, what: str) -> bytes:
        try:
            return self.referenced.secret(reference, self.base)
        except SecretError as error:
            raise SecretError(f"{what} of Sink {self.name!r}: {error}") from error

    def optional(self, reference: SecretReference | None, what: str) -> bytes | None:
        return self.secret(reference, what) if reference else None

    def beside(self, path: str | None) -> str | None:
        """Paths are relative to the manifest."""
        return str(Path(self.base, path)) if path else None
