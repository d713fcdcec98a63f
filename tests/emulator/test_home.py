"""Starting: what is in the home, what is refused, what is cleared away (design: section 9 of the emulator)."""

import asyncio
import datetime as dt
import json
import os
import socket
import ssl
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography import x509

from reconciler.emulator import EmulatorError, Options, certificates, serve
from reconciler.emulator.home import Home
from tests.support.emulator import RunningEmulator
from tests.support.receiver import ValidationReceiver

KEYS = {
    "authority",
    "caFile",
    "clientCertificate",
    "clientId",
    "clientKey",
    "clientSecret",
    "graph",
    "pid",
    "receiverCertificate",
    "receiverKey",
    "tenantId",
}


def test_emulator_json_has_exactly_these_keys(emulator: RunningEmulator) -> None:
    written = json.loads((emulator.home / "emulator.json").read_text())
    assert written == emulator.info
    assert written.keys() == KEYS
    assert written["pid"] == os.getpid()
    assert written["graph"] == written["authority"]
    assert written["graph"].count("/") == 2
    paths = [written[name] for name in KEYS if name.endswith(("File", "Key", "Certificate"))]
    assert all(Path(path).is_absolute() and Path(path).is_file() for path in paths)


def test_private_files_are_private(emulator: RunningEmulator) -> None:
    private = ("client.key", "emulator.json", "identity.json", "receiver.key", "server.key", "signing.key")
    assert {stat.S_IMODE((emulator.home / name).stat().st_mode) for name in private} == {0o600}


def test_a_second_start_in_a_home_is_the_same_service(tmp_path: Path) -> None:
    changing = {"graph", "authority", "pid"}
    with RunningEmulator(tmp_path) as first:
        before = {name: value for name, value in first.info.items() if name not in changing}
        token = first.token()
        files = {name: (tmp_path / name).read_bytes() for name in ("ca.pem", "server.pem", "client.key")}
    assert not (tmp_path / "emulator.json").exists()
    port = int(first.graph.rpartition(":")[2])
    with RunningEmulator(tmp_path, port=port) as second, second.client() as client:
        assert {name: value for name, value in second.info.items() if name not in changing} == before
        assert {name: (tmp_path / name).read_bytes() for name in files} == files
        answer = client.get("/v1.0/subscriptions", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200


@pytest.mark.parametrize("spoiled", ["ca.pem", "server.pem", "receiver.key", "client.pem"])
def test_an_incomplete_home_gets_new_certificates(tmp_path: Path, spoiled: str) -> None:
    home = Home(tmp_path)
    identity = home.prepare()
    home.close()
    (tmp_path / spoiled).write_text("spoiled")
    assert home.prepare() == identity
    home.close()
    assert home._certificates_are_good(dt.datetime.now(dt.UTC))


def test_certificates_that_are_about_to_expire_are_made_anew(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.prepare()
    home.close()
    almost = dt.datetime.now(dt.UTC) + certificates.LIFETIME - dt.timedelta(days=6)
    assert not home._certificates_are_good(almost)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_certificates_pass_the_strict_checks_of_python_3_13(emulator: RunningEmulator, host: str) -> None:
    context = ssl.create_default_context(cafile=emulator.info["caFile"])
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    port = int(emulator.graph.rpartition(":")[2])
    with (
        socket.create_connection(("127.0.0.1", port)) as plain,
        context.wrap_socket(plain, server_hostname=host) as secure,
    ):
        assert secure.version() == "TLSv1.3"


def test_the_receivers_certificate_is_strict_too(emulator: RunningEmulator, receiver: ValidationReceiver) -> None:
    context = ssl.create_default_context(cafile=emulator.info["caFile"])
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    with (
        socket.create_connection(("127.0.0.1", receiver.port)) as plain,
        context.wrap_socket(plain, server_hostname="localhost"),
    ):
        pass


def test_the_client_certificate_is_rsa_2048(emulator: RunningEmulator) -> None:
    certificate = x509.load_pem_x509_certificate(Path(emulator.info["clientCertificate"]).read_bytes())
    assert certificate.public_key().key_size == 2048  # type: ignore[union-attr]  # that it is RSA is the point


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({"host": "0.0.0.0"}, "not a loopback address", id="all-interfaces"),
        pytest.param({"host": "192.0.2.1"}, "not a loopback address", id="another-host"),
        pytest.param({"host": "example.com"}, "use 127.0.0.1, ::1 or localhost", id="a-name"),
        pytest.param({"port": 70000}, "use a number from 0", id="port"),
        pytest.param({"page_size": 0}, "greater than zero", id="page-size"),
        pytest.param({"behaviours": {"twin": "accept"}}, "unknown behaviour 'twin'", id="behaviour"),
        pytest.param({"behaviours": {"twins": "maybe"}}, "use one of accept, conflict", id="value"),
    ],
)
async def test_wrong_options_are_refused(tmp_path: Path, changes: dict[str, object], message: str) -> None:
    options = Options(**({"home": tmp_path, "port": 0} | changes))  # type: ignore[arg-type]  # a table of wrong ones
    with pytest.raises(EmulatorError, match=message):
        await serve(options)


async def test_a_port_in_use_is_refused_and_the_home_left_alone(emulator: RunningEmulator, tmp_path: Path) -> None:
    port = int(emulator.graph.rpartition(":")[2])
    with pytest.raises(EmulatorError, match=f"cannot listen on 127.0.0.1:{port}: .*choose another one"):
        await serve(Options(home=tmp_path / "home", port=port))
    assert not (tmp_path / "home").exists()


async def test_a_home_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EmulatorError, match=r"as the emulator's home: .*--home"):
        await serve(Options(home=tmp_path / "file" / "home", port=0))


async def test_cancelling_ends_it_and_removes_emulator_json(tmp_path: Path) -> None:
    ready = asyncio.Event()
    task = asyncio.create_task(serve(Options(home=tmp_path, port=0), ready=lambda _: ready.set()))
    await asyncio.wait_for(ready.wait(), 10)
    assert (tmp_path / "emulator.json").exists()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not (tmp_path / "emulator.json").exists()


def test_importing_it_is_cheap() -> None:
    heavy = "{'starlette', 'uvicorn', 'cryptography', 'httpx', 'jwt', 'odata_query'}"
    code = f"import sys, reconciler.emulator; print(sorted({heavy} & set(sys.modules)))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


async def test_a_home_in_use_is_refused_and_left_alone(emulator: RunningEmulator) -> None:
    before = (emulator.home / "emulator.json").read_bytes()
    with pytest.raises(EmulatorError, match="is the home of an emulator that still runs"):
        await serve(Options(home=emulator.home, port=0))
    assert (emulator.home / "emulator.json").read_bytes() == before
