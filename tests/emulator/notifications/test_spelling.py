"""How paths and instants are spelled in notifications (facts 2.3)."""

from typing import Any

import pytest

from reconciler.emulator.notifications.shapes.spelling import indian, keyed, pacific, steps_of, universal, zulu
from tests.emulator.notifications.telling import EXPIRES


@pytest.mark.facts("2.3")
@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("teams/1", "teams('1')"),
        ("teams/it's", "teams('it''s')"),
        ("teams/1/channels/19:x@thread.tacv2", "teams('1')/channels('19:x@thread.tacv2')"),
        ("chats/1/messages/2", "chats('1')/messages('2')"),
        ("teams/1/channels/2/messages/3/replies/4", "teams('1')/channels('2')/messages('3')/replies('4')"),
        ("teams/1/channels/2/allMembers/3", "teams('1')/channels('2')/allMembers('3')"),
    ],
)
def test_keys(path: str, text: str) -> None:
    assert keyed(path) == text


def test_names_in_a_row_are_no_ids() -> None:
    assert steps_of("communications/presences/1") == [("communications", None), ("presences", "1")]


@pytest.mark.facts("2.3")
@pytest.mark.parametrize(
    ("spelling", "text"),
    [
        (pacific, "2021-02-02T10:30:34.9097560-08:00"),
        (indian, "2021-02-03T00:00:34.9097560+05:30"),
        (universal, "2021-02-02T18:30:34.9097560+00:00"),
        (zulu, "2021-02-02T18:30:34.9097560Z"),
    ],
)
def test_instants(spelling: Any, text: str) -> None:
    """Facts 2.3: seven fraction digits, several offsets; whole seconds have them, too."""
    assert spelling(EXPIRES) == text
    assert spelling(EXPIRES.replace(microsecond=0)) == text.replace("9097560", "0000000")
