"""The quick way comes to what the long one does, for each spelling that notifications have and any other."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.core.catalog import ENTRIES
from reconciler.core.resource import ResourceError, parse_resource
from reconciler.core.subject import PAIRS, subject_of

GUID = "FB82C19A-0F6D-41ED-90F0-CBB29A476EDE"

names = st.sampled_from(
    sorted({part for entry in ENTRIES for part in entry.path.split("/") if part.isalpha()} | {"Teams", "MESSAGES", "x"})
)
ids = (
    st.sampled_from(
        [GUID, f"{GUID}@{GUID}", "19:a3f8@thread.tacv2", "getAll1", "getAllMessages", "members", "1", "a=", ""]
    )
    | st.text("aG1-_.@:%/ '?={}", max_size=8)
    | st.text(max_size=5)
)
pairs = st.builds("{}('{}')".format, names, ids) | st.builds("{}/{}".format, names, ids) | names


def long_way(resource: str) -> str:
    try:
        return parse_resource(resource).canonical
    except ResourceError:
        return resource


@given(st.lists(pairs, min_size=1, max_size=4), st.sampled_from(["", "/"]))
@example(["communications('callRecords')"], "")
@example(["teams('getAllChannels')"], "")
def test_both_ways_agree(parts, slash):
    resource = slash + "/".join(parts)
    assert subject_of(resource) == long_way(resource)


@given(st.text())
def test_any_text(resource):
    assert subject_of(resource) == long_way(resource)


@pytest.mark.parametrize(
    ("resource", "subject", "quick"),
    [
        (f"Teams('{GUID}')", f"teams/{GUID.lower()}", True),
        ("teams('A-1')/channels('19:X@thread.tacv2')", "teams/A-1/channels/19:X@thread.tacv2", True),
        (f"users/{GUID}@{GUID}/messages/AAMk=", f"users/{GUID.lower()}@{GUID.lower()}/messages/AAMk%3D", False),
        ("solutions/virtualEvents/events/", "solutions/virtualevents/events", False),
        ("teams('", "teams('", False),
        ("", "", False),
        (None, "", False),
    ],
)
def test_how(resource, subject, quick):
    assert subject_of(resource) == subject
    assert bool(PAIRS.fullmatch(resource or "")) == quick
