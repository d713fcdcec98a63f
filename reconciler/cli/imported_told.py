"""What an import has found in a tenant in, sentences for whoever ran it out."""

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path

from reconciler.cli.loading import VARIABLE_PREFIX
from reconciler.core.external import External
from reconciler.core.imported import Draft, Sifted
from reconciler.core.proved import endpoints_of

__all__ = ["Found", "told"]


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """What an import has found in one tenant."""

    tenant: str
    sifted: Sifted
    drafts: Sequence[Draft]
    incomplete: str | None
    written: frozenset[str] = frozenset()
    """Names of endpoints that another file has."""

    @property
    def taken(self) -> list[Draft]:
        return [each for each in self.drafts if each.refused is None]

    @property
    def needed(self) -> list[str]:
        """Names of the variables without which its manifests cannot be read."""
        return sorted(name for each in self.new(self.taken) for name in each.variables)

    @property
    def variables(self) -> dict[str, str]:
        """With the values, those of what is commented out as well; what no line of a file can hold is left out."""
        pairs = (pair for each in self.new(self.drafts) for pair in each.variables.items())
        return {name: value for name, value in pairs if value.isprintable() and value == value.strip()}

    def new(self, drafts: Sequence[Draft]) -> list[External]:
        return [each for each in endpoints_of(drafts) if each.name not in self.written]


def told(found: Found, file: Path | None, values: Path | None) -> Iterator[str]:
    """``file`` has the manifests, ``values`` what stands in the queries of their URLs; None where they were printed."""
    if found.incomplete:
        yield f"{found.tenant}: the list is not whole, there may be more to import: {found.incomplete}"
    for owner, ids in found.sifted.of_others.items():
        yield (
            f"{found.tenant}: left out {len(ids)} of the owner {owner} (--previous-owner {owner} imports them, too):"
            f" {', '.join(ids)}"
        )
    if not found.drafts:
        yield f"nothing to import in {found.tenant}{counts(found.sifted)}"
        return
    where = f", in {file}" if file else ""
    refused = len(found.drafts) - len(found.taken)
    yield (
        f"{found.tenant}: {len(found.taken)} to be adopted{where}"
        f"{f', {refused} commented out (each says why)' if refused else ''}"
    )
    if values:
        yield (
            f"{values} has the query values of their URLs, which may be secrets: keep it out of Git, and give"
            f" --var-file {values} whenever the manifests are read"
        )
    elif found.needed:
        names = ", ".join(f"{VARIABLE_PREFIX}{name}" for name in found.needed)
        yield (
            "the query values of their URLs may be secrets and are not printed: before the manifests are read, set"
            f" {names} (--into FOLDER writes them into a file for --var-file)"
        )


def counts(sifted: Sifted) -> str:
    said = (
        (sifted.ours, "is ours", "are ours"),
        (sifted.in_manifests, "is in the manifests already", "are in the manifests already"),
        (sifted.commented_out, "is commented out", "are commented out"),
        (sifted.ended, "has ended", "have ended"),
        (sum(map(len, sifted.of_others.values())), "is another owner's", "are other owners'"),
    )
    spelled = [f"{count} {one if count == 1 else many}" for count, one, many in said if count]
    return f": {', '.join(spelled)}" if spelled else ": there is no subscription"
