"""Desired, world, plan and troubles in, conditions out: as a table of what is there."""

import datetime as dt
import json
import sys

import pytest

from reconciler.core.mark import UnknownMark
from reconciler.core.options import Options
from reconciler.core.plan import plan
from reconciler.core.policy import Policy
from reconciler.core.reasons import Withheld
from reconciler.core.world import World
from reconciler.engine.chronicle import Trouble
from reconciler.engine.standing import Condition, document, standings
from tests.core.world import CERTIFICATE, NOW, OTHER_TENANT, OWNER, SIXTY_HOURS, TENANT, THREE_DAYS, have, hours, want

TEAM = "teams/0a1b2c3d-0000-4000-8000-000000000001"
MINUTE = dt.timedelta(minutes=1)


def a_trouble(name="mail", **fields):
    given = {
        "tenant": TENANT,
        "name": name,
        "action": "create",
        "kind": "EndpointRefused",
        "message": "the URL did not answer",
        "request_id": "r-1",
        "essence": "e",
        "since": NOW - hours(2),
        "at": NOW - MINUTE,
        "attempts": 5,
        "next_try": NOW + 9 * MINUTE,
        **fields,
    }
    return Trouble(**given)


def stand(desired, live=(), *, troubles=(), heard=None, now=NOW, incomplete=None, **options):
    world = World(TENANT, tuple(live), incomplete)
    made = plan(desired, world, now=now, options=Options(OWNER, **options))
    by_key = {(each.tenant, each.name): each for each in troubles}
    return standings(desired, world, made, owner=OWNER, now=now, troubles=by_key, heard=heard or {})


def line(standing):
    said = (standing.name, standing.condition, standing.action, standing.reason, standing.withheld)
    return " ".join(filter(None, said))


OBSERVE = {"policy": Policy.OBSERVE}


@pytest.mark.parametrize(
    ("desired", "live", "options", "expected"),
    [
        pytest.param(want(), [have()], {}, "mail ready", id="as-wanted"),
        pytest.param(want(), [have(left=hours(20))], {}, "mail ready renew RenewalDue", id="renewal-due"),
        pytest.param(
            want(), [have(left=hours(20))], OBSERVE, "mail pending renew RenewalDue Policy", id="renewal-withheld"
        ),
        pytest.param(want(), [], {}, "mail pending create Missing", id="missing"),
        pytest.param(want(), [have(mark=None, lifecycle_mark=None)], {}, "mail pending create Missing", id="foreign"),
        pytest.param(want(), [], OBSERVE, "mail pending create Missing Policy", id="policy"),
        pytest.param(want(suspend=True), [], {}, "mail pending create Missing Suspended", id="suspended"),
        pytest.param(want(), [], {"incomplete": "cut"}, "mail pending create Missing Unsafe", id="unsafe"),
        pytest.param(want(), [have(left=-MINUTE)], {}, "mail pending create Expired", id="ended"),
        pytest.param(
            want(protect=True),
            [have(want(changes="deleted", protect=True))],
            {},
            "mail pending replace ImmutableFieldChanged Protected",
            id="protected",
        ),
        pytest.param(
            want(protect=True),
            [have(want(changes="deleted", protect=True), left=hours(20))],
            {},
            "mail pending replace ImmutableFieldChanged Protected",
            id="protected-and-renewed-meanwhile",
        ),
        pytest.param(
            want(),
            [have(mark=UnknownMark(OWNER, "mail", "9"))],
            {},
            "mail pending update MarkUnknown Blocked",
            id="mark-of-a-later-version",
        ),
        pytest.param(
            want(resource=TEAM),
            [have(want("other", resource=TEAM), owner="theirs")],
            {},
            "mail pending create Missing Blocked",
            id="place-taken",
        ),
        pytest.param(
            want(certificate=CERTIFICATE),
            [have(want(certificate=CERTIFICATE), certificate_id="B" * 40)],
            {},
            "mail pending update CertificateChanged",
            id="another-certificate",
        ),
        pytest.param(want(), [have(id="2"), have(id="1")], {}, "mail ready", id="a-twin-is-deleted"),
    ],
)
def test_condition(desired, live, options, expected):
    assert list(map(line, stand([desired], live, **options))) == [expected]


@pytest.mark.parametrize("live", [[], [have()], [have(left=hours(20))]], ids=["missing", "live", "due"])
def test_what_keeps_failing_is_stalled_and_tells_the_last_error(live):
    (found,) = stand([want()], live, troubles=[a_trouble()])
    assert line(found) == "mail stalled create EndpointRefused"
    assert (found.message, found.request_id) == ("the URL did not answer", "r-1")
    assert (found.attempts, found.since, found.next_try) == (5, NOW - hours(2), NOW + 9 * MINUTE)


@pytest.mark.parametrize("trouble", [a_trouble("other"), a_trouble(tenant=OTHER_TENANT)], ids=["name", "tenant"])
def test_the_trouble_of_another_is_none_of_its_own(trouble):
    assert list(map(line, stand([want()], [have()], troubles=[trouble]))) == ["mail ready"]


def test_what_is_withheld_says_why():
    (found,) = stand([want()], policy=Policy.OBSERVE)
    assert found.message == "Graph has no subscription of this name; withheld: the policy is observe"
    assert found.withheld is Withheld.POLICY


def test_the_live_one_tells_of_itself():
    desired = want(certificate=CERTIFICATE, resource="teams/fbe2bf47-16c8-47cf-b4a5-4b9b187c508b", changes="updated")
    (found,) = stand([desired], [have(desired, id="7")], heard={"mail": NOW - MINUTE, "other": NOW})
    assert (found.subscription_id, found.granted, found.certificate_id) == ("7", THREE_DAYS, "A" * 40)
    assert found.expires_at == NOW + SIXTY_HOURS
    assert NOW + SIXTY_HOURS - THREE_DAYS * 0.4 < found.renews_at < NOW + SIXTY_HOURS - THREE_DAYS * 0.33
    assert found.last_notification == NOW - MINUTE


@pytest.mark.parametrize("ids", [("1", "2"), ("2", "1")])
def test_of_twins_the_one_that_is_kept_is_shown(ids):
    shorter, longer = have(id=ids[0], left=hours(50)), have(id=ids[1], left=hours(60))
    (found,) = stand([want()], [shorter, longer])
    assert (found.subscription_id, found.expires_at) == (ids[1], longer.expires_at)


def test_of_what_has_ended_nothing_is_renewed():
    (found,) = stand([want()], [have(left=-MINUTE)])
    assert (found.expires_at, found.renews_at) == (NOW - MINUTE, None)


def test_what_is_missing_has_nothing_to_tell():
    (found,) = stand([want()])
    assert (found.subscription_id, found.granted, found.expires_at, found.renews_at) == (None, None, None, None)


def test_names_in_order_and_of_this_tenant_only():
    desired = [want("b"), want("c", tenant=OTHER_TENANT), want("a")]
    assert [each.name for each in stand(desired, [have(want("c"))])] == ["a", "b"]


def test_a_plan_of_all_tenants_is_read_for_this_one():
    other = want("mail", tenant=OTHER_TENANT)
    both = plan([other], World(OTHER_TENANT), now=NOW, options=Options(OWNER))
    world = World(TENANT, (have(),))
    both += plan([want()], world, now=NOW, options=Options(OWNER))
    found = standings([want(), other], world, both, owner=OWNER, now=NOW, troubles={}, heard={})
    assert list(map(line, found)) == ["mail ready"]


def test_document():
    desired = want(certificate=CERTIFICATE, resource="teams/fbe2bf47-16c8-47cf-b4a5-4b9b187c508b", changes="updated")
    (found,) = stand([desired], [have(desired, id="7")], troubles=[a_trouble(action="renew")], heard={"mail": NOW})
    spelled = document(found)
    assert json.loads(json.dumps(spelled)) == spelled
    assert spelled.pop("renewsAt").startswith("2026-11-23T00:00:")
    assert spelled == {
        "tenant": "contoso",
        "name": "mail",
        "condition": "stalled",
        "resource": "teams/fbe2bf47-16c8-47cf-b4a5-4b9b187c508b",
        "action": "renew",
        "reason": "EndpointRefused",
        "message": "the URL did not answer",
        "withheld": None,
        "requestId": "r-1",
        "attempts": 5,
        "since": "2026-11-21T10:00:00Z",
        "nextTry": "2026-11-21T12:09:00Z",
        "subscriptionId": "7",
        "granted": "PT71H55M",
        "expiresAt": "2026-11-24T00:00:00Z",
        "lastNotification": "2026-11-21T12:00:00Z",
        "certificateId": "A" * 40,
    }


def test_what_is_not_known_is_null_and_not_left_out():
    (ready,), (missing,) = stand([want()], [have()]), stand([want()])
    assert document(ready).keys() == document(missing).keys()
    assert document(missing)["expiresAt"] is None
    assert {each.value for each in Condition} == {"ready", "pending", "stalled"}


def steps(count):
    """Python's own steps for so many, of each ten of which one has a twin and one is missing."""
    desired = [want(f"mail-{number}") for number in range(count)]
    live = [have(each, id=str(number)) for number, each in enumerate(desired) if number % 10]
    live += [have(each, id=f"twin-{number}") for number, each in enumerate(desired) if number % 10 == 1]
    world = World(TENANT, tuple(live))
    made = plan(desired, world, now=NOW, options=Options(OWNER))
    taken = 0

    def trace(frame, event, _):
        nonlocal taken
        frame.f_trace_opcodes = True
        taken += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        found = standings(desired, world, made, owner=OWNER, now=NOW, troubles={}, heard={})
    finally:
        sys.settrace(before)
    assert len(found) == count
    return taken


def test_the_work_grows_with_their_number_and_no_faster():
    steps(20)  # what is done once
    few, many = steps(50), steps(500)
    assert few * 9 < many < few * 11
