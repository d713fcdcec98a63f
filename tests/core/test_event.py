"""What a sink is given: the CloudEvent of a notification, however Graph has spelled it."""

import datetime as dt
import json
import re
from typing import Any

import pytest
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.event import Facts, event_of, type_of

NOW = dt.datetime(2026, 11, 26, 12, 0, 0, 500_000, tzinfo=dt.UTC)
TYPE = re.compile(r"com\.microsoft\.graph\.[a-z][A-Za-z0-9]*\.[a-z]+")

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text() | st.just("@odata.type"), inner, max_size=4),
    max_leaves=20,
)


def facts(**more):
    known: dict[str, Any] = {
        "id": "0193",
        "source": "/tenants/0f2e8f59-862a-483b-9ca8-82a10665e17d",
        "received_at": NOW,
        "change_type": "updated",
        "tenant_id": "0f2e8f59-862a-483b-9ca8-82a10665e17d",
        "subscription_id": "7c1b2c3d",
        "name": "all-teams",
        "resource": "teams('88b245ac-b0b2-f1aa-e34a-c81c27abdac2')",
    }
    return Facts(**known | more)


def read(event):
    """By the library of CloudEvents, which validates the attributes."""
    return JSONFormat().read(CloudEvent, event.content)


def test_the_whole_event():
    event = event_of(facts(resource_data={"@odata.type": "#Microsoft.Graph.Team", "id": "1612289765949"}))
    assert json.loads(event.content) == {
        "specversion": "1.0",
        "id": "0193",
        "source": "/tenants/0f2e8f59-862a-483b-9ca8-82a10665e17d",
        "type": "com.microsoft.graph.team.updated",
        "subject": "teams/88b245ac-b0b2-f1aa-e34a-c81c27abdac2",
        "time": "2026-11-26T12:00:00.500000Z",
        "datacontenttype": "application/json",
        "data": {
            "changeType": "updated",
            "tenantId": "0f2e8f59-862a-483b-9ca8-82a10665e17d",
            "subscriptionId": "7c1b2c3d",
            "subscription": "all-teams",
            "resource": "teams('88b245ac-b0b2-f1aa-e34a-c81c27abdac2')",
            "resourceData": {"@odata.type": "#Microsoft.Graph.Team", "id": "1612289765949"},
            "content": None,
        },
    }
    assert (event.id, event.type, event.subject) == (
        "0193",
        "com.microsoft.graph.team.updated",
        read(event).get_subject(),
    )


def test_the_library_reads_it():
    found = read(event_of(facts()))
    assert (found.get_id(), found.get_time(), found.get_datacontenttype()) == ("0193", NOW, "application/json")
    assert found.get_data()["subscription"] == "all-teams"


def test_content_and_what_else_there_is():
    event = event_of(
        facts(content={"displayName": "Ärger"}, properties={"organizationId": "o"}, possible_duplicate=True)
    )
    data = json.loads(event.content)["data"]
    assert data["content"] == {"displayName": "Ärger"}
    assert data["properties"] == {"organizationId": "o"}
    assert data["duplicate"] == "possible"


def test_what_is_not_said_when_there_is_nothing_to_say():
    assert {"properties", "duplicate"}.isdisjoint(json.loads(event_of(facts()).content)["data"])


@pytest.mark.parametrize(
    ("written", "noun"),
    [
        ("#Microsoft.Graph.Team", "team"),
        ("#Microsoft.Graph.Teams", "team"),
        ("#Microsoft.Graph.Channel", "channel"),
        ("#Microsoft.Graph.chatMessage", "chatMessage"),
        ("#Microsoft.Graph.ChatMessage", "chatMessage"),
        ("#microsoft.graph.chat", "chat"),
        ("#Microsoft.Graph.aadUserConversationMember", "aadUserConversationMember"),
        ("#Microsoft.Graph.sharedWithChannelTeamInfo", "sharedWithChannelTeamInfo"),
        ("#microsoft.graph.virtualEvent", "virtualEvent"),
        ("#microsoft.graph.virtualEventSession", "virtualEventSession"),
        ("#microsoft.graph.virtualeventsession", "virtualEventSession"),
        ("#microsoft.graph.virtualEventRegistration", "virtualEventRegistration"),
        ("#microsoft.graph.meetingAttendanceReport", "meetingAttendanceReport"),
        ("#microsoft.graph.virtualEventTownhall", "virtualEventTownhall"),
        ("#microsoft.graph.callevent", "callEvent"),
        ("microsoft.graph.user", "user"),
        ("#MICROSOFT.GRAPH.CHATMESSAGE", "chatMessage"),
        ("#Microsoft.Graph.SomethingNew", "somethingNew"),
        ("#Microsoft.Graph.Subscription2", "subscription2"),
    ],
)
def test_every_spelling_of_a_type_facts_2_3_to_2_5(written, noun):
    assert type_of({"@odata.type": written}, "created") == f"com.microsoft.graph.{noun}.created"


@pytest.mark.parametrize(
    "data",
    [
        None,
        {},
        [],
        "#microsoft.graph.team",
        5,
        {"@odata.type": None},
        {"@odata.type": 5},
        {"@odata.type": ["#microsoft.graph.team"]},
        {"@odata.type": ""},
        {"@odata.type": "#microsoft.graph."},
        {"@odata.type": "#microsoft.graph.security.alert"},
        {"@odata.type": "#microsoft.graph.te am"},
        {"@odata.type": "#microsoft.graph.team\n"},
        {"@odata.type": "#microsoft.graph.1team"},
        {"@odata.type": "#microsoft.graph.téam"},
        {"@odata.type": "#contoso.graph.team"},
    ],
)
def test_what_names_no_type(data):
    assert type_of(data, "deleted") == "com.microsoft.graph.resource.deleted"


@pytest.mark.parametrize("change", [None, "", "a.b", "up dated", "updated\n", "*", "ärger", "4"])
def test_what_is_no_change(change):
    assert type_of(None, change) == "com.microsoft.graph.resource.changed"


@pytest.mark.parametrize(
    ("written", "subject"),
    [
        ("teams('88B245AC-B0B2-F1AA-E34A-C81C27ABDAC2')", "teams/88b245ac-b0b2-f1aa-e34a-c81c27abdac2"),
        ("/teams/88b245ac-b0b2-f1aa-e34a-c81c27abdac2/", "teams/88b245ac-b0b2-f1aa-e34a-c81c27abdac2"),
        ("chats('19:a@thread.v2')/messages('1612')", "chats/19:a@thread.v2/messages/1612"),
        ("solutions/virtualEvents/events/", "solutions/virtualevents/events"),
    ],
)
def test_the_subject_is_canonical(written, subject):
    event = event_of(facts(resource=written))
    assert event.subject == json.loads(event.content)["subject"] == subject
    assert json.loads(event.content)["data"]["resource"] == written


@pytest.mark.parametrize("written", ["teams('1", "a?$filter=%%%", "teams/{id}", "a?b=1&b=2"])
def test_a_resource_that_is_not_understood_stands_as_it_is(written):
    assert event_of(facts(resource=written)).subject == written


@pytest.mark.parametrize("nothing", [None, ""])
def test_without_a_resource_there_is_no_subject(nothing):
    event = event_of(facts(resource=nothing))
    assert event.subject == ""
    assert read(event).get_subject() is None


@given(json_values, json_values, st.dictionaries(st.text(), json_values, max_size=3))
def test_whatever_graph_sends_it_is_an_event(resource_data, content, properties):
    content = content if isinstance(content, dict) else None
    event = event_of(facts(resource_data=resource_data, content=content, properties=properties))
    assert TYPE.fullmatch(event.type)
    found = read(event).get_data()
    assert (found["resourceData"], found["content"]) == (resource_data, content)
    assert b"\n" not in event.content


@given(st.none() | st.text() | st.from_regex(r"/?[a-z]+\('[^']*'\)(\?\$filter=.*)?", fullmatch=True))
def test_whatever_the_resource_is_it_is_an_event(resource):
    event = event_of(facts(resource=resource))
    assert read(event).get_data()["resource"] == resource


@given(st.none() | st.text(), st.text())
def test_whatever_they_are_called_it_is_a_type_that_a_subject_can_be_made_of(change, noun):
    assert TYPE.fullmatch(type_of({"@odata.type": f"#microsoft.graph.{noun}"}, change))


def test_nothing_of_it_is_in_a_repr():
    secret = {"displayName": "CONFIDENTIAL"}
    known = facts(resource_data=secret, content=secret, properties=secret)
    assert "CONFIDENTIAL" not in f"{known!r} {event_of(known)!r}"
