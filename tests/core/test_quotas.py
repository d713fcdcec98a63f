"""What is over a quota of the catalog is withheld, and nothing else."""

import dataclasses

import pytest

from reconciler.core.catalog import Quota
from tests.core.world import OWNER, have, hours, lines, planned, violations, want

MAILBOX = Quota(limit=2, per="mailbox", shared="all apps")
TENANT = Quota(limit=3, per="tenant")


def within(quota: Quota, each):
    """The same, with this quota instead of those that Graph has."""
    entry = dataclasses.replace(each.entry, quotas=(quota,))
    resource = dataclasses.replace(each.resource, entry=entry)
    changed = {"resource": resource} | ({"entry": entry} if hasattr(each, "expires_at") else {})
    return dataclasses.replace(each, **changed)


def mail(name: str, box: str = "x", quota: Quota = MAILBOX, **given):
    return within(quota, want(name, resource=f"users/{box}/messages", **given))


def there(name: str, box: str = "x", quota: Quota = MAILBOX, **given):
    return within(quota, have(want(name, resource=f"users/{box}/messages"), id=name, **given))


@pytest.mark.parametrize(
    ("desired", "live", "given", "expected", "said"),
    [
        pytest.param(
            [mail("a", changes="created"), mail("b", changes="updated")],
            [],
            {},
            ["create a Missing", "create b Missing"],
            [],
            id="there-is-room",
        ),
        pytest.param(
            [mail("a", changes="created"), mail("b", changes="updated"), mail("c", changes="deleted")],
            [],
            {},
            ["create a Missing", "create b Missing", "create c Missing Unsafe"],
            ["quota c"],
            id="the-last-names-wait",
        ),
        pytest.param(
            [mail("a")], [there("f", mark=None), there("g", mark=None)], {}, ["create a Missing Unsafe"], ["quota a"],
            id="foreign-ones-count",
        ),
        pytest.param(
            [mail("a")],
            [there("f", mark=None), there("g", mark=None, left=hours(-1))],
            {},
            ["create a Missing"],
            [],
            id="what-has-ended-does-not",
        ),
        pytest.param(
            [mail("a", box="y")], [there("f", mark=None), there("g", mark=None)], {}, ["create a Missing"], [],
            id="another-mailbox-has-its-own",
        ),
        pytest.param(
            [mail("a", box="y", quota=TENANT)],
            [there(name, mark=None, quota=TENANT) for name in "fgh"],
            {},
            ["create a Missing Unsafe"],
            ["quota a"],
            id="of-a-tenant-all-count",
        ),
        pytest.param(
            [mail("a")],
            [there("f", mark=None), there("g", mark=None)],
            {"allow": frozenset({"quota"})},
            ["create a Missing"],
            [],
            id="let-through",
        ),
        pytest.param(
            [mail("a"), mail("f"), mail("g", changes="created,updated")],
            [there("f"), there("g")],
            {},
            ["create a Missing Unsafe", "replace g ImmutableFieldChanged"],
            ["quota a"],
            id="a-replacement-needs-no-room",
        ),
    ],
)  # fmt: skip
def test_quota(desired, live, given, expected, said):
    made = planned(desired, live, **given)
    assert lines(made) == expected
    assert violations(made) == said


def test_the_violation_says_which_quota():
    live = [there("f", mark=None), there("g", mark=None)]
    (found,) = planned([mail("a")], live).violations
    assert found.message == (
        "contoso: the quota of all apps, 2 per mailbox (x) has no room for 1 of the subscriptions to be created"
    )


def test_an_owner_is_not_asked_for():
    assert lines(planned([mail("a")], [there("f", owner="them"), there("g", owner=OWNER)]))[0] == (
        "create a Missing Unsafe"
    )


def test_whoever_gets_the_place_of_another_one_needs_no_room():
    one = Quota(limit=1, per="tenant")
    old, new = within(one, want("old", resource="teams")), within(one, want("new", resource="teams"))
    made = planned([new], [within(one, have(want("old", resource="teams")))])
    assert lines(made) == ["create new Missing", "delete old NotInManifests"]
    assert old.slot == new.slot
