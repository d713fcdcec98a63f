"""The digest of what was asked, and what differs from it."""

import dataclasses
import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.asked import Asked, Difference
from reconciler.core.catalog import ChangeType, Version

PLAIN = Asked("teams", frozenset({ChangeType.CREATED, ChangeType.UPDATED}))


@pytest.mark.parametrize(
    ("asked", "digest"),
    [
        pytest.param(PLAIN, "3c3c7f88e1", id="plain"),
        pytest.param(
            Asked("teams", frozenset(ChangeType), True, "https://h/l", "v1_3", "x", Version.BETA),
            "cc2df4a52e",
            id="all",
        ),
    ],
)
def test_the_digest_never_changes(asked, digest):
    """It stands in every mark: another digest for the same question would touch every subscription there is."""
    assert asked.digest == digest


texts = st.none() | st.text(st.characters(codec="utf-8"), max_size=5)


@given(
    st.builds(
        Asked,
        st.text(max_size=5),
        st.frozensets(st.sampled_from(ChangeType)),
        st.booleans(),
        texts,
        texts | st.just("v1_2"),
        texts,
        st.sampled_from(Version),
    )
)
def test_it_is_of_json(asked):
    fields = {
        "resource": asked.resource,
        "changeTypes": sorted(asked.change_types),
        "resourceData": asked.rich or None,
        "lifecycleNotificationUrl": asked.lifecycle_url or None,
        "tls": None if asked.tls == "v1_2" else asked.tls,
        "notificationQueryOptions": asked.query_options or None,
        "graphVersion": None if asked.version is Version.V1 else asked.version,
    }
    said = json.dumps({name: value for name, value in fields.items() if value is not None}, sort_keys=True)
    assert asked.digest == hashlib.sha256(said.encode()).hexdigest()[:10]


@pytest.mark.parametrize(
    "changes",
    [{"tls": "v1_2"}, {"tls": None}, {"lifecycle_url": ""}, {"query_options": ""}, {"rich": False}],
    ids=str,
)
def test_defaults_are_left_out_facts_1_2(changes):
    same = dataclasses.replace(PLAIN, **changes)
    assert same.digest == PLAIN.digest
    assert same.differences(PLAIN) == []


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        ({"resource": "chats"}, ("resource", "teams", "chats")),
        ({"change_types": frozenset({ChangeType.DELETED})}, ("changeTypes", "created,updated", "deleted")),
        ({"rich": True}, ("resource data", "none", "encrypted")),
        ({"lifecycle_url": "https://h/l?k=s"}, ("lifecycleNotificationUrl", None, "https://h/l?k=redacted-043a7187")),
        ({"tls": "v1_3"}, ("latestSupportedTlsVersion", "v1_2", "v1_3")),
        ({"query_options": "x"}, ("notificationQueryOptions", None, "x")),
        ({"version": Version.BETA}, ("graphVersion", "v1.0", "beta")),
    ],
)
def test_every_field_that_graph_fixes_counts_decision_9(changes, difference):
    other = dataclasses.replace(PLAIN, **changes)
    assert other.digest != PLAIN.digest
    assert PLAIN.differences(other) == [Difference(*difference)]


def test_no_field_is_forgotten():
    digests = {PLAIN.digest}
    for field in dataclasses.fields(Asked):
        value: Any = {"rich": True, "change_types": frozenset(), "version": Version.BETA}.get(field.name, "v1_0")
        digests.add(dataclasses.replace(PLAIN, **{field.name: value}).digest)
    assert len(digests) == 1 + len(dataclasses.fields(Asked))
