"""What holds for every plan, whatever is wanted and whatever Graph has."""

import dataclasses
import datetime as dt
import itertools

from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.change import Change
from reconciler.core.desired import Adopt, Desired
from reconciler.core.due import Clockwork, urgent
from reconciler.core.live import Live
from reconciler.core.mark import Mark, UnknownMark
from reconciler.core.policy import Policy
from reconciler.core.reasons import Action, Reason, Withheld
from reconciler.core.rest import Rest, Waiting
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
    external=st.booleans(),
    adopt=st.sampled_from([None, None, Adopt(), Adopt(verifiable=True), Adopt("1")]),
    previously=st.sampled_from([frozenset(), frozenset(), frozenset({"e"}), frozenset({"f"})]),
)


def slots_and_names_differ(desired):
    """What the rules of the manifests promise."""
    former = [name for each in desired for name in each.previously]
    return len({each.slot for each in desired}) == len({each.name for each in desired}) == len(desired) and len(
        set(former)
    ) == len(former)


wanted = st.lists(one_wanted, max_size=4).filter(slots_and_names_differ)
marks = st.one_of(
    st.none(),
    st.just("as wanted"),
    st.builds(UnknownMark, st.sampled_from([OWNER, "someone-else"]), st.sampled_from(NAMES), st.just("2")),
    st.builds(
        a_mark,
        st.sampled_from((*NAMES, "e", "f")),
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


def numbered(found):
    return [dataclasses.replace(each, id=str(index)) for index, each in enumerate(found)]


lives = st.lists(one_live, max_size=6).map(numbered)
options = st.fixed_dictionaries(
    {
        "policy": st.sampled_from(Policy),
        "prune": st.booleans(),
        "incomplete": st.sampled_from([None, "page 3 failed"]),
        "shrank": st.sampled_from([None, "it was empty"]),
        "strangers": st.frozensets(st.sampled_from("012"), max_size=1),
        "rotate_keys": st.booleans(),
        "thumbprints": st.sampled_from([None, frozenset({CERTIFICATE.thumbprint})]),
        "previous_owners": st.sampled_from([frozenset(), frozenset({"someone-else"})]),
        "adoptions": st.sampled_from([None, None, 1]),
        "deaf": st.sampled_from([frozenset(), frozenset(), frozenset({"public"})]),
    }
)
rests = st.dictionaries(
    st.sampled_from(NAMES),
    st.tuples(st.sampled_from(Action), st.sampled_from([NOW, NOW + hours(2)]), st.booleans()),
)
waits = st.fixed_dictionaries(
    {
        "loaded": st.sampled_from([None, frozenset(), frozenset({CERTIFICATE.thumbprint})]),
        "prune_after": st.sampled_from([hours(0), hours(1)]),
    }
)


def waiting_for(desired, found, waits):
    """What has failed, for what is wanted now or for something else."""
    essences = {each.name: each.essence for each in desired}
    made = {
        name: Rest(action, until, "it has failed", essences.get(name, "") if same else "another")
        for name, (action, until, same) in found.items()
    }
    return Waiting(made, **waits)


def bears_our_mark(live: Live) -> bool:
    found = live.mark or live.lifecycle_mark
    return found is not None and found.owner == OWNER


@given(wanted, lives, options)
def test_a_foreign_subscription_is_only_in_a_plan_where_a_manifest_adopts_it(desired, live, given_options):
    made = planned(desired, live, **given_options)
    touched = {change.live.id for change in made.changes if change.live and not adopts(change)}
    assert touched <= {each.id for each in live if bears_our_mark(each)}
    for change in filter(adopts, made.due):
        assert change.desired is not None
        assert change.desired.adopt is not None
        assert change.live is not None
        assert not bears_our_mark(change.live)
        theirs = change.live.mark or change.live.lifecycle_mark
        assert theirs is None or theirs.owner in given_options["previous_owners"]


@given(wanted, lives, options)
def test_no_two_take_the_same_one(desired, live, given_options):
    found = [change for change in planned(desired, live, **given_options).due if adopts(change)]
    taken = [change.live.id for change in found if change.live]
    assert len(set(taken)) == len(taken)
    assert given_options["adoptions"] is None or len(taken) <= given_options["adoptions"]


def adopts(change: Change) -> bool:
    return change.reason is Reason.ADOPTION_REQUESTED


@given(wanted, lives, options)
def test_foreign_subscriptions_change_nothing_but_what_they_block(desired, live, given_options):
    desired = [dataclasses.replace(each, adopt=None) for each in desired]
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
    # An adoption that is Blocked names the one that it cannot have.
    vain = [change for change in made.changes if adopts(change) and change.withheld is Withheld.BLOCKED]
    of_one_live = [change for change in made.changes if change.live and change not in vain]
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
        if change.action is Action.ADOPT and old and change.desired:
            there[old.id] = taken_over(old, change.desired)
        elif change.action in {Action.RENEW, Action.UPDATE} and old:
            there[old.id] = amended(old, change)
        elif change.desired:
            made = have(change.desired, id=f"{change.name}-new", left=hours(71), key=change.desired.key_ids[0])
            there[made.id] = made
    return list(there.values())


def taken_over(old: Live, desired: Desired) -> Live:
    key, birth = (old.mark.key, old.mark.birth) if isinstance(old.mark, Mark) else ("fixed", BIRTH)
    mark = desired.mark(OWNER, birth=birth, key=key)
    return dataclasses.replace(
        old, expires_at=NOW + hours(71), granted=hours(72), notification_url=desired.notification_url, mark=mark
    )


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
            ending = dt.timedelta(0) < change.live.expires_at - now < hours(7)  # a third of a day, the shortest here
            assert change.live.id in renewed or not ending


def in_force(waiting: Waiting, change: Change) -> bool:
    """Whether a rest of this very change has not ended."""
    rest = waiting.rests.get(change.name)
    wanted = change.desired.essence if change.desired else ""
    return rest is not None and (rest.action, rest.essence) == (change.action, wanted) and rest.until > NOW


def cannot_wait(change: Change) -> bool:
    return (
        change.action is Action.RENEW
        and change.live is not None
        and urgent(change.live, Clockwork(NOW), change.desired)
    )


@given(wanted, lives, options, rests, waits)
def test_what_rests_is_never_due_but_for_a_renewal_in_its_last_twentieth(desired, live, given_options, found, wait):
    waiting = waiting_for(desired, found, wait)
    made = planned(desired, live, waiting=waiting, **given_options)
    for change in made.changes:
        if change.withheld is None:
            assert cannot_wait(change) or not in_force(waiting, change)
        if change.withheld is Withheld.PACED:
            assert not cannot_wait(change)


@given(wanted, lives, options, rests, waits)
def test_waiting_takes_away_and_adds_only_renewals(desired, live, given_options, found, wait):
    noted = {each.id: NOW for each in live}
    patient = planned(desired, live, waiting=waiting_for(desired, found, wait), noted=noted, **given_options)
    hasty = planned(desired, live, noted=noted, **given_options)

    def known(changes):
        return {(change.name, change.action, change.reason, change.live and change.live.id) for change in changes}

    assert known(hasty.changes) <= known(patient.changes)
    assert {each[1] for each in known(patient.changes) - known(hasty.changes)} <= {Action.RENEW}
    assert {each[1] for each in known(patient.due) - known(hasty.due)} <= {Action.RENEW}
    assert patient.violations == hasty.violations


for_one_alone = st.builds(want, st.sampled_from(NAMES), resource=st.sampled_from(["teams", "teams/getAllChannels"]))
crowd = st.lists(for_one_alone, max_size=2).filter(slots_and_names_differ)
holders = st.lists(st.builds(have, for_one_alone), min_size=1, max_size=2).map(numbered)
failures = st.dictionaries(
    st.sampled_from(NAMES),
    st.tuples(st.sampled_from([Action.DELETE, Action.REPLACE]), st.just(NOW + hours(2)), st.just(value=True)),
)


@given(crowd, holders, failures)
def test_nobody_is_sent_to_a_place_that_is_not_left(desired, live, found):
    """Whoever holds a place for one alone leaves it in the very same plan, or is replaced there."""
    allow = frozenset({"empty"})
    made = planned(desired, live, waiting=waiting_for(desired, found, {}), allow=allow)
    leaving = {each.live.id for each in made.due if each.live and each.action in {Action.DELETE, Action.REPLACE}}
    for change in made.due:
        if change.action in {Action.CREATE, Action.REPLACE} and change.desired:
            there = {each.id for each in live if each.slot == change.desired.slot and change.name not in names_of(each)}
            assert there <= leaving


def names_of(live: Live) -> set[str]:
    return {mark.name for mark in (live.mark, live.lifecycle_mark) if mark is not None}


@given(wanted, lives, options)
def test_while_a_second_writer_is_there_nothing_of_ours_goes(desired, live, given_options):
    made = planned(desired, live, **given_options)
    gone = [change for change in made.due if change.action in {Action.DELETE, Action.REPLACE}]
    assert not gone or not given_options["strangers"]


@given(wanted, lives, options)
def test_keys_are_rotated_only_where_that_is_asked_for(desired, live, given_options):
    made = planned(desired, live, **given_options)
    rotated = [change for change in made.changes if change.reason is Reason.KEY_ROTATED]
    assert given_options["rotate_keys"] or not rotated
    for change in rotated:
        assert change.desired is not None
        assert change.mark is not None
        assert change.mark.key in change.desired.key_ids[1:]
