"""What is judged without asking anybody: keys, days, clocks, permissions, quotas, marks, principals, metrics."""

import dataclasses
import datetime as dt
from email.utils import format_datetime

import pytest

from reconciler.core.catalog import ENTRIES
from reconciler.core.errors import AnswerLost, CredentialRefused, Denied, Invalid, Throttled, Transient
from reconciler.daemon.asking import Failure, Reply, Stage
from reconciler.daemon.checks import tokens
from reconciler.daemon.checks.answers import answers_in_time
from reconciler.daemon.checks.clocks import clock_agrees, offset
from reconciler.daemon.checks.credentials import credential_days, key_fits
from reconciler.daemon.checks.encryption import EncryptionPair, encryption_checks, good_for, pair_fits, size_fits
from reconciler.daemon.checks.finding import Level
from reconciler.daemon.checks.permissions import permitted
from reconciler.daemon.checks.principals import assignment_not_required, unread
from reconciler.daemon.checks.receivers import ready, slow_answers
from reconciler.daemon.checks.running import run
from reconciler.graph.answers import Answer
from reconciler.graph.credentials import (
    CertificateCredential,
    GithubCredential,
    ManagedIdentityCredential,
    SecretCredential,
    TokenFileCredential,
)
from tests.support.key_pairs import pair, pem_of

NOW = dt.datetime.now(dt.UTC)
OK, WARNING, FAILURE, SKIPPED = Level.OK, Level.WARNING, Level.FAILURE, Level.SKIPPED
ENTRY = {entry.id: entry for entry in ENTRIES}


def credential(certificate="one", key=None, passphrase=None, **made):
    belonging = pair(certificate, **made)
    return CertificateCredential(belonging.pem.decode(), (key or belonging.key_pem).decode(), passphrase)


@pytest.mark.parametrize(
    ("days", "level"), [(60, OK), (31, OK), (29, WARNING), (-1, FAILURE)], ids=["long", "still", "soon", "ended"]
)
def test_the_days_of_a_credential(days, level):
    verdict = credential_days(credential(f"days{days}", days=days), NOW)
    assert verdict.level is level
    assert f"{NOW + dt.timedelta(days=days):%Y-%m-%d}" in verdict.found


def test_the_days_of_a_secret_are_not_known():
    verdict = credential_days(SecretCredential("hunter2"), NOW)
    assert verdict.level is SKIPPED
    assert "Certificates & secrets" in str(verdict.remedy)
    assert "hunter2" not in repr(verdict)


@pytest.mark.parametrize(
    "credential",
    [
        TokenFileCredential("/var/run/token"),
        GithubCredential("https://github.invalid", "hunter2", "api://x"),
        ManagedIdentityCredential(),
    ],
    ids=["token-file", "github", "managed-identity"],
)
def test_what_others_issue_does_not_end(credential):
    verdict = credential_days(credential, NOW)
    assert verdict.level is OK
    assert "hunter2" not in repr(verdict)


def test_a_credential_that_is_no_certificate():
    assert credential_days(CertificateCredential("nonsense", "nonsense"), NOW).level is FAILURE


def test_a_credential_whose_halves_belong_together():
    assert key_fits(credential()).level is OK
    hidden = pem_of(pair("one").key, b"open sesame")
    assert key_fits(credential(key=hidden, passphrase="open sesame")).level is OK


@pytest.mark.parametrize(
    ("wrong", "found"),
    [
        (credential("one", pair("two").key_pem), "is not that of its certificate"),
        (credential("one", b"nonsense"), "cannot be read"),
        (credential("one", pem_of(pair("one").key, b"secret")), "cannot be read"),
        (credential("one", pem_of(pair("one").key, b"secret"), "wrong"), "cannot be read"),
    ],
    ids=["another", "nonsense", "no-passphrase", "wrong-passphrase"],
)
def test_a_credential_that_cannot_be_used(wrong, found):
    verdict = key_fits(wrong)
    assert verdict.level is FAILURE
    assert found in verdict.found


def encryption(name="one", *, key="own", certificate=None, previous=False, **made):
    made_pair = pair(name, **made)
    private = made_pair.key_pem if key == "own" else key
    content = certificate or made_pair.pem
    return EncryptionPair(subject="Certificate rich", certificate=content, private_key=private, previous=previous)


@pytest.mark.parametrize(
    ("given", "level", "found"),
    [
        (encryption(), OK, "RSA with 2048 bits"),
        (encryption("curve", kind="ec"), FAILURE, "its key is not RSA"),
        (encryption(certificate=b"nonsense"), FAILURE, "no certificate in PEM"),
        (encryption(certificate="the file x cannot be read: gone"), FAILURE, "the file x cannot be read"),
    ],
    ids=["good", "curve", "nonsense", "absent"],
)
def test_the_size_of_an_encryption_key(given, level, found):
    verdict = size_fits(given)
    assert verdict.level is level
    assert found in verdict.found


@pytest.mark.parametrize(
    ("days", "previous", "level"), [(60, False, OK), (10, False, WARNING), (-2, False, FAILURE), (-2, True, OK)]
)
def test_the_days_of_an_encryption_certificate(days, previous, level):
    assert good_for(encryption(f"days{days}", days=days, previous=previous), NOW).level is level


@pytest.mark.parametrize(
    ("given", "level", "found"),
    [
        (encryption(), OK, "belongs to it"),
        (encryption(key=None), SKIPPED, "no private key is declared"),
        (encryption(key=pair("two").key_pem), FAILURE, "does not belong to the certificate"),
        (encryption(key="the file x is empty"), FAILURE, "the file x is empty"),
        (encryption(key=pem_of(pair("one").key, b"secret")), FAILURE, "is encrypted"),
    ],
    ids=["good", "none", "another", "absent", "passphrase"],
)
def test_the_private_key_of_an_encryption_certificate(given, level, found):
    verdict = pair_fits(given)
    assert verdict.level is level
    assert found in verdict.found


async def test_what_cannot_be_read_is_said_once():
    findings = await run(list(encryption_checks([encryption(certificate=b"nonsense")], now=NOW)))
    assert [(each.check, each.level) for each in findings] == [
        ("encryption-size", FAILURE),
        ("encryption-days", SKIPPED),
        ("encryption-key", SKIPPED),
    ]


@pytest.mark.parametrize(
    ("ahead", "level"), [(0.4, OK), (-20, OK), (40, WARNING), (-40, WARNING), (400, FAILURE), (-400, FAILURE)]
)
def test_a_clock_that_is_off(ahead, level):
    date = format_datetime(NOW.replace(microsecond=0), usegmt=True)
    # The header cuts off what is below a second, half of one on average.
    asked_at = NOW.replace(microsecond=500_000) + dt.timedelta(seconds=ahead)
    found = offset(date, asked_at=asked_at, seconds=0)
    assert found == pytest.approx(ahead)
    verdict = clock_agrees(found)
    assert verdict.level is level
    assert level is OK or ("ahead of" if ahead > 0 else "behind") in verdict.found


def test_the_time_that_the_answer_took_is_no_offset():
    date = format_datetime(NOW.replace(microsecond=0), usegmt=True)
    asked_at = NOW.replace(microsecond=500_000) - dt.timedelta(seconds=4)
    assert offset(date, asked_at=asked_at, seconds=8) == pytest.approx(0)


@pytest.mark.parametrize("date", ["", "yesterday", "2026"])
def test_no_date(date):
    assert clock_agrees(offset(date, asked_at=NOW, seconds=1)).level is SKIPPED


@pytest.mark.parametrize(
    ("entry", "roles", "level"),
    [
        ("teams", {"TeamSettings.Read.All"}, OK),
        ("teams", {"Team.ReadBasic.All", "User.Read.All"}, OK),
        ("teams", {"User.Read.All"}, FAILURE),
        ("teams", set(), FAILURE),
        ("team", {"User.Read.All"}, WARNING),
        ("health-alerts", {"User.Read.All"}, SKIPPED),
        (None, {"User.Read.All"}, SKIPPED),
    ],
    ids=["any-one", "least", "another", "none", "resource-specific", "undocumented", "uncatalogued"],
)
def test_permissions(entry, roles, level):
    verdict = permitted(ENTRY[entry] if entry else None, ["d", "c", "b", "a"], frozenset(roles))
    assert verdict.level is level
    assert "'a', 'b', 'c' and 1 more" in verdict.found
    if level is FAILURE:
        assert "grant the application Team.ReadBasic.All" in str(verdict.remedy)


def test_no_permission_at_all_is_said_to_be_that():
    assert "no permission at all" in str(permitted(ENTRY["teams"], ["a"], frozenset()).cause)
    assert "no permission at all" not in str(permitted(ENTRY["teams"], ["a"], frozenset({"X"})).cause)


@pytest.mark.parametrize(
    ("said", "endpoint", "token"),
    [
        (frozenset({"A"}), OK, OK),
        (CredentialRefused("the secret is wrong", status=401), OK, FAILURE),
        (CredentialRefused("the key is not that of the certificate"), OK, FAILURE),
        (Throttled("later", status=429), OK, FAILURE),
        (Transient("the endpoint answered 500", status=500), OK, FAILURE),
        (Transient("login.contoso.com cannot be reached"), FAILURE, FAILURE),
        (AnswerLost("lost"), FAILURE, FAILURE),
        (Denied("its certificate does not fit"), FAILURE, FAILURE),
    ],
    ids=["given", "secret", "key", "throttled", "broken", "unreachable", "lost", "untrusted"],
)
def test_the_token_endpoint(said, endpoint, token):
    assert tokens.endpoint_answered(said).level is endpoint
    assert tokens.token_given(said).level is token


@pytest.mark.parametrize(("value", "level"), [(False, OK), (True, WARNING), (None, SKIPPED), ("yes", SKIPPED)])
def test_whether_an_assignment_is_required(value, level):
    assert assignment_not_required(value).level is level


@pytest.mark.parametrize(
    ("error", "level"),
    [
        (Denied("no", status=403), SKIPPED),
        (Transient("busy", status=503), SKIPPED),
        (Invalid("not there", status=404), FAILURE),
    ],
)
def test_a_principal_that_cannot_be_read(error, level):
    verdict = unread(error)
    assert verdict.level is level
    assert level is FAILURE or "Assignment required?" in str(verdict.remedy)


def reply(status, content=b""):
    return Reply(seconds=0.1, answer=Answer(status, content, {}))


@pytest.mark.parametrize(("seconds", "level"), [(0.2, OK), (3.5, WARNING), (10.2, FAILURE)])
def test_how_long_a_whole_answer_took(seconds, level):
    """One that came byte by byte is whole too late."""
    assert answers_in_time(dataclasses.replace(reply(200), seconds=seconds)).level is level


AWAY = Reply(seconds=1.0, failure=Failure(Stage.CONNECTION, "Connection refused"))


def metrics(answers, slow, late):
    return reply(
        200,
        f"# HELP reconciler_answers_in_window How many\nreconciler_answers_in_window {answers}\n"
        f"reconciler_answers_over_3s_ratio {slow}\nreconciler_answers_over_10s_ratio {late}\nother 7\n".encode(),
    )


@pytest.mark.parametrize(
    ("given", "level", "found"),
    [
        (metrics("120.0", "0.0", "0.0"), OK, "of its 120 answers in 10 minutes 0.0% took over 3 s"),
        (metrics("120.0", "0.06", "0.0"), WARNING, "6.0% took over 3 s"),
        (metrics("120.0", "0.05", "0.08"), WARNING, "8.0% over 10 s"),
        (metrics("120.0", "0.11", "0.0"), FAILURE, "Graph delays them by 10 minutes"),
        (metrics("120.0", "0.2", "0.16"), FAILURE, "Graph drops notifications"),
        (metrics("0.0", "0.0", "0.0"), SKIPPED, "it has answered nothing"),
        (metrics("1e999", "x", "0"), OK, "of its"),
        (reply(200, b"hello"), FAILURE, "no figures of a receiver"),
        (AWAY, FAILURE, "it does not answer: Connection refused"),
    ],
    ids=["fine", "nearly-slow", "nearly-drop", "slow", "drop", "idle", "odd", "another", "away"],
)
def test_slow_answers(given, level, found):
    verdict = slow_answers(given)
    assert verdict.level is level
    assert found in verdict.found


@pytest.mark.parametrize(
    ("given", "level", "found"),
    [
        (reply(200), OK, "ready"),
        (reply(503, b'{"ready": false, "problems": {"store": "locked"}}'), FAILURE, "not ready: store: locked"),
        (reply(503, b"<html>"), FAILURE, "without a reason"),
        (reply(404), FAILURE, "/readyz answered 404"),
        (AWAY, FAILURE, "it does not answer"),
    ],
    ids=["ready", "not-ready", "no-json", "another", "away"],
)
def test_readiness(given, level, found):
    verdict = ready(given)
    assert verdict.level is level
    assert found in verdict.found


def test_every_verdict_that_is_not_well_says_why_and_what_to_do():
    """For failures and warnings ``failed`` and ``warned`` ask for both; that they are sentences is seen here."""
    for verdict in (
        slow_answers(AWAY),
        credential_days(credential("days-1", days=-1), NOW),
        assignment_not_required(value=True),
        permitted(ENTRY["teams"], ["a"], frozenset()),
    ):
        for sentence in dataclasses.astuple(verdict)[1:]:
            assert sentence
            assert not sentence.endswith(".")
