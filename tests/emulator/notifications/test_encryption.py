"""What rich notifications carry (facts 7.1, 7.2), opened step by step as Graph's guide says."""

import base64
import json
from typing import Any

import pytest

from reconciler.emulator.notifications import encryption
from tests.emulator.notifications.opening import reader
from tests.emulator.notifications.telling import Scene

TEAM = "fbe2bf47-16c8-47cf-b4a5-4b9b187c508b"
BODY = {"id": TEAM, "displayName": "Ünïcode 🎉", "description": "x" * 100}


def told(scene: Scene, **changes: Any) -> list[dict[str, Any]]:
    """One team was updated, and somebody follows it with data."""
    scene.add("/teams", rich=True, certificate=reader().sent, certificate_id="mine/1", **changes)
    return scene.told("team", f"teams/{TEAM}", ids={"team": TEAM}, topics=("teams",), body=BODY)


@pytest.mark.facts("7.2")
@pytest.mark.parametrize("bits", [2048, 3072])
def test_it_can_be_opened(bits: int) -> None:
    data = json.dumps(BODY).encode()
    content = encryption.encrypted(data, reader(bits).sent, certificate_id="mine")
    assert reader(bits).open(content) == BODY


@pytest.mark.facts("7.2")
@pytest.mark.parametrize("length", [0, 1, 15, 16, 17, 31, 32])
def test_the_padding_is_always_there(length: int) -> None:
    """PKCS7 adds 1 to 16 bytes, also to whole blocks."""
    data = json.dumps("x" * length).encode()
    content = encryption.encrypted(data, reader().sent, certificate_id=None)
    assert len(base64.b64decode(str(content["data"]))) == len(data) // 16 * 16 + 16
    assert reader().open(content) == "x" * length


@pytest.mark.facts("7.1", "7.2")
def test_what_is_in_it() -> None:
    """Facts 7.1: the label is echoed, the thumbprint is SHA-1 of the DER in capitals; a signature of 44 characters."""
    content = told(Scene())[0]["encryptedContent"]
    assert content.keys() == {
        "data",
        "dataSignature",
        "dataKey",
        "encryptionCertificateId",
        "encryptionCertificateThumbprint",
    }
    assert content["encryptionCertificateId"] == "mine/1"
    assert content["encryptionCertificateThumbprint"] == reader().thumbprint
    assert len(content["dataSignature"]) == 44
    assert len(reader().key_of(content)) == 32
    assert reader().open(content) == BODY


@pytest.mark.facts("7.2")
def test_each_item_has_its_own_key() -> None:
    scene = Scene()
    told(scene)
    first, second = (each["encryptedContent"] for each in told(scene, app="another")[1:])
    assert reader().key_of(first) != reader().key_of(second)
    assert first["data"] != second["data"]
    assert reader().open(first) == reader().open(second)


@pytest.mark.facts("7.1")
def test_a_certificate_may_be_sent_as_pem() -> None:
    """Base64 of a PEM file, as some libraries read it, is the same certificate."""
    sent = base64.b64encode(reader().pem.encode()).decode()
    assert encryption.recipient(sent).thumbprint == reader().thumbprint


@pytest.mark.facts("7.1")
def test_no_data_for_an_app_that_asks_for_an_assignment() -> None:
    scene = Scene(app={"appRoleAssignmentRequired": True})
    assert "encryptedContent" not in told(scene)[0]
    assert scene.body()["validationTokens"] is None


def test_no_data_for_who_did_not_ask() -> None:
    scene = Scene()
    scene.add("/teams")
    items = scene.told("team", f"teams/{TEAM}", ids={"team": TEAM}, topics=("teams",), body=BODY)
    assert "encryptedContent" not in items[0]
