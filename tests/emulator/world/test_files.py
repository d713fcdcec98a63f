"""World files: what can be in them, and all that is wrong with one at once."""

import textwrap
from pathlib import Path

import pytest

from reconciler.emulator.errors import EmulatorError
from reconciler.emulator.world import files

GOOD = """
teams:
  - displayName: Sales
    createdDateTime: 2026-01-31T12:00:00Z
    funSettings: {allowGiphy: false}
    channels:
      - {displayName: Leads, membershipType: private, members: [{userId: u1, roles: [owner]}]}
webinars:
  - displayName: Launch
    createdBy: {user: {id: 6c1b2f0e-0000-4000-8000-000000000001}}
    sessions:
      - {subject: I, attendanceReports: [{totalParticipantCount: 12}]}
    registrations:
      - {email: a@contoso.example}
townhalls:
onlineMeetings:
  - {subject: Standup}
things:
  chats/19:x@thread.v2/messages:
    - {body: {content: hi}}
  users: []
"""

OF_TOWN_HALLS = (
    "audience, coOrganizers, createdBy, description, displayName, endDateTime, externalEventInformation, id, "
    "invitedAttendees, isInviteOnly, sessions, settings, startDateTime, status"
)


def complaints(text: str) -> list[str]:
    with pytest.raises(EmulatorError) as caught:
        files.parse(textwrap.dedent(text), name="world.yaml")
    return str(caught.value).splitlines()


def test_a_good_file(tmp_path: Path) -> None:
    path = tmp_path / "world.yaml"
    path.write_text(GOOD)
    data = files.read(path).as_json()
    assert data["teams"][0]["createdDateTime"] == "2026-01-31T12:00:00Z"
    assert data["things"] == {"chats/19:x@thread.v2/messages": [{"body": {"content": "hi"}}], "users": []}
    assert data["townhalls"] is None


def test_json_is_yaml() -> None:
    assert files.parse('{"teams": [{"displayName": "T"}]}', name="w.json").as_json() == {
        "teams": [{"displayName": "T"}]
    }


def test_numbers_that_are_too_large_are_texts() -> None:
    """As ``.nan`` and ``.inf`` are: JSON has none of them."""
    digits = "1" * 5000
    text = f"things: {{users: [{{a: 1.0e+999, b: {digits}, c: .inf, d: 1.5}}]}}"
    assert files.parse(text, name="world.yaml").as_json()["things"]["users"] == [
        {"a": "1.0e+999", "b": digits, "c": ".inf", "d": 1.5}
    ]


def test_an_empty_file_is_an_empty_world() -> None:
    assert files.parse("# nothing yet\n", name="world.yaml").as_json() == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("team: []\n", ["world.yaml:1:1: unknown key 'team': did you mean 'teams'?"], id="unknown-root"),
        pytest.param(
            "teams:\n  - displayNam: Sales\n    displayName: S\n",
            ["world.yaml:2:5: unknown key 'displayNam': did you mean 'displayName'?"],
            id="unknown-key",
        ),
        pytest.param(
            "teams:\n  - {description: D}\n",
            ["world.yaml:2:5: 'displayName' is missing or empty: add it"],
            id="missing",
        ),
        pytest.param(
            "teams:\n  - displayName: T\n    isArchived: 7\n    channels: {}\n",
            ["world.yaml:3:17: 'isArchived' must be true or false", "world.yaml:4:15: 'channels' must be a list"],
            id="types",
        ),
        pytest.param(
            "teams: [{displayName: T, id: a b}]\n",
            ["world.yaml:1:30: 'id' must be an id: a text without spaces, slashes, quotes, brackets and percent signs"],
            id="bad-id",
        ),
        pytest.param(
            "teams: [{displayName: T, webUrl: https://x}]\n",
            ["world.yaml:1:26: 'webUrl' cannot be set, the emulator works it out: leave it out"],
            id="worked-out",
        ),
        pytest.param("teams: [7]\n", ["world.yaml:1:9: a thing must be an object"], id="no-object"),
        pytest.param(
            "teams:\n  - {id: t1, displayName: A}\n  - {id: T1x, displayName: B}\n  - {id: t1, displayName: C}\n",
            ["world.yaml:4:10: the id 't1' is that of teams[0] too: use another one"],
            id="duplicate-id",
        ),
        pytest.param(
            "teams:\n  - displayName: T\n    channels: [{id: c, displayName: A}, {id: c, displayName: B}]\n",
            ["world.yaml:3:46: the id 'c' is that of teams[0].channels[0] too: use another one"],
            id="duplicate-id-below",
        ),
        pytest.param(
            "teams: [7, {id: t, displayName: 1}, {id: t, displayName: B}]\n",
            [
                "world.yaml:1:9: a thing must be an object",
                "world.yaml:1:33: 'displayName' must be a text",
                "world.yaml:1:42: the id 't' is that of teams[1] too: use another one",
            ],
            id="all-at-once",
        ),
        pytest.param(
            "teams: []\nteams: []\n",
            ["world.yaml:2:1: the key 'teams' stands here twice: merge the two"],
            id="duplicate-key",
        ),
        pytest.param(
            "teams: [{displayName: T\n",
            ["world.yaml:2:1: this cannot be read as YAML: did not find expected ',' or '}'; correct the file here"],
            id="syntax",
        ),
        pytest.param(
            "teams: [{displayName: no}]\n",
            ["world.yaml:1:23: YAML reads no as a truth value: write true or false, or quote it"],
            id="truth-value",
        ),
        pytest.param(
            "a: &x [1]\nb: *x\n",
            ["world.yaml:2:4: this cannot be read as YAML: aliases are not supported; correct the file here"],
            id="alias",
        ),
        pytest.param(
            f"a: {'[' * 200}{']' * 200}\n",
            ["world.yaml:1:103: this cannot be read as YAML: it is nested over 100 levels deep; correct the file here"],
            id="depth",
        ),
        pytest.param("- teams\n", ["world.yaml:1:1: a world is an object: use {}"], id="list"),
        pytest.param(
            "things:\n  pandas: []\n  teams: []\n  users/x: []\n  users: {}\n",
            [
                "world.yaml:2:3: there is no collection at 'pandas': Resource not found for the segment 'pandas'.",
                "world.yaml:3:3: what is in 'teams' stands with what it belongs to, not under 'things'",
                "world.yaml:4:3: 'users/x' is the path of a thing: end it with the name of a collection",
                "world.yaml:5:10: 'users' must be a list",
            ],
            id="things",
        ),
        pytest.param(
            "townhalls: [{displayName: T, registrations: []}]\n",
            [f"world.yaml:1:30: unknown key 'registrations': use {OF_TOWN_HALLS}"],
            id="town-halls-have-no-registrations",
        ),
    ],
)
def test_everything_that_is_wrong(text: str, expected: list[str]) -> None:
    assert complaints(text) == expected


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(EmulatorError, match=r"cannot read the world file '.*missing\.yaml'"):
        files.read(tmp_path / "missing.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"\xe4")
    with pytest.raises(EmulatorError, match="give a YAML file in UTF-8"):
        files.read(tmp_path / "latin.yaml")
