"""The digest of a plan: the same for plans that do the same, another for any that does something else."""

import dataclasses

from hypothesis import assume, given
from hypothesis import strategies as st

from reconciler.core.change import Plan
from reconciler.core.reasons import Action, Reason, Withheld
from reconciler.core.safety import Limits
from reconciler.core.source import Source
from tests.core.test_plan_properties import lives, options, wanted
from tests.core.world import planned


@given(wanted, lives, options, st.randoms())
def test_neither_order_nor_places_count(desired, live, given_options, random):
    moved = [dataclasses.replace(each, source=Source("elsewhere.yaml", index)) for index, each in enumerate(desired, 1)]
    shuffled = random.sample(live, len(live))
    random.shuffle(moved)
    assert planned(desired, live, **given_options).digest == planned(moved, shuffled, **given_options).digest


@given(wanted, lives, options)
def test_renewals_do_not_count(desired, live, given_options):
    made = planned(desired, live, **given_options)
    without = tuple(change for change in made.changes if change.action is not Action.RENEW)
    assert Plan(without).digest == made.digest


@given(wanted, lives, options, st.data())
def test_each_change_counts(desired, live, given_options, data):
    made = planned(desired, live, **given_options)
    lasting = list(made.lasting)
    assume(lasting)
    chosen = data.draw(st.sampled_from(lasting))
    rest = tuple(change for change in made.changes if change is not chosen)
    other = data.draw(st.sampled_from([None, *Withheld]).filter(lambda word: word is not chosen.withheld))
    assert Plan(rest).digest != made.digest
    assert Plan((*rest, dataclasses.replace(chosen, withheld=other))).digest != made.digest
    assert Plan((*rest, dataclasses.replace(chosen, name="another"))).digest != made.digest


@given(wanted, lives, options, st.integers(0, 3), st.sampled_from([0.0, 0.25, 1.0]))
def test_no_more_is_removed_than_the_limits_let_through(desired, live, given_options, floor, share):
    """Decision 4: and nothing at all is, where nothing is wanted or the list is in doubt."""
    made = planned(desired, live, limits=Limits(removals=share, floor=floor), **given_options)
    removed = [change for change in made.due if change.reason is Reason.NOT_IN_MANIFESTS]
    assert len(removed) <= max(floor, share * len(live))
    if not desired or given_options["incomplete"] or given_options["shrank"]:
        assert removed == []


@given(wanted, lives, options)
def test_what_is_let_through_takes_away_nothing_else(desired, live, given_options):
    """A code that is allowed changes what it withholds, and only that."""
    made = planned(desired, live, **given_options)
    let = planned(desired, live, allow=frozenset({violation.code for violation in made.violations}), **given_options)
    before = {
        (change.name, change.action, change.reason) for change in made.changes if change.action is not Action.RENEW
    }
    after = {(change.name, change.action, change.reason) for change in let.changes if change.action is not Action.RENEW}
    assert before == after
    assert not [change for change in let.changes if change.withheld is Withheld.UNSAFE and not let.violations]
