"""Texts in, manifests out, each with the document it stands in, and every problem of every text."""

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar, cast

from pydantic import ValidationError

from reconciler.core.manifest.complaints import complaints, did_you_mean
from reconciler.core.manifest.documents import Document, Text, Variables, read_documents
from reconciler.core.manifest.kinds import (
    API_VERSION,
    KINDS,
    Certificate,
    Endpoint,
    Manifest,
    Settings,
    SettingsSpec,
    Sink,
    Subscription,
    Tenant,
)
from reconciler.core.manifest.salvage import salvage
from reconciler.core.source import Problem, Source

__all__ = ["Item", "Manifests", "read_manifests"]

M = TypeVar("M", bound=Manifest, covariant=True)


@dataclasses.dataclass(frozen=True, slots=True)
class Item(Generic[M]):
    """A manifest and the document that it was read from."""

    manifest: M
    document: Document

    @property
    def name(self) -> str:
        return self.manifest.name

    @property
    def source(self) -> Source:
        return self.document.source

    def problem(self, rule: str, message: str, *path: str | int) -> Problem:
        return Problem(self.document.place(*path), rule, message)


@dataclasses.dataclass(frozen=True, slots=True)
class Manifests:
    """All that was read, by kind, in the order of reading."""

    settings: tuple[Item[Settings], ...] = ()
    tenants: tuple[Item[Tenant], ...] = ()
    endpoints: tuple[Item[Endpoint], ...] = ()
    certificates: tuple[Item[Certificate], ...] = ()
    sinks: tuple[Item[Sink], ...] = ()
    subscriptions: tuple[Item[Subscription], ...] = ()
    problems: tuple[Problem, ...] = ()
    broken: frozenset[tuple[str, str]] = frozenset()
    """Kind and name of each document that was left out because of its problems; "" where the name is not known."""

    salvaged: tuple[Item[Subscription], ...] = ()
    """Of those, what is left without their mistakes: to find more of them, and for nothing else."""

    @property
    def spec(self) -> SettingsSpec:
        """The settings, or their defaults where there are none."""
        return self.settings[0].manifest.spec if self.settings else SettingsSpec()


def read_manifests(texts: Iterable[Text], variables: Variables) -> Manifests:
    """Read texts; a document with a problem is left out, and its problems are kept."""
    items: list[Item[Manifest]] = []
    problems: list[Problem] = []
    broken: set[tuple[str, str]] = set()
    salvaged: list[Item[Manifest]] = []
    for text in texts:
        documents, found = read_documents(text, variables)
        problems += found
        broken |= {(kind, "") for kind in KINDS if found}
        for document in documents:
            item, complained = read_manifest(document)
            (salvaged if complained else items).extend(item)
            problems += complained
            if complained:
                broken |= names_of(document.value)
    return Manifests(
        settings=tuple(of_kind(items, Settings)),
        tenants=tuple(of_kind(items, Tenant)),
        endpoints=tuple(of_kind(items, Endpoint)),
        certificates=tuple(of_kind(items, Certificate)),
        sinks=tuple(of_kind(items, Sink)),
        subscriptions=tuple(of_kind(items, Subscription)),
        problems=tuple(sorted(problems)),
        broken=frozenset(broken),
        salvaged=tuple(of_kind(salvaged, Subscription)),
    )


def names_of(value: object) -> set[tuple[str, str]]:
    """Kind and name of a document that may be anything: one of an unknown kind may be of each."""
    match value:
        case {"kind": str(kind)} if kind in KINDS:
            kinds = {kind}
        case _:
            kinds = set(KINDS)
    match value:
        case {"metadata": {"name": str(name)}}:
            return {(kind, name) for kind in kinds}
    return {(kind, "") for kind in kinds}


def of_kind(items: Iterable[Item[Manifest]], kind: type[M]) -> Iterator[Item[M]]:
    return (cast("Item[M]", item) for item in items if isinstance(item.manifest, kind))


def read_manifest(document: Document) -> tuple[list[Item[Manifest]], list[Problem]]:
    """A manifest, or what could be salvaged of one with its problems."""
    if document.problems:
        return [], list(document.problems)
    if complaint := not_a_manifest(document):
        return [], [complaint]
    kind = KINDS[document.value["kind"]]
    try:
        return [Item(kind.model_validate(document.value), document)], []
    except ValidationError as error:
        rest = salvage(kind, document.value, error)
        return [Item(rest, document)] if rest else [], list(complaints(error, document, kind))


def not_a_manifest(document: Document) -> Problem | None:
    """What must be right before the rest of a document can be looked at."""
    value = document.value
    if not isinstance(value, dict):
        return Problem(
            document.source, "not-a-manifest", "a manifest is a mapping with apiVersion, kind, metadata and spec"
        )
    kind = value.get("kind")
    if kind is None:
        return Problem(document.source, "missing-key", "the key 'kind' is missing")
    if not isinstance(kind, str) or kind not in KINDS:
        shown = str(kind)[:40] if isinstance(kind, str) else type(kind).__name__
        hint = did_you_mean(shown, KINDS) or f", known are {', '.join(KINDS)}"
        hint = ": what `kustomize build` makes of it can be read with -f -" if shown == "Kustomization" else hint
        return Problem(document.place("kind"), "unknown-kind", f"unknown kind {shown!r}{hint}")
    version = value.get("apiVersion", API_VERSION)
    if version != API_VERSION:
        message = f"apiVersion must be {API_VERSION}, the only one that this version knows"
        return Problem(document.place("apiVersion"), "api-version", message)
    return None
