"""A case in, what Graph has out: the subscription, its mark and what that means, its life, its place."""

import datetime as dt
from collections.abc import Iterator, Mapping

from reconciler.cli.case import Case
from reconciler.cli.explained import Row
from reconciler.core.catalog import Entry
from reconciler.core.certificate import outline
from reconciler.core.due import lifetime_of, renews_at
from reconciler.core.live import Live
from reconciler.core.mark import Mark, UnknownMark
from reconciler.core.redaction import redact
from reconciler.core.renewal import JITTER, MARGIN, asked_lifetime, margin, spread
from reconciler.core.times import spell_duration, spell_time
from reconciler.core.wanted import certificate_files

__all__ = ["life_rows", "live_rows", "mark_rows", "place_rows", "renewal_rows"]

NOT_TOLD = "Graph does not tell, and it is not remembered"


def live_rows(case: Case) -> Iterator[Row]:
    live = case.live
    if live is None:
        yield Row("live", "not known" if case.unread or doubt(case) else "none", case.unread or doubt(case))
        return
    yield Row("id", live.id)
    yield Row("resource", live.resource_text, "as Graph spells it")
    yield Row("changeTypes", sorted(live.asked.change_types))
    yield Row("resource data", "encrypted" if live.asked.rich else "none")
    if live.certificate_id:
        yield Row("certificate", live.certificate_id, whose(case, live.certificate_id))
    yield Row("notificationUrl", redact(live.notification_url), "without its mark")
    lifecycle = live.asked.lifecycle_url
    yield Row("lifecycleNotificationUrl", redact(lifecycle) if lifecycle else None)
    yield Row("graphVersion", live.asked.version)
    yield Row("expires", spell_time(live.expires_at), until(live.expires_at, case.now, "ended"))
    yield granted(live)


def granted(live: Live) -> Row:
    return Row("granted", spell_duration(live.granted)) if live.granted else Row("granted", None, NOT_TOLD)


def doubt(case: Case) -> str | None:
    return f"the list is not whole: {case.world.incomplete}" if case.world and case.world.incomplete else None


def whose(case: Case, thumbprint: str) -> str:
    name = certificates(case).get(thumbprint.upper())
    return name or "of no certificate that the manifests know: what it delivers cannot be opened here"


def certificates(case: Case) -> Mapping[str, str]:
    """By thumbprint, whose certificate it is."""
    found: dict[str, str] = {}
    for file in certificate_files(case.loaded.wanted.manifests):
        content = case.loaded.referenced.file(file.path, file.base)
        told = outline(content) if isinstance(content, bytes) else None
        if told:
            previous = ", a previous one" if file.previous else ""
            found.setdefault(told.thumbprint, f"of Certificate {file.name}{previous}")
    return found


def until(moment: dt.datetime, now: dt.datetime, passed: str) -> str:
    if moment > now:
        return f"in {spell_duration(moment - now)}"
    return f"{passed} {spell_duration(now - moment)} ago"


def mark_rows(case: Case) -> Iterator[Row]:
    if case.live is None:
        return
    mark = case.mark
    if mark is None:
        yield Row("mark", None, "foreign: nobody's mark is on it, so it is counted and never touched")
        return
    yield Row("owner", mark.owner, "ours" if case.ours else f"another's, ours is {case.owner}: it is never touched")
    yield Row("name", mark.name)
    if isinstance(mark, UnknownMark):
        yield Row("version", mark.version, "written by a later version of this program, which manages it: upgrade")
        return
    yield from known_mark_rows(case, case.live, mark)


def known_mark_rows(case: Case, live: Live, mark: Mark) -> Iterator[Row]:
    yield Row("written in", *written_in(live))
    yield Row("birth", mark.birth, "clientState is derived from it")
    yield Row("key", mark.key, key_means(case, mark))
    yield Row("digest", mark.digest, digest_means(case, mark))
    yield Row("version", mark.version, "the Graph version that it was created with")
    protection = ["protected"] if mark.protected else []
    yield Row("for when its manifest is gone", ", ".join([*protection, "left alone" if mark.left else "deleted"]))


def written_in(live: Live) -> tuple[str, str | None]:
    if live.mark:
        return "the notification URL", None
    if live.whole_mark:
        return "the lifecycle URL", "what it is delivered to leaves no room for a mark"
    if live.lifecycle_mark:
        return "the lifecycle URL", "the notification URL bears none: somebody overwrote it"
    return "our store", "the notification URL bears none: somebody overwrote it"


def key_means(case: Case, mark: Mark) -> str | None:
    if case.desired is None or not case.desired.key_ids:
        return None
    if mark.key == case.desired.key_ids[0]:
        return "the first of the endpoint's keys"
    if mark.key in case.desired.key_ids:
        return "an older key of the endpoint, still verified"
    adopted = mark.key in case.desired.accepted_keys
    return "what it had when it was adopted, never derived" if adopted else "not one of the endpoint's keys"


def digest_means(case: Case, mark: Mark) -> str | None:
    if mark.digest is None or case.desired is None:
        return None
    if mark.digest == case.desired.asked.digest:
        return "as wanted: nothing that Graph fixes differs"
    return f"{case.desired.asked.digest} is wanted"


def life_rows(case: Case) -> Iterator[Row]:
    subject = case.desired or (case.live if case.ours else None)
    if subject is None:
        return
    kind = subject.kind
    learned = case.clockwork.learned
    ceiling, wanted = kind.longest(learned), case.desired.lifetime if case.desired else None
    taught = kind.key in learned and ceiling == learned[kind.key]
    yield Row("ceiling", spell_duration(ceiling) if ceiling else None, ceiling_from(kind.entry, taught=taught))
    asked = asked_lifetime(ceiling, wanted)
    yield Row("asked for", spell_duration(asked), asked_why(ceiling, wanted, asked))
    if case.live:
        yield granted(case.live)


def ceiling_from(entry: Entry | None, *, taught: bool) -> str:
    if taught:
        return "Graph refused more, and named it"
    return "the catalog, facts 1.3" if entry else "neither the catalog nor Graph has said"


def asked_why(ceiling: dt.timedelta | None, wanted: dt.timedelta | None, asked: dt.timedelta) -> str:
    if wanted == asked:
        return "expiry.lifetime of the manifest"
    if ceiling is None:
        return "none is known to have a shorter ceiling"
    over = "expiry.lifetime is over it, so " if wanted else ""
    return f"{over}the ceiling less {spell_duration(MARGIN)}: exactly the ceiling is refused (facts 1.3)"


def renewal_rows(case: Case) -> Iterator[Row]:
    live, desired = case.live, case.desired
    if live is None or not (case.ours or desired):
        return
    if live.expires_at <= case.now:
        yield Row("due", None, "it has ended: nothing is left to renew")
        return
    moment = renews_at(live, case.name, case.clockwork, desired).replace(microsecond=0)
    lifetime = lifetime_of(live, case.clockwork, desired)
    yield Row("due", spell_time(moment), until(moment, case.now, "since"))
    yield Row("counted from", spell_duration(lifetime), counted_from(live, lifetime))
    before = desired.renew_before if desired else None
    yield Row("before its end", spell_duration(margin(lifetime, before)), margin_why(lifetime, before))
    jitter = lifetime * JITTER * spread(case.name)
    seconds = dt.timedelta(seconds=int(jitter.total_seconds()))
    yield Row("and earlier by", spell_duration(seconds), f"up to {JITTER:.0%}, drawn from the name")


def counted_from(live: Live, lifetime: dt.timedelta) -> str:
    if lifetime == live.granted:
        return "what Graph granted"
    return "what would be asked for now, which is less" if live.granted else f"what would be asked for; {NOT_TOLD}"


def margin_why(lifetime: dt.timedelta, before: dt.timedelta | None) -> str:
    if before is None:
        return "a third of it: renewed at two thirds"
    return "expiry.renewBefore" if before <= lifetime / 2 else "half of it, as expiry.renewBefore is more"


def place_rows(case: Case) -> Iterator[Row]:
    subject = case.desired or case.live
    entry = subject.entry if subject else None
    if subject is None or entry is None:
        return
    if entry.exclusive:
        yield Row("slot", subject.slot, "Graph takes one per application and tenant: a replacement deletes first")
        yield Row("held by", *holder(case, subject.slot))
    else:
        yield Row("slot", None, "several may exist side by side")
    quotas = [f"{each.limit:,} per {each.per}{f', {each.shared}' if each.shared else ''}" for each in entry.quotas]
    yield Row("quotas", quotas or None)


def holder(case: Case, slot: str) -> tuple[str | None, str | None]:
    if case.world is None:
        return "not known", case.unread
    for live in sorted(case.world.live, key=lambda each: each.id):
        if live.slot == slot and live.entry and live.entry.exclusive and live.expires_at > case.now:
            if case.live and live.id == case.live.id:
                return live.id, "itself"
            mark = case.world.mark_of(live)
            return live.id, f"{mark.name} of the owner {mark.owner}" if mark else "foreign, without a mark"
    return None, doubt(case) or "it is free"
