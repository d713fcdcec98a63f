"""Teams, channels and chats against the seed (facts 2.3), letter by letter.

The expected texts are theirs; only placeholders are filled in, and the last digit of an instant is a zero: ours have
microseconds.
"""

import json

import pytest

from reconciler.core.catalog import Version
from tests.emulator.notifications.telling import change, item, plain, shaped, subscription

TEAM = "fb82c19a-0f6d-41ed-90f0-cbb29a476ede"
CHANNEL = "19:01f39f5ac52f45fb9a7ce01cedd57b1f@thread.tacv2"


@pytest.mark.facts("2.3")
def test_a_team_with_data() -> None:
    follower = subscription("/teams", id="10493aa0-4d29-4df5-bc0c-ef742cc6cd7f", client_state="state", tenant="t")
    happened = change("team", f"teams/{TEAM}", change_type="created", ids={"team": TEAM}, tenant="t")
    assert item(follower, happened, rich=True) == json.loads(
        """
        {
            "subscriptionId": "10493aa0-4d29-4df5-bc0c-ef742cc6cd7f",
            "changeType": "created",
            "clientState": "state",
            "subscriptionExpirationDateTime": "2021-02-02T10:30:34.9097560-08:00",
            "resource": "teams('fb82c19a-0f6d-41ed-90f0-cbb29a476ede')",
            "resourceData": {
                "id": "1612289765949",
                "@odata.type": "#Microsoft.Graph.Team",
                "@odata.id": "teams('fb82c19a-0f6d-41ed-90f0-cbb29a476ede')"
            },
            "tenantId": "t"
        }
        """
    )


@pytest.mark.facts("2.3")
@pytest.mark.parametrize("resource", ["/teams", f"/teams/{TEAM}"])
def test_a_team_without_data(resource: str) -> None:
    follower = subscription(resource, id="9f9d1ed0-c9cc-42e7-8d80-a7fc4b0cda3c", client_state="state", tenant="t")
    happened = change("team", f"teams/{TEAM}", ids={"team": TEAM}, tenant="t")
    assert item(follower, happened) == json.loads(
        """
        {
          "subscriptionId": "9f9d1ed0-c9cc-42e7-8d80-a7fc4b0cda3c",
          "changeType": "updated",
          "tenantId": "t",
          "clientState": "state",
          "subscriptionExpirationDateTime": "2021-02-02T10:30:34.9097560-08:00",
          "resource": "teams('fb82c19a-0f6d-41ed-90f0-cbb29a476ede')",
          "resourceData": {
            "id": "1612289765949",
            "@odata.type": "#Microsoft.Graph.Teams",
            "@odata.id": "teams('fb82c19a-0f6d-41ed-90f0-cbb29a476ede')"
          }
        }
        """
    )


@pytest.mark.facts("2.3")
@pytest.mark.parametrize("rich", [True, False])
@pytest.mark.parametrize("resource", ["/teams/getAllChannels", f"/teams/{TEAM}/channels"])
def test_a_channel(resource: str, *, rich: bool) -> None:
    follower = subscription(resource, id="10493aa0-4d29-4df5-bc0c-ef742cc6cd7f", client_state="state", tenant="t")
    ids = {"team": TEAM, "channel": CHANNEL}
    happened = change("channel", f"teams/{TEAM}/channels/{CHANNEL}", change_type="created", ids=ids, tenant="t")
    assert item(follower, happened, rich=rich) == json.loads(
        """
        {
            "subscriptionId": "10493aa0-4d29-4df5-bc0c-ef742cc6cd7f",
            "changeType": "created",
            "clientState": "state",
            "subscriptionExpirationDateTime": "2021-02-02T10:30:34.9097560-08:00",
            "resource": "teams('fb82c19a-0f6d-41ed-90f0-cbb29a476ede')/channels('19:01f39f5ac52f45fb9a7ce01cedd57b1f@thread.tacv2')",
            "resourceData": {
                "id": "19:01f39f5ac52f45fb9a7ce01cedd57b1f@thread.tacv2",
                "@odata.type": "#Microsoft.Graph.Channel",
                "@odata.id": "teams('fb82c19a-0f6d-41ed-90f0-cbb29a476ede')/channels('19:01f39f5ac52f45fb9a7ce01cedd57b1f@thread.tacv2')"
            },
            "tenantId": "t"
        }
        """  # noqa: E501 (as the seed has it)
    )


TEAM_DATA = """
{
  "id": "4c533ad3-e1dd-4277-a672-92ab64ed225c",
  "createdDateTime": "2021-03-18T10:31:14.597Z",
  "displayName": "Sample name",
  "description": "Sample description",
  "internalId": "19:2077546f765a42c1ba71236f4df70aa2@thread.tacv2",
  "specialization": "none",
  "visibility": "public",
  "webUrl": "https://teams.microsoft.com/l/team/19:2077546f724a42c1ba71236f4df79aa2%40thread.tacv2/conversations",
  "isArchived": false,
  "isMembershipLimitedToOwners": false,
  "memberSettings": {
    "allowCreateUpdateChannels": true,
    "allowCreatePrivateChannels": true,
    "allowDeleteChannels": true,
    "allowAddRemoveApps": true,
    "allowCreateUpdateRemoveTabs": true,
    "allowCreateUpdateRemoveConnectors": true
  },
  "guestSettings": {
    "allowCreateUpdateChannels": false,
    "allowDeleteChannels": false
  },
  "messagingSettings": {
    "allowUserEditMessages": true,
    "allowUserDeleteMessages": true,
    "allowOwnerDeleteMessages": true,
    "allowTeamMentions": true,
    "allowChannelMentions": true
  },
  "funSettings": {
    "allowGiphy": true,
    "giphyContentRating": "moderate",
    "allowStickersAndMemes": true,
    "allowCustomMemes": true
  }
}
"""
CHANNEL_DATA = """
{
  "id": "19:a3f841d969cd4ae0a7cbe847fc10b371@thread.tacv2",
  "createdDateTime": "2020-02-14T01:10:03.592Z",
  "displayName": "General",
  "description": "Sample Channel description",
  "isFavoriteByDefault": true,
  "email": "",
  "webUrl": "https://teams.microsoft.com/l/channel/19%3Aa3f841d969cd4ae0a7cbe847fc10b371%40thread.tacv2/General",
  "membershipType": "standard",
  "moderationSettings": null
}
"""


@pytest.mark.facts("2.3")
def test_the_data_of_a_team() -> None:
    """What GET has besides is left out: discoverySettings and classSettings for two."""
    body = json.loads(TEAM_DATA) | {"discoverySettings": {"showInTeamsSearchAndSuggestions": True}}
    happened = change("team", f"teams/{TEAM}", ids={"team": TEAM}, body=body | {"classSettings": None})
    assert plain(subscription("/teams"), happened) == json.loads(TEAM_DATA)


@pytest.mark.facts("2.3")
def test_the_data_of_a_channel() -> None:
    """The address is empty, and moderation is null where GET has nothing."""
    body = json.loads(CHANNEL_DATA) | {"email": "general@contoso.com", "isArchived": False}
    del body["moderationSettings"]
    happened = change("channel", "teams/1/channels/2", ids={"team": "1", "channel": "2"}, body=body)
    assert plain(subscription("/teams/getAllChannels"), happened) == json.loads(CHANNEL_DATA)


def test_the_data_of_what_was_deleted() -> None:
    """No source says; ours is the id alone, the least that a receiver can get."""
    body = json.loads(TEAM_DATA)
    happened = change("team", f"teams/{TEAM}", change_type="deleted", ids={"team": TEAM}, body=body)
    assert plain(subscription("/teams"), happened) == {"id": "4c533ad3-e1dd-4277-a672-92ab64ed225c"}


@pytest.mark.facts("2.3")
def test_a_message_in_a_chat() -> None:
    chat = "19:8ea0e38b-efb3-4757-924a-5f94061cf8c2_97f62344-57dc-409c-88ad-c4af14158ff5@unq.gbl.spaces"
    follower = subscription(f"/chats/{chat}/messages", version=Version.V1)
    made = shaped(follower, change("thing", f"chats/{chat}/messages/1612289765949", ids={"id": "1612289765949"}))
    path = f"chats('{chat}')/messages('1612289765949')"
    assert made.resource == path
    assert made.data == {"id": "1612289765949", "@odata.type": "#Microsoft.Graph.chatMessage", "@odata.id": path}


@pytest.mark.facts("2.3")
@pytest.mark.parametrize("whose", ["users/u1/chats", "appCatalogs/teamsApps/a1/installedToChats"])
def test_a_chat_is_named_by_itself(whose: str) -> None:
    follower = subscription("/chats/c1/messages", version=Version.V1)
    assert shaped(follower, change("thing", f"{whose}/c1/messages/m1")).resource == "chats('c1')/messages('m1')"
