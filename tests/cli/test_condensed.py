"""Of ten thousand manifests the daemon keeps what they come to, and a digest that tells when they say other things."""

import datetime as dt
from pathlib import Path

import pytest

from reconciler.cli.arguments import parse
from reconciler.cli.loading import load
from tests.cli.support import endpoint, local_tenant, settings, subscription, write

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def loaded(*subscriptions):
    write(Path("manifests/all.yaml"), settings(), local_tenant(), endpoint(), *subscriptions)
    return load(parse(["validate", "-f", "manifests"]), confined=False, now=NOW)


def test_what_they_come_to_stays():
    found = loaded(subscription("mail"))
    assert found.condensed.wanted.manifests.subscriptions == ()
    assert found.condensed.wanted.desired == found.wanted.desired != ()
    assert found.condensed.wanted.manifests.endpoints == found.wanted.manifests.endpoints


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        pytest.param({}, True, id="nothing"),
        pytest.param({"changeTypes": ["deleted", "updated"]}, False, id="something"),
        pytest.param({"draft": True}, False, id="what-comes-to-nothing"),
    ],
)
def test_the_digest_tells_whether_they_say_the_same(changes, same):
    before = loaded(subscription("mail", changeTypes=["updated"])).spelling
    after = loaded(subscription("mail", **{"changeTypes": ["updated"], **changes})).spelling
    assert (after == before) is same
