"""Plans for Event Hubs and Event Grid: the mark stands in the lifecycle URL, and nobody can patch that."""

import dataclasses
import datetime as dt

import pytest

from reconciler.core.bodies import creation
from reconciler.core.desired import Adopt
from reconciler.core.live import read_live
from reconciler.core.mark import Mark
from reconciler.core.redaction import redact
from reconciler.core.times import spell_time
from reconciler.core.world import World
from tests.core.test_destinations import GRID, HUB, VAULT
from tests.core.world import HOOK, LIFECYCLE, NOW, OWNER, SIXTY_HOURS, hours, lines, planned, want

BIRTH = "0123456789"
MANAGED = {"protect": True, "leave": True}


def wanted(name="mail", url=HUB, **fields):
    return want(name, notification_url=url, **fields)


def made(desired, *, left=SIXTY_HOURS, identifier="1", owner=OWNER, **body):
    """What Graph has after ``desired`` was created; ``body`` is what it returns otherwise."""
    mark = desired.mark(owner, birth=BIRTH, key="k1")
    sent = creation(desired, mark, expires_at=NOW + left, client_state=None)
    return read_live({"id": identifier, **sent, **body})


IN_SYNC = wanted()
FOREIGN = {"lifecycleNotificationUrl": LIFECYCLE}


@pytest.mark.parametrize(
    ("desired", "live", "expected"),
    [
        pytest.param([IN_SYNC], [], ["create mail Missing"], id="missing"),
        pytest.param([IN_SYNC], [made(IN_SYNC)], [], id="in-sync"),
        pytest.param([IN_SYNC], [made(IN_SYNC, left=hours(3))], ["renew mail RenewalDue"], id="renewal-due"),
        pytest.param(
            [IN_SYNC],
            [made(IN_SYNC, notificationUrl=HUB.replace("contoso.s", "Contoso.s"))],
            [],
            id="hub-spelled-otherwise",
        ),
        pytest.param(
            [wanted(url=GRID)],
            [
                made(
                    wanted(url=GRID),
                    notificationUrl=GRID.removesuffix("&location=westeurope"),
                    resource="users/mail/messages",
                    changeType="created",
                )
            ],
            [],
            id="grid-as-graph-returns-it",
        ),
        pytest.param(
            [IN_SYNC], [made(wanted(url=VAULT))], ["update mail NotificationUrlChanged"], id="delivered-to-another-hub"
        ),
        pytest.param(
            [wanted(url=GRID)], [made(IN_SYNC)], ["update mail NotificationUrlChanged"], id="from-a-hub-to-a-topic"
        ),
        pytest.param(
            [IN_SYNC], [made(want("mail"))], ["replace mail NotificationUrlChanged"], id="from-https-to-a-hub"
        ),
        pytest.param(
            [want("mail")], [made(IN_SYNC)], ["replace mail NotificationUrlChanged"], id="from-a-hub-to-https"
        ),
        pytest.param(
            [want("mail")],
            [made(want("mail"), notificationUrl=HUB)],
            ["update mail MarkLost"],
            id="somebody-sent-it-to-a-hub",
        ),
        pytest.param(
            [IN_SYNC],
            [made(IN_SYNC, notificationUrl=HOOK)],
            ["update mail NotificationUrlChanged"],
            id="somebody-sent-it-to-https",
        ),
        pytest.param(
            [wanted("new", previously=frozenset({"mail"}), resource="users/mail/messages")],
            [made(IN_SYNC)],
            ["replace new Renamed"],
            id="renamed",
        ),
        pytest.param([wanted(**MANAGED)], [made(IN_SYNC)], [], id="management-cannot-be-written"),
        pytest.param([IN_SYNC], [made(wanted(**MANAGED))], [], id="management-cannot-be-unwritten"),
        pytest.param(
            [wanted(changes="created,updated")],
            [made(IN_SYNC)],
            ["replace mail ImmutableFieldChanged"],
            id="other-change-types",
        ),
        pytest.param([wanted(key_ids=("k2",))], [made(IN_SYNC)], ["replace mail KeyUnknown"], id="key-not-in-the-ring"),
        pytest.param([], [made(IN_SYNC)], ["delete mail NotInManifests"], id="no-manifest"),
        pytest.param([], [made(wanted(leave=True))], [], id="no-manifest-and-left"),
        pytest.param(
            [], [made(wanted(protect=True))], ["delete mail NotInManifests Protected"], id="no-manifest-and-protected"
        ),
        pytest.param([], [made(IN_SYNC, notificationUrl=HOOK)], [], id="no-manifest-and-sent-elsewhere-by-somebody"),
        pytest.param([], [made(want("mail"), notificationUrl=HUB)], [], id="no-manifest-and-sent-to-a-hub-by-somebody"),
        pytest.param([], [made(IN_SYNC, owner="them")], [], id="anothers"),
        pytest.param([], [made(IN_SYNC, **FOREIGN)], [], id="foreign"),
        pytest.param(
            [wanted(adopt=Adopt())],
            [made(IN_SYNC, **FOREIGN)],
            ["replace mail AdoptionRequested"],
            id="adopted-by-a-replacement",
        ),
        pytest.param(
            [IN_SYNC],
            [made(IN_SYNC), made(IN_SYNC, identifier="2")],
            ["delete mail Duplicate"],
            id="twins",
        ),
    ],
)
def test_plan(desired, live, expected):
    assert lines(planned(desired, live, prune=True, allow=frozenset({"removals", "empty"}))) == expected


@pytest.mark.parametrize("desired", [wanted(**MANAGED), wanted(url=GRID, **MANAGED)], ids=["hub", "grid"])
def test_only_the_lifecycle_url_bears_the_mark(desired):
    mark = desired.mark(OWNER, birth=BIRTH, key="k1")
    body = creation(desired, mark, expires_at=NOW, client_state=None)
    assert body["notificationUrl"] == desired.notification_url
    assert body["lifecycleNotificationUrl"] == f"{LIFECYCLE}?reconciler={mark}"
    assert str(mark).endswith(f".{desired.asked.digest}pl")


def test_elsewhere_the_lifecycle_url_bears_no_digest():
    mark = want().mark(OWNER, birth=BIRTH, key="k1")
    body = creation(want(), mark, expires_at=NOW, client_state=None)
    assert body["lifecycleNotificationUrl"] == f"{LIFECYCLE}?reconciler={mark.for_lifecycle}"


def test_what_is_written_on_it_wins_over_what_is_remembered():
    """The store remembers neither the digest nor whether it is protected."""
    live = made(wanted(protect=True))
    remembered = Mark(OWNER, "mail", BIRTH, "k1")
    assert lines(planned([], [live], marks={"1": remembered})) == ["delete mail NotInManifests Protected"]
    assert World("contoso", (live,), marks={"1": remembered}).owned(OWNER)[0].mark.digest == IN_SYNC.asked.digest


@pytest.mark.parametrize("url", [HUB, GRID], ids=["hub", "grid"])
def test_a_snapshot_plans_alike(url):
    desired = wanted(url=url)
    sent = creation(
        desired, desired.mark(OWNER, birth=BIRTH, key="k1"), expires_at=NOW + SIXTY_HOURS, client_state=None
    )
    shown = {name: redact(sent[name]) for name in ("notificationUrl", "lifecycleNotificationUrl")}
    live = read_live({"id": "1", **sent, **shown})
    assert lines(planned([desired], [live])) == []
    assert lines(planned([wanted(url=VAULT)], [live])) == ["update mail NotificationUrlChanged"]


def test_the_older_digest_of_a_canonical_form_is_no_difference():
    older = dataclasses.replace(IN_SYNC.asked, resource="an older canonical form")
    live = made(dataclasses.replace(IN_SYNC, asked=older))
    assert lines(planned([IN_SYNC], [live])) == []
    assert spell_time(live.expires_at) == spell_time(NOW + dt.timedelta(hours=60))
