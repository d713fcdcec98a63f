"""``reconcile destroy``: everything that is owned goes, once the owner was typed, and nothing else."""

import datetime as dt

import pytest

from tests.cli.support import OWNER, endpoint, local_tenant, settings, subscription, write


@pytest.fixture
def manifests(environment, emulator, reconcile):
    folder = environment / "manifests"
    url = "https://localhost:${RECEIVER_PORT}/notifications"
    public = endpoint(notificationUrl=url, lifecycleNotificationUrl=url)
    safe = subscription("safe", 3, management={"protect": True})
    write(folder / "all.yaml", settings(), local_tenant(), public, subscription("hr", 1), subscription("it", 2), safe)
    assert reconcile().code == 0
    return folder


def held(emulator):
    return sorted(each["resource"][-1] for each in emulator.subscriptions())


def put_foreign(emulator, receiver):
    """One of somebody else, whose resource ends with a 9."""
    expires_at = dt.datetime.now(dt.UTC) + dt.timedelta(hours=2)
    body = {
        "changeType": "updated",
        "resource": "/teams/0a1b2c3d-0000-4000-8000-000000000009",
        "notificationUrl": receiver.url("/theirs"),
        "lifecycleNotificationUrl": receiver.url("/theirs"),
        "expirationDateTime": expires_at.isoformat(),
    }
    with emulator.client(timeout=20) as client:
        headers = {"Authorization": f"Bearer {emulator.token()}"}
        assert client.post("/v1.0/subscriptions", json=body, headers=headers).status_code == 201


def test_all_of_ours_but_what_is_protected(reconcile, manifests, emulator, receiver):
    put_foreign(emulator, receiver)
    ran = reconcile("destroy", "--yes", OWNER)
    assert "hr" in ran.out
    assert held(emulator) == ["3", "9"]
    assert ran.code == 0


def test_a_protected_one_goes_once_it_is_not_any_more(reconcile, manifests, emulator):
    reconcile("destroy", "--yes", OWNER)
    text = (manifests / "all.yaml").read_text()
    (manifests / "all.yaml").write_text(text.replace('"protect": true', '"protect": false'))
    reconcile("--only", "safe")
    assert reconcile("destroy", "--yes", OWNER).code == 0
    assert held(emulator) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param([], f"give --yes {OWNER}", id="nobody-to-ask"),
        pytest.param(["--yes", "somebody"], f"the owner is '{OWNER}'", id="another-owner"),
        pytest.param(["--yes", OWNER, "--tenant", "nowhere"], "none of that name", id="unknown-tenant"),
    ],
)
def test_nothing_goes_by_mistake(reconcile, manifests, emulator, arguments, said):
    ran = reconcile("destroy", *arguments)
    assert ran.code == 64
    assert said in ran.err
    assert held(emulator) == ["1", "2", "3"]


class Terminal:
    def __init__(self, typed):
        self.typed = typed

    def isatty(self):
        return True

    def readline(self):
        return self.typed


@pytest.mark.parametrize(
    ("typed", "code", "left"),
    [
        pytest.param(f"{OWNER}\n", 0, ["3"], id="the-owner"),
        pytest.param("yes\n", 64, ["1", "2", "3"], id="something-else"),
        pytest.param("", 64, ["1", "2", "3"], id="the-end-of-input"),
    ],
)
def test_somebody_types(reconcile, manifests, emulator, monkeypatch, typed, code, left):
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    ran = reconcile("destroy")
    assert ran.code == code
    assert f"type the owner ({OWNER})" in ran.err
    assert held(emulator) == left


def test_an_incomplete_list_is_no_reason(reconcile, manifests, emulator):
    """What may be Graph's mistake is not let through by asking for everything."""
    emulator.faults({"list": "foreign-next-link"})
    ran = reconcile("destroy", "--yes", OWNER)
    assert ran.code == 3
    assert held(emulator) == ["1", "2", "3"]


def test_with_a_tenant_that_cannot_be_read_nothing_goes_anywhere(reconcile, manifests, emulator):
    write(manifests / "more.yaml", local_tenant("fabrikam", tenantId="11111111-1111-4111-8111-111111111111"))
    text = (manifests / "all.yaml").read_text()
    (manifests / "all.yaml").write_text(text.replace('"resource": "/teams', '"tenant": "contoso", "resource": "/teams'))
    ran = reconcile("destroy", "--yes", OWNER)
    assert ran.code == 1
    assert "nothing was deleted, as not every tenant could be read" in ran.err
    assert held(emulator) == ["1", "2", "3"]
    assert reconcile("destroy", "--yes", OWNER, "--tenant", "contoso").code == 0


def test_what_would_go_is_shown_where_nobody_can_be_asked(reconcile, manifests):
    assert "- hr" in reconcile("destroy").out


def test_what_is_left_on_removal_stays(reconcile, manifests, emulator):
    text = (manifests / "all.yaml").read_text()
    (manifests / "all.yaml").write_text(text.replace('"protect": true', '"onRemoval": "leave"'))
    reconcile("--only", "safe")
    assert reconcile("destroy", "--yes", OWNER).code == 0
    assert held(emulator) == ["3"]
