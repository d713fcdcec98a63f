"""``reconcile explain --error``: what an error means, from whatever was pasted."""

import io
import json

import pytest

ID = "7f105c7d-2dc5-4530-97cd-4e7ae6534c07"
FORBIDDEN = "Operation: Create; Exception: [Status Code: Forbidden; Reason: Forbidden]"


def test_for_people(reconcile):
    ran = reconcile("explain", "--error", f"POST subscriptions: Graph answered 403 ExtensionError: {FORBIDDEN}")
    assert ran.code == 0
    assert ran.out.splitlines() == [
        "class    Denied: a person must act, retrying is noise",
        "cause    the application lacks a permission for the resource; it surfaces after our endpoint was validated",
        (
            "remedy   grant the application what `reconcile permissions` names, with admin consent; a token that was"
            " given before lasts an hour"
        ),
        "next     it is tried again after 5m, then ever more slowly, up to every 1h; it is said once",
        "source   facts 1.6, 3.5, 4",
        "read as  status 403, code ExtensionError",
    ]


def test_for_pipelines(reconcile):
    error = {"code": "ResourceNotFound", "message": "The object was not found.", "innerError": {"request-id": ID}}
    ran = reconcile("explain", "--error", "-", "--format", "json", stdin=json.dumps({"error": error}, indent=2))
    assert ran.code == 0
    assert {key: ran.json[key] for key in ("known", "class", "status", "code", "requestId", "source")} == {
        "known": True,
        "class": "Gone",
        "status": None,
        "code": "ResourceNotFound",
        "requestId": ID,
        "source": "facts 3.1, 3.5",
    }


def test_a_text_that_is_not_known(reconcile):
    ran = reconcile("explain", "--error", "the moon is full")
    assert ran.code == 1
    assert ran.out.startswith("This text is not known.\n")
    assert "tried again after 5 s" in ran.out


def test_a_status_beside_it(reconcile):
    assert reconcile("explain", "--error", "the moon is full", "--status", "503").out.startswith("class    Transient")


@pytest.mark.parametrize(
    "text",
    [
        "https://hooks.example/n?code=hunter2 Subscription validation request timed out.",
        '{"error": {"code": "hunter2 is it", "message": "Caller does not have access to hunter2"}}',
        "Bearer hunter2 reached its limit of",
    ],
    ids=["url", "code", "token"],
)
def test_what_was_pasted_is_not_printed(reconcile, text):
    for form in ("text", "json"):
        ran = reconcile("explain", "--error", text, "--format", form)
        assert ran.code == 0
        assert "hunter2" not in ran.out + ran.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "name one subscription, or give --error TEXT"),
        (("hr", "--error", "x"), "name one subscription, or give --error TEXT"),
        (("hr", "--status", "403"), "--status goes with --error"),
        (("--error", "x", "--live", "f"), "go with a subscription's name"),
        (("hr", "--now", "2026-03-01T12:00:00Z"), "--now goes with --live"),
        (("--error", "x", "--status", "many"), "invalid int value"),
    ],
    ids=["nothing", "both", "status", "live", "now", "no-number"],
)
def test_wrong_usage(reconcile, arguments, words):
    ran = reconcile("explain", *arguments)
    assert ran.code == 64
    assert words in ran.err


def test_bytes_that_are_no_text(reconcile, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\xff\xfe{\x00 AADSTS7000215")))
    assert reconcile("explain", "--error", "-").code == 0
