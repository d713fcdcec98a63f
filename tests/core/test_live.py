"""What Graph returns, read into what is compared."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.asked import Asked
from reconciler.core.catalog import ChangeType, Version
from reconciler.core.live import LiveError, read_live
from reconciler.core.mark import Mark

MARK = "1b.me.mail.0123456789.k1"
BODY = {
    "id": "7f105c7d-2dc5-4530-97cd-4e7ae6534c07",
    "resource": "teams('FBE2BF47-16C8-47CF-B4A5-4B9B187C508B')",
    "changeType": "updated,deleted",
    "notificationUrl": f"https://h/n?a=b&reconciler={MARK}.abcdef0123p",
    "lifecycleNotificationUrl": f"https://h/l?reconciler={MARK}",
    "expirationDateTime": "2026-11-24T12:00:00Z",
    "includeResourceData": True,
    "encryptionCertificateId": "ABC",
    "latestSupportedTlsVersion": "v1_3",
    "notificationQueryOptions": "$filter=x",
}
LISTED = {
    "id": "0fc0d6db-0073-42e5-a186-853da75fb308",
    "resource": "chats/getAllMessages?model=B",
    "applicationId": "24d3b144-21ae-4080-943f-7067b395b913",
    "changeType": "created,updated",
    "clientState": None,
    "notificationUrl": "https://webhook.azurewebsites.net/api/send/myNotifyClient",
    "notificationQueryOptions": None,
    "lifecycleNotificationUrl": None,
    "expirationDateTime": "2022-08-05T17:42:12.725Z",
    "creatorId": "8ee44408-0679-472c-bc2a-692812af3437",
    "includeResourceData": None,
    "latestSupportedTlsVersion": None,
    "encryptionCertificate": "",
    "encryptionCertificateId": None,
    "notificationUrlAppId": None,
    "notificationContentType": "application/json; charset=utf-8",
}
"""After a real item of LIST (facts 1.2)."""


def test_every_field_is_read():
    live = read_live(BODY)
    assert live.id == BODY["id"]
    assert live.asked == Asked(
        "teams/fbe2bf47-16c8-47cf-b4a5-4b9b187c508b",
        frozenset({ChangeType.UPDATED, ChangeType.DELETED}),
        True,
        "https://h/l",
        "v1_3",
        "$filter=x",
        Version.BETA,
    )
    assert live.resource_text == BODY["resource"]
    assert live.notification_url == "https://h/n?a=b"
    assert live.expires_at == dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
    assert live.mark == Mark("me", "mail", "0123456789", "k1", "abcdef0123", Version.BETA, protected=True)
    assert live.lifecycle_mark == Mark("me", "mail", "0123456789", "k1", None, Version.BETA)
    assert live.certificate_id == "ABC"
    assert live.entry
    assert live.entry.id == "team"
    assert (live.granted, live.certificate_fixed) == (None, False)


def test_a_listed_item_of_facts_1_2():
    live = read_live(LISTED)
    assert live.asked == Asked("chats/getallmessages", frozenset({ChangeType.CREATED, ChangeType.UPDATED}))
    assert live.expires_at == dt.datetime(2022, 8, 5, 17, 42, 12, 725_000, tzinfo=dt.UTC)
    assert (live.mark, live.lifecycle_mark, live.certificate_id) == (None, None, None)


TEXTS = ("lifecycleNotificationUrl", "encryptionCertificateId", "notificationQueryOptions", "latestSupportedTlsVersion")


@pytest.mark.parametrize(
    ("field", "missing"),
    [
        ("includeResourceData", False),
        *((field, value) for field in ("includeResourceData", *TEXTS) for value in (None, "")),
    ],
)
def test_null_absent_and_empty_are_equal_facts_1_2(field, missing):
    absent = {name: value for name, value in LISTED.items() if name != field}
    assert read_live({**LISTED, field: missing}) == read_live(absent)


@pytest.mark.parametrize("spelled", ["Created,UPDATED", "updated, created", " created ,updated,"])
def test_change_types_in_any_case_and_order_facts_1_1(spelled):
    assert read_live({**LISTED, "changeType": spelled}) == read_live(LISTED)


def test_a_mark_in_the_lifecycle_url_alone_still_tells_the_version():
    live = read_live({**BODY, "notificationUrl": "https://elsewhere/n"})
    assert (live.mark, live.asked.version) == (None, Version.BETA)


def test_a_resource_that_is_not_understood_is_compared_as_it_stands():
    live = read_live({**BODY, "resource": "teams('x"})
    assert (live.resource, live.entry, live.asked.resource) == (None, None, "teams('x")
    assert live.slot == "teams('x deleted,updated"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"id": None}, "it lacks id"),
        ({"resource": ""}, "it lacks resource"),
        ({"notificationUrl": None}, "it lacks notificationUrl"),
        ({"changeType": 3}, "its changeType is no text"),
        ({"changeType": "moved"}, "'moved' is not a valid ChangeType"),
        ({"expirationDateTime": "soon"}, "'soon' is not a time such as 2026-01-31T12:00:00Z"),
        ({"lifecycleNotificationUrl": ["x"]}, "its lifecycleNotificationUrl is no text"),
        ({"includeResourceData": "false"}, "its includeResourceData is neither true nor false"),
    ],
)
def test_what_is_no_subscription(changes, message):
    with pytest.raises(LiveError) as caught:
        read_live({**LISTED, **changes})
    assert f"not understood: {message}" in str(caught.value)
    assert (str(LISTED["id"]) in str(caught.value)) == ("id" not in changes)


values = (
    st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text()) | st.dictionaries(st.text(), st.text())
)
bodies = st.builds(lambda changes: {**BODY, **changes}, st.dictionaries(st.sampled_from(list(BODY)), values))


@given(bodies | values | st.dictionaries(st.text() | st.sampled_from(list(BODY)), values))
def test_garbage_raises_live_errors_only(body):
    try:
        live = read_live(body)
    except LiveError:
        return
    assert isinstance(live.asked.digest, str)
    assert isinstance(live.slot, str)
