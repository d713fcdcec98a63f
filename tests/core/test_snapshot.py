"""A snapshot, written and read again, and what is wrong with those that are none."""

import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.snapshot import (
    Snapshot,
    SnapshotError,
    TenantSnapshot,
    read_snapshot,
    world_of,
    write_snapshot,
)

TAKEN = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
MARK = "1.me.mail.0123456789.k1"
BODY = {
    "id": "b",
    "resource": "teams",
    "changeType": "created",
    "notificationUrl": f"https://h/n?code=hunter2&reconciler={MARK}.abcdef0123",
    "lifecycleNotificationUrl": f"https://h/l?code=hunter2&reconciler={MARK}",
    "expirationDateTime": "2026-11-24T12:00:00Z",
    "clientState": "s3cret",
    "encryptionCertificate": "MIIB",
    "encryptionCertificateId": "ABC",
}
OTHER = {**BODY, "id": "a", "lifecycleNotificationUrl": None}

DAMAGED = "the snapshot is not as `reconcile status --live-out` writes it: "


def tenant(*bodies, **changes) -> TenantSnapshot:
    given_fields = {
        "name": "contoso",
        "tenant_id": "t",
        "complete": True,
        "subscriptions": bodies,
        "granted": {"b": dt.timedelta(hours=72)},
        **changes,
    }
    return TenantSnapshot(**given_fields)


def written(*tenants: TenantSnapshot):
    return json.loads(write_snapshot(Snapshot(TAKEN, tenants)))


def test_what_is_written_is_the_contract():
    assert written(tenant(BODY)) == {
        "kind": "Snapshot",
        "schemaVersion": 1,
        "takenAt": "2026-11-21T12:00:00Z",
        "tenants": [
            {
                "name": "contoso",
                "tenantId": "t",
                "complete": True,
                "subscriptions": [
                    {
                        **BODY,
                        "notificationUrl": f"https://h/n?code=redacted-f52fbd32&reconciler={MARK}.abcdef0123",
                        "lifecycleNotificationUrl": f"https://h/l?code=redacted-f52fbd32&reconciler={MARK}",
                        "clientState": None,
                        "encryptionCertificate": None,
                    }
                ],
                "remembered": {"b": {"granted": "PT72H"}},
            }
        ],
    }


def test_no_secret_is_in_it():
    text = write_snapshot(Snapshot(TAKEN, (tenant({**BODY, "webPushEncryptionSecret": "pushed"}, OTHER),)))
    assert not [secret for secret in ("hunter2", "s3cret", "MIIB", "pushed") if secret in text]


def test_the_order_of_reading_does_not_count():
    one, other = tenant(BODY, OTHER), tenant(name="fabrikam")
    assert write_snapshot(Snapshot(TAKEN, (one, other))) == write_snapshot(
        Snapshot(TAKEN, (other, tenant(OTHER, BODY)))
    )


def test_a_round_trip():
    text = write_snapshot(Snapshot(TAKEN, (tenant(BODY), tenant(name="fabrikam", complete=False))))
    found = read_snapshot(text)
    assert write_snapshot(found) == text
    assert found.taken_at == TAKEN
    assert found.tenant("fabrikam") == tenant(name="fabrikam", complete=False)
    assert found.tenant("nobody") is None


def test_the_world_of_a_snapshot():
    world = world_of(read_snapshot(write_snapshot(Snapshot(TAKEN, (tenant(BODY, OTHER),)))).tenants[0])
    assert (world.tenant, world.incomplete) == ("contoso", None)
    assert [(live.id, live.granted) for live in world.live] == [("a", None), ("b", dt.timedelta(hours=72))]
    assert [owned.name for owned in world.owned("me")] == ["mail", "mail"]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"complete": False}, "the snapshot was taken from an incomplete list"),
        (
            {"subscriptions": (BODY, {"id": "x"})},
            "not understood: it lacks resource",
        ),
    ],
)
def test_what_makes_it_incomplete(changes, why):
    found = world_of(tenant(**({"subscriptions": (BODY,)} | changes)))
    assert found.incomplete
    assert why in found.incomplete
    assert [live.id for live in found.live] == ["b"]


WHOLE = written(tenant(BODY))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the snapshot is not JSON: Expecting value: line 1 column 1 (char 0)"),
        ("[" * 100_000, "the snapshot is not JSON: maximum recursion depth exceeded while decoding a JSON array"),
        ("9" * 5000, "the snapshot is not JSON: Exceeds the limit (4300 digits) for integer string conversion"),
        ("[]", 'the snapshot lacks "kind": "Snapshot", is it another file?'),
        ('{"kind": "Plan"}', 'the snapshot lacks "kind": "Snapshot", is it another file?'),
        (
            json.dumps({**WHOLE, "schemaVersion": 2}),
            "the snapshot has schemaVersion 2, this program reads 1: take a new one",
        ),
        (
            json.dumps({**WHOLE, "tenants": None}),
            DAMAGED + "it has something else in a place ('NoneType'",
        ),
        (
            json.dumps({**WHOLE, "takenAt": "now"}),
            DAMAGED + "it has something else in a place ('now' is not a time",
        ),
        (
            json.dumps({**WHOLE, "tenants": [{}]}),
            DAMAGED + "it lacks 'subscriptions'",
        ),
        (json.dumps({**WHOLE, "tenants": WHOLE["tenants"] * 2}), "the snapshot has two tenants of one name"),
        (
            json.dumps({**WHOLE, "tenants": [{**WHOLE["tenants"][0], "subscriptions": ["x"]}]}),
            DAMAGED + "it has something else in a place (subscriptions)",
        ),
        (
            json.dumps(
                {**WHOLE, "tenants": [{**WHOLE["tenants"][0], "remembered": {"b": {"granted": f"PT{10**30}H"}}}]}
            ),
            DAMAGED + "it has something else in a place (",
        ),
        (
            json.dumps({**WHOLE, "tenants": [{**WHOLE["tenants"][0], "remembered": {"b": {"granted": "P367D"}}}]}),
            DAMAGED + "it has something else in a place ('P367D', a lifetime is 366 days at the most",
        ),
    ],
)
def test_what_is_no_snapshot(text, message):
    with pytest.raises(SnapshotError) as caught:
        read_snapshot(text)
    assert str(caught.value).startswith(message)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "id", "granted", "x"]), inner),
    max_leaves=5,
)
keys = st.sampled_from(["name", "tenantId", "complete", "subscriptions", "remembered"])


@given(st.dictionaries(keys, values), st.dictionaries(st.sampled_from(list(WHOLE)), values))
def test_damage_raises_snapshot_errors_only(in_tenant, outside):
    document = {**WHOLE, "tenants": [{**WHOLE["tenants"][0], **in_tenant}], **outside}
    try:
        found = read_snapshot(json.dumps(document))
    except SnapshotError:
        return
    for each in found.tenants:
        world_of(each)
