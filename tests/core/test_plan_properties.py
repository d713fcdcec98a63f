"""What holds for every plan, whatever is wanted and whatever Graph has."""

import dataclasses
import datetime as dt
import itertools

from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.change import Change
from reconciler.core.live import Live
from reconciler.core.mark import UnknownMark
from reconciler.core.policy import Policy
from reconciler.core.reasons import Action, Withheld
from tests.core.world import (
    BIRTH,
    CERTIFICATE,
    ELSEWHERE,
    HOOK,
    NOW,
    OTHER_CERTIFICATE,
    OWNER,
    a_mark,
    have,
    hours,
    planned,
    want,
)

NAMES = ("a", "b", "c", "d")
PLACES = ("teams", "teams/getAllChannels", "users/x/messages", "users/y/messages", "solutions/virtualEvents/events")

certificates = st.sampled_from([None, CERTIFICATE, OTHER_CERTIFICATE])
one_wanted = st.builds(
    want,
    st.sampled_from(NAMES),
    resource=st.sampled_from(PLACES),
    changes=st.sampled_from(["created", "updated", "created,updated"]),
    certificate=certificates,
    notification_url=st.sampled_from([HOOK, ELSEWHERE]),
    key_ids=st.sampled_from([("k1",), ("k2", "k1"), ("k2",)]),
    suspend=st.booleans(),
    protect=st.booleans(),
    leave=st.booleans(),
)


def slots_and_names_differ(desired):
    """What the rules of the manifests promise."""
    return len({each.slot for each in desired}) == len({each.name for each in desired}) == len(desired)


wanted = st.lists(one_wanted, max_size=4).filter(slots_and_names_differ)
marks = st.one_of(
    st.none(),
    st.just("as wanted"),
    st.builds(UnknownMark, st.sampled_from([OWNER, "someone-else"]), st.sampled_from(NAMES), st.just("2")),
    st.builds(
        a_mark,
        st.sampled_from(NAMES),
        owner=st.sampled_from([OWNER, "someone-else"]),
        protected=st.booleans(),
        left=st.booleans(),
    ),
)
one_live = st.builds(
    have,
    one_wanted,
    left=st.sampled_from([hours(-1), hours(1), hours(30), hours(60)]),
    mark=marks,
    lifecycle_mark=st.one_of(st.none(), st.builds(a_mark, st.sampled_from(NAMES), digest=st.none())),
    certificate_fixed=st.booleans(),
)
lives = st.lists(one_live, max_size=6).map(
    lambda found: [dataclasses.replace(each, id=str(index)) for index, each in enumerate(found)]
)
options = st.fixed_dictionaries(
    {
        "policy": st.sampled_from(Policy),
        "prune": st.booleans(),
        "incomplete": st.sampled_from([None, "page 3 failed"]),
        "shrank": st.sampled_from([None, "it was empty"]),
    }
)


def bears_our_mark(live: Live) -> bool:
    found = live.mark or live.lifecycle_mark
    return found is not None and found.owner == OWNER


@given(wanted, lives, options)
def test_a_foreign_subscription_is_never_in_a_plan(desired, live, given_options):
    made = planned(desired, live, **given_options)
    touched = {change.live.id for change in made.changes if change.live}
    assert touched <= {each.id for each in live if bears_our_mark(each)}


@given(wanted, lives, options)
def test_foreign_subscriptions_change_nothing_but_what_they_block(desired, live, given_options):
    ours = [each for each in live if bears_our_mark(each)]
    without, beside = planned(desired, ours, **given_options), planned(desired, live, **given_options)
    blocked = {change.name for change in beside.changes if change.withheld is Withheld.BLOCKED}
    assert [each for each in beside.changes if each.name not in blocked] == [
        each for each in without.changes if each.name not in blocked
    ]


@given(wanted, lives, options, st.randoms())
def test_planning_twice_gives_the_same_plan(desired, live, given_options, random):
    made = planned(desired, live, **given_options)
    shuffled = random.sample(desired, len(desired)), random.sample(live, len(live))
    again = planned(*shuffled, **given_options)
    assert (made, made.digest) == (again, again.digest)


@given(wanted, lives, options)
def test_numbers_add_up_and_nobody_is_named_twice_but_to_be_kept_alive(desired, live, given_options):
    made = planned(desired, live, **given_options)
    counts = dataclasses.asdict(made.summary)
    assert sum(counts[action] for action in Action) == len(made.changes)
    assert counts["withheld"] == sum(change.withheld is not None for change in made.changes)
    of_one_live = [change for change in made.changes if change.live]
    for change in of_one_live:
        others = [each for each in of_one_live if each.live == change.live and each is not change]
        assert all(Action.RENEW in {each.action, change.action} for each in others)
        assert all(each.withheld or change.withheld for each in others)


def apply(live: list[Live], changes: list[Change]) -> list[Live]:
    """A Graph that does as it is told, at once."""
    there = {each.id: each for each in live}
    for change in changes:
        old = there.pop(change.live.id) if change.live and change.live.id in there else None
        if change.action is Action.DELETE:
            continue
        if change.action in {Action.RENEW, Action.UPDATE} and old:
            there[old.id] = amended(old, change)
        elif change.desired:
            made = have(change.desired, id=f"{change.name}-new", left=hours(71), key=change.desired.key_ids[0])
            there[made.id] = made
    return list(there.values())


def amended(old: Live, change: Change) -> Live:
    """A PATCH: another expiration, and what the manifest has for the URL, the certificate and the mark."""
    renewed = dataclasses.replace(old, expires_at=NOW + hours(71), granted=hours(72))
    if change.action is Action.RENEW or change.desired is None or change.mark is None:
        return renewed
    return dataclasses.replace(
        renewed,
        notification_url=change.desired.notification_url,
        certificate_id=change.desired.certificate.thumbprint if change.desired.certificate else None,
        mark=change.desired.mark(OWNER, birth=BIRTH, key=change.mark.key),
    )


@given(wanted, lives, options)
def test_applying_a_plan_leaves_nothing_but_what_is_withheld(desired, live, given_options):
    """One pass may uncover the next thing (a URL behind a certificate), and a place may become free: a few passes."""
    now = live
    for _ in range(4):
        now = apply(now, list(planned(desired, now, **given_options).due))
    rest = planned(desired, now, **given_options)
    assert [change for change in rest.changes if change.withheld is None] == []


@given(wanted, lives)
def test_a_policy_that_allows_more_does_no_less(desired, live):
    done = [{(c.name, c.action) for c in planned(desired, live, policy=policy).due} for policy in Policy]
    kept_alive = {Action.RENEW}
    for less, more in itertools.pairwise(done):
        assert {each for each in less - more if each[1] not in kept_alive} == set()


@given(wanted, lives, options, st.timedeltas(dt.timedelta(0), hours(100)))
def test_withheld_is_never_left_to_lapse(desired, live, given_options, passed):
    """Decision 4: what the world waits for is renewed in time, except under ``observe``."""
    now = NOW + passed
    made = planned(desired, live, now=now, **given_options)
    renewed = {change.live.id for change in made.changes if change.live and change.action is Action.RENEW}
    for change in made.changes:
        keeps = change.withheld and (
            change.action in {Action.UPDATE, Action.REPLACE}
            or (change.action is Action.DELETE and change.withheld in {Withheld.UNSAFE, Withheld.PROTECTED})
        )
        if keeps and change.mark and change.live and given_options["policy"] is not Policy.OBSERVE:
            ending = dt.timedelta(0) < change.live.expires_at - now < hours(12)
            assert change.live.id in renewed or not ending
