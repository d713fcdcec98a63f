"""``certificates new`` makes a pair that Graph and the receiver take, for its owner alone, and overwrites nothing."""

import datetime as dt
import os
import stat
from pathlib import Path

import pytest
import yaml
from cryptography import x509

from reconciler.core.certificate import PublicCertificate, outline, read_certificate
from reconciler.core.source import Source
from reconciler.receiver.private_keys import KeyPairFiles, read_private_keys
from tests.cli.conftest import Reconcile
from tests.cli.support import endpoint, settings, tenant, write

NOW = dt.datetime.now(dt.UTC)
QUICK = ("--bits", "2048")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("bits", [2048, 4096])
def test_graph_and_the_receiver_take_it(reconcile: Reconcile, bits: int) -> None:
    ran = reconcile("certificates", "new", "rich-2027", "--bits", bits, "--days", 30)
    assert (ran.code, ran.err) == (0, "")
    pem, key = Path("rich-2027.pem").read_bytes(), Path("rich-2027.key").read_bytes()
    public = read_certificate(pem, source=Source("m.yaml"), now=NOW)
    assert isinstance(public, PublicCertificate)
    assert public.thumbprint in ran.out
    keys, problems = read_private_keys([KeyPairFiles(Source("m.yaml"), pem, key)])
    assert (set(keys.by_thumbprint), problems) == ({public.thumbprint}, ())
    told = outline(pem)
    assert told
    assert told.bits == bits
    assert dt.timedelta(days=30) - dt.timedelta(minutes=5) < told.not_after - NOW <= dt.timedelta(days=30, minutes=5)
    certificate = x509.load_pem_x509_certificate(pem)
    certificate.verify_directly_issued_by(certificate)
    assert certificate.subject.rfc4514_string() == "CN=rich-2027"


def test_for_the_owner_alone(reconcile: Reconcile) -> None:
    before = os.umask(0)
    try:
        assert reconcile("certificates", "new", "rich", *QUICK).code == 0
    finally:
        os.umask(before)
    assert (mode(Path("rich.key")), mode(Path("rich.pem"))) == (0o600, 0o644)


def test_what_it_prints_is_a_manifest(reconcile: Reconcile, environment: Path) -> None:
    folder = environment / "manifests"
    write(folder / "all.yaml", settings(), tenant(), endpoint())
    ran = reconcile("certificates", "new", "rich-2027", *QUICK, "--out", "manifests")
    assert "# To take the place of a certificate that is in use:\n" in ran.out
    assert "PRIVATE KEY-" not in ran.out
    (environment / "certificate.yaml").write_text(ran.out)  # its paths are relative to where it was made
    assert reconcile("validate", "-f", folder, "-f", "certificate.yaml").code == 0


def test_for_programs(reconcile: Reconcile) -> None:
    ran = reconcile("certificates", "new", "rich-2027", *QUICK, "--format", "json")
    document = ran.json
    assert (document["schemaVersion"], document["certificate"], document["privateKey"], document["bits"]) == (
        1,
        "rich-2027.pem",
        "rich-2027.key",
        2048,
    )
    assert document["manifest"]["spec"]["privateKey"] == {"file": "rich-2027.key"}
    text = reconcile("certificates", "new", "rich-2028", *QUICK)
    (manifest,) = yaml.safe_load_all(text.out)
    assert manifest == {
        "apiVersion": "reconciler/v1",
        "kind": "Certificate",
        "metadata": {"name": "rich-2028"},
        "spec": {"certificate": {"file": "rich-2028.pem"}, "privateKey": {"file": "rich-2028.key"}, "previous": []},
    }


@pytest.mark.parametrize("name", ["rich.key", "rich.pem"])
@pytest.mark.parametrize("kind", ["file", "dangling-link"])
def test_nothing_is_overwritten(reconcile: Reconcile, environment: Path, name: str, kind: str) -> None:
    if kind == "file":
        (environment / name).write_text("mine")
    else:
        (environment / name).symlink_to("elsewhere")
    ran = reconcile("certificates", "new", "rich", *QUICK)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (f"reconcile: {name} exists already and is not overwritten: take another name or another --out\n")
    assert [each.name for each in environment.iterdir()] == [name]


@pytest.mark.parametrize("name", ["rich.key", "rich.pem"])
def test_not_even_what_comes_in_the_last_moment(
    reconcile: Reconcile, environment: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (environment / name).write_text("mine")
    monkeypatch.setattr("reconciler.cli.certificate_new.refuse_present", lambda *_: None)
    ran = reconcile("certificates", "new", "rich", *QUICK)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == f"reconcile: {name} exists already and is not overwritten: take another name\n"
    assert [(each.name, each.read_text()) for each in environment.iterdir()] == [(name, "mine")]


def test_a_folder_that_is_not_there(reconcile: Reconcile) -> None:
    ran = reconcile("certificates", "new", "rich", "--out", "nowhere")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "reconcile: the folder nowhere does not exist: make it, or name another with --out\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["Rich"], "the name 'Rich' is not made of a-z, 0-9 and -, at most 63 characters"),
        (["../rich"], "the name '../rich' is not made of a-z"),
        (["r" * 64], "at most 63 characters"),
        (["rich", "--bits", "1024"], "1024 will not do: Graph encrypts with RSA keys of 2048 to 4096 bits only"),
        (["rich", "--bits", "8192"], "8192 will not do: "),
        (["rich", "--days", "3651"], "3651 will not do: a certificate is made for 3650 days at the most"),
        (["rich", "--days", "0"], "'0' is not a whole number greater than zero"),
        ([], "the following arguments are required: NAME"),
    ],
)
def test_wrong_usage(reconcile: Reconcile, environment: Path, arguments: list[str], said: str) -> None:
    ran = reconcile("certificates", "new", *arguments)
    assert (ran.code, ran.out) == (64, "")
    assert said in ran.err
    assert list(environment.iterdir()) == []
