"""Items are read tolerantly, one by one."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.receiver.delivery import Malformed, Notification
from reconciler.receiver.parsing import BodyRefused, parse_body

ITEM = {
    "subscriptionId": "s1",
    "changeType": "Created",
    "clientState": "hidden-1",
    "resource": "teams('1')",
    "tenantId": "ABC",
    "resourceData": {"id": "hidden-2"},
    "EncryptedContent": {"data": "hidden-3"},
}
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["value", *ITEM]), inner),
    max_leaves=20,
)


def items(*values):
    return parse_body(json.dumps({"value": values}).encode()).items


def test_an_item_about_data():
    (found,) = items(ITEM)
    assert found == Notification(
        subscription_id="s1",
        change_type="created",
        resource="teams('1')",
        tenant_id="abc",
        client_state="hidden-1",
        encrypted=True,
        properties={"resourceData": {"id": "hidden-2"}, "EncryptedContent": {"data": "hidden-3"}},
    )
    assert "hidden" not in repr(found)


def test_letter_case_does_not_matter():
    body = {
        "VALUE": [{"SUBSCRIPTIONID": "s1", "LifecycleEVENT": "MISSED", "OrganizationID": "ABC"}],
        "ValidationTokens": ["t"],
    }
    found = parse_body(json.dumps(body).encode())
    assert found.items == (Notification("s1", lifecycle_event="missed", tenant_id="abc"),)
    assert found.validation_tokens == ("t",)


@pytest.mark.parametrize(
    ("item", "says"),
    [
        (1, "not an object"),
        ({}, "no subscriptionId"),
        ({"subscriptionId": ""}, "no subscriptionId"),
        ({"subscriptionId": 1}, "not a text"),
        ({"subscriptionId": "s", "clientState": ["secret"]}, "clientState is not a text"),
        ({"subscriptionId": "s", "clientState": "secret", "ClientState": "other"}, "twice"),
        ({"subscriptionId": "s", "encryptedContent": None, "EncryptedContent": {"data": "secret"}}, "twice"),
        ({"subscriptionId": "s\0"}, "cannot be stored"),
        ({"subscriptionId": "s", "resource": "\ud800"}, "cannot be stored"),
    ],
)
def test_one_that_cannot_be_read_is_set_aside(item, says):
    first, second = items(item, ITEM)
    assert isinstance(first, Malformed)
    assert says in first.reason
    assert "secret" not in repr(first)
    assert isinstance(second, Notification)


@pytest.mark.parametrize(
    ("tokens", "found"), [(None, ()), ([], ()), (["t", 1, None], ("t", "", "")), ("t", ("",)), ({}, ("",))]
)
def test_a_token_that_is_no_text_does_not_pass_unseen(tokens, found):
    assert parse_body(json.dumps({"value": [], "validationTokens": tokens}).encode()).validation_tokens == found


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"[]", b"{}", b'{"value": {}}', b'{"value": [NaN]}', b"\xff", b"[" * 200_000, b"1" * 5000, b'"value"'],
)
def test_what_is_no_collection_is_refused(text):
    with pytest.raises(BodyRefused):
        parse_body(text)


@given(anything)
def test_any_item_is_read_or_set_aside(value):
    try:
        (found,) = items(value)
    except BodyRefused:
        return  # not a number
    assert isinstance(found, Notification | Malformed)
