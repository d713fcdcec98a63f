"""Names in, the manifests that they mean out, or the problem that there is none."""

from collections.abc import Collection, Sequence
from typing import Generic, TypeVar

from reconciler.core.manifest.complaints import did_you_mean
from reconciler.core.manifest.kinds import Manifest, Subscription, Tenant, TenantLabels
from reconciler.core.manifest.read import Item
from reconciler.core.source import Problem

__all__ = ["Found", "Known", "tenants_of"]

M = TypeVar("M", bound=Manifest)


class Unknowable:
    """What is referred to stands in a document that has problems of its own: they are enough."""


Found = Item[M] | Problem | Unknowable


class Known(Generic[M]):
    """All manifests of a kind, and the names of those that are broken."""

    def __init__(
        self, kind: str, items: Sequence[Item[M]], broken: Collection[tuple[str, str]], *, own: Sequence[Item[M]] = ()
    ) -> None:
        """Beside others, the only one of ``own`` need not be named either."""
        self.kind, self.items = kind, items
        self.by_name = {item.name: item for item in reversed(items)}
        self.only = only_one(self.by_name) or only_one({item.name: item for item in reversed(own)})
        self.broken = frozenset(name for broken_kind, name in broken if broken_kind == kind)

    @property
    def empty(self) -> bool:
        return not self.items and not self.broken

    def refer(self, item: Item[Subscription], name: str | None, *path: str | int) -> Found[M]:
        """The one that is named, at ``path`` in the spec; where only one exists, it need not be named."""
        if self.broken and (name is None or name in self.broken):
            return Unknowable()
        key = self.kind.lower()
        if name is None:
            if self.only:
                return self.only
            several = f"there are several ({', '.join(sorted(self.by_name))})" if self.items else "there is none"
            return item.problem("missing-reference", f"name the {key}: {several}", "spec")
        if found := self.by_name.get(name):
            return found
        if "" in self.broken:
            return Unknowable()
        hint = did_you_mean(name, self.by_name)
        return item.problem("missing-reference", f"there is no {self.kind} {name!r}{hint}", "spec", *(path or (key,)))


def only_one(by_name: dict[str, Item[M]]) -> Item[M] | None:
    return next(iter(by_name.values())) if len(by_name) == 1 else None


def tenants_of(item: Item[Subscription], known: Known[Tenant]) -> Sequence[Found[Tenant]]:
    """One of each tenant that a subscription is for."""
    spec = item.manifest.spec
    if spec.tenants is None:
        return (known.refer(item, spec.tenant),)
    if spec.tenant is not None:
        return (item.problem("tenants", "give one of tenant and tenants, not both", "spec", "tenants"),)
    if isinstance(spec.tenants, TenantLabels):
        return labelled(item, spec.tenants.labels, known)
    if len(set(spec.tenants)) < len(spec.tenants):
        return (item.problem("tenants", "a tenant stands twice in tenants", "spec", "tenants"),)
    return [known.refer(item, name, "tenants", index) for index, name in enumerate(spec.tenants)]


def labelled(item: Item[Subscription], labels: dict[str, str], known: Known[Tenant]) -> Sequence[Found[Tenant]]:
    found = [each for each in known.by_name.values() if labels.items() <= each.manifest.metadata.labels.items()]
    if known.broken:
        return [*found, Unknowable()]
    if found:
        return sorted(found, key=lambda each: each.name)
    there = {f"{key}={value}" for each in known.items for key, value in each.manifest.metadata.labels.items()}
    wanted = " ".join(f"{key}={value}" for key, value in sorted(labels.items()))
    message = f"no Tenant has the labels {wanted}, there are {', '.join(sorted(there)) or 'no labels'}"
    return (item.problem("tenants", message, "spec", "tenants", "labels"),)
