"""Which certificates the manifests know: those that Graph encrypts for, and the previous ones, which may be over."""

import datetime as dt

import pytest

from reconciler.core.certificate import outline
from reconciler.core.manifest import Text, read_manifests
from reconciler.core.source import Severity
from reconciler.core.wanted import Wanted, certificate_files, examine
from tests.core.test_certificate import NOW, pem, private_pem

CERTIFICATES = """
apiVersion: reconciler/v1
kind: Certificate
metadata: {name: rich}
spec:
  certificate: {file: new.pem}
  previous:
    - certificate: {file: old.pem}
    - certificate: {file: older.pem}
---
apiVersion: reconciler/v1
kind: Certificate
metadata: {name: other}
spec: {certificate: {file: other.pem}}
"""
NEW, OLD, OLDER, OTHER = pem("2048"), pem("3072"), pem("2048", days=-5), pem("4096")
ABSENT = "the file old.pem cannot be read: No such file or directory"


def examined(**changed: bytes | str) -> Wanted:
    contents = {"new": NEW, "old": OLD, "older": OLDER, "other": OTHER} | changed
    manifests = read_manifests([Text("m.yaml", CERTIFICATES, "folder")], {})
    files = {file: contents[file.path.removesuffix(".pem")] for file in certificate_files(manifests)}
    return examine(manifests, files, owner="contoso-prod", now=NOW)


def thumbprints(*pems: bytes) -> set[str]:
    return {found.thumbprint for found in map(outline, pems) if found}


def test_the_files_are_named_with_their_place_the_current_one_first():
    found = list(certificate_files(read_manifests([Text("m.yaml", CERTIFICATES, "folder")], {})))
    assert [(file.name, file.path, file.previous, str(file.source)) for file in found] == [
        ("rich", "new.pem", False, "m.yaml:6:23"),
        ("rich", "old.pem", True, "m.yaml:8:27"),
        ("rich", "older.pem", True, "m.yaml:9:27"),
        ("other", "other.pem", False, "m.yaml:14:28"),
    ]
    assert {file.base for file in found} == {"folder"}


def test_current_and_previous_ones_are_known_expired_or_not():
    wanted = examined()
    assert wanted.problems == ()
    assert wanted.known_thumbprints == thumbprints(NEW, OLD, OLDER, OTHER)
    assert len(wanted.known_thumbprints) == 4
    assert wanted.thumbprints_whole


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        pytest.param(ABSENT, "unreadable-file", id="absent"),
        pytest.param(b"nonsense", "certificate-invalid", id="nonsense"),
        pytest.param(b"", "certificate-invalid", id="empty"),
    ],
)
def test_a_previous_one_that_cannot_be_read_is_a_warning_and_the_set_is_not_whole(content, rule):
    wanted = examined(old=content)
    (problem,) = wanted.problems
    assert (problem.rule, problem.severity, str(problem.source)) == (rule, Severity.WARNING, "m.yaml:8:27")
    assert wanted.errors == ()
    assert wanted.known_thumbprints == thumbprints(NEW, OLDER, OTHER)
    assert not wanted.thumbprints_whole


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        pytest.param(private_pem("3072") + OLD, "private-key", id="its-key-beside-it"),
        pytest.param(pem("ec"), "certificate-key", id="elliptic"),
    ],
)
def test_a_previous_one_with_another_fault_is_a_warning_and_known(content, rule):
    wanted = examined(old=content)
    (problem,) = wanted.problems
    assert (problem.rule, problem.severity) == (rule, Severity.WARNING)
    assert wanted.known_thumbprints == thumbprints(NEW, content, OLDER, OTHER)
    assert wanted.thumbprints_whole


def test_a_current_one_that_is_over_is_an_error_and_known():
    wanted = examined(new=OLDER)
    assert [(problem.rule, problem.severity) for problem in wanted.problems] == [
        ("certificate-expired", Severity.ERROR)
    ]
    assert thumbprints(OLDER) < wanted.known_thumbprints


def test_what_is_told_of_a_certificate():
    found = outline(pem("3072", days=-5))
    assert found
    assert (found.bits, found.not_after) == (3072, NOW - dt.timedelta(days=5))
    elliptic = outline(pem("ec"))
    assert elliptic
    assert elliptic.bits is None
    assert outline(private_pem("2048")) is None
