"""Drafts in, YAML that people review out: what is in force first, then what is commented out, each with its reason."""

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import yaml

from reconciler.cli.plain import plain
from reconciler.core.imported import Draft, Sifted
from reconciler.core.proved import endpoints_of

__all__ = ["as_json", "spelled"]

Document = Mapping[str, Any]
WIDEST, WIDEST_COMMENT = 2**31 - 1, 110

ABOUT = (
    "Subscriptions of the tenant {tenant} that nobody manages here, as Graph lists them. With these manifests a pass"
    " takes each over as it stands: it writes a mark into the notificationUrl, renews it and leaves the rest. Once"
    " that is done, management.adopt may go."
)
CLIENT_STATE = "- clientState: none is needed, as another application receives (receiver: external)."
LIFETIME = (
    "- Which lifetime was asked for: from now on each lives as long as the catalog allows, unless expiry.lifetime says"
    " less."
)
VERSION = "- On which Graph version one was made, where both list it: graphVersion is left to the catalog."
HEAD = (ABOUT, "Graph does not tell, so nobody wrote it down:", CLIENT_STATE, LIFETIME, VERSION)
REFUSED = "What follows is commented out, for a pass would not take it over as it stands: each says why."


class Lines(yaml.representer.SafeRepresenter):
    """Lists, and mappings of one plain value, on one line, as people write them."""

    def represent_sequence(self, tag: str, sequence: Any, flow_style: bool | None = None) -> Any:  # noqa: ARG002  as PyYAML calls it
        return super().represent_sequence(tag, sequence, flow_style=True)

    def represent_mapping(self, tag: str, mapping: Any, flow_style: bool | None = None) -> Any:  # noqa: ARG002  as PyYAML calls it
        alone = len(mapping) == 1 and not isinstance(next(iter(mapping.values())), dict | list)
        return super().represent_mapping(tag, mapping, flow_style=alone)


class Spelling(Lines, getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]  # known when it runs
    """For what was read as manifests."""


class SpellingAnything(Lines, yaml.SafeDumper):
    """For what Graph returned and no manifest can hold; the fast one cannot spell half a surrogate pair."""


def spelled(tenant: str, drafts: Sequence[Draft], sifted: Sifted, *, written: Iterable[str] = ()) -> str:
    """The manifests of one tenant; endpoints that are ``written`` elsewhere are left out."""
    taken = [each for each in drafts if each.refused is None]
    refused = [each for each in drafts if each.refused is not None]
    there = {*written}
    lines = [*comment(each.format(tenant=tenant) for each in HEAD), *comment(left_out(sifted))]
    for endpoint in endpoints_of(taken):
        if endpoint.name not in there:
            lines += ["---", *body(endpoint.document)]
    for each in taken:
        lines += ["---", *comment(each.remarks), *body(each.document)]
    if refused:
        lines += ["", *comment((REFUSED,))]
    there |= {each.name for each in endpoints_of(taken)}
    for endpoint in endpoints_of(refused):
        if endpoint.name not in there:
            lines += ["", *hidden(["---", *body(endpoint.document, SpellingAnything)])]
    for each in refused:
        reason = f"{(each.refused or '')[:1].upper()}{(each.refused or '')[1:]}."
        lines += ["", *hidden(["---", *comment((reason, *each.remarks)), *body(each.document, SpellingAnything)])]
    return "\n".join(lines) + "\n"


def left_out(sifted: Sifted) -> Iterator[str]:
    for owner, ids in sifted.of_others.items():
        yield f"Left out: {len(ids)} of the owner {owner} (--previous-owner {owner} imports them, too)."


def comment(sentences: Iterable[str]) -> Iterator[str]:
    for sentence in sentences:
        for line in textwrap.wrap(plain(sentence), WIDEST_COMMENT, break_long_words=False, break_on_hyphens=False):
            yield f"# {line}"


def hidden(lines: Iterable[str]) -> Iterator[str]:
    """Without their first two characters they are what they were."""
    return (f"# {line}" for line in lines)


def body(document: Document, dumper: Any = Spelling) -> list[str]:
    text: str = yaml.dump(document, Dumper=dumper, sort_keys=False, allow_unicode=False, width=WIDEST)
    return text.splitlines()


def as_json(drafts: Sequence[Draft]) -> dict[str, Any]:
    """What is in force, as ``render`` gives it, and beside it what is not."""
    taken = [each for each in drafts if each.refused is None]
    return {
        "manifests": [*(each.document for each in endpoints_of(taken)), *(each.document for each in taken)],
        "commentedOut": [commented_json(each) for each in drafts if each.refused is not None],
    }


def commented_json(draft: Draft) -> dict[str, Any]:
    endpoint = [draft.endpoint.document] if draft.endpoint else []
    return {
        "tenant": draft.tenant,
        "subscriptionId": draft.live.id,
        "reason": draft.refused,
        "manifests": [*endpoint, draft.document],
    }
