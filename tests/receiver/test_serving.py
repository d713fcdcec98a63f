"""What keeps the receiver from listening is told in a sentence."""

import asyncio
import contextlib
import signal
import socket

import pytest

from reconciler.receiver import Delivery, ReceiverError, Routes, application, serve
from tests.receiver.support import write_certificate


async def take(delivery: Delivery) -> None: ...


APPLICATION = application(Routes(), on_delivery=take)


async def test_a_port_in_use():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ReceiverError, match=f"127.0.0.1 port {port}: Address already in use: stop"):
            await serve(APPLICATION, host="127.0.0.1", port=port)


@pytest.mark.parametrize(
    ("certificate", "key", "says"),
    [
        ("a.pem", "b.key", "cannot be used: KEY_VALUES_MISMATCH"),
        ("a.pem", "locked.key", "without a password"),
        ("a.pem", "junk", "it is not PEM|cannot be used"),
        ("a.pem", None, "cannot be used"),
        ("missing", "a.key", "No such file or directory: check the path"),
    ],
)
async def test_certificates_that_are_no_good(tmp_path, certificate, key, says):
    write_certificate(tmp_path, "a")
    write_certificate(tmp_path, "b")
    write_certificate(tmp_path, "locked", password=b"secret")
    (tmp_path / "junk").write_text("junk")
    with pytest.raises(ReceiverError, match=says):
        await serve(
            APPLICATION,
            host="127.0.0.1",
            port=0,
            tls_certificate=tmp_path / certificate,
            tls_key=tmp_path / key if key else None,
        )


async def test_an_application_that_does_not_start():
    async def broken(scope, receive, send):
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no"})

    with pytest.raises(ReceiverError, match="did not start"):
        await serve(broken, host="127.0.0.1", port=0)


async def test_cancelling_stops_it_and_signals_are_left_alone():
    before = signal.getsignal(signal.SIGTERM)
    port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(serve(APPLICATION, host="127.0.0.1", port=0, ready=port.set_result))
    found = await asyncio.wait_for(port, 5)
    assert signal.getsignal(signal.SIGTERM) is before
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.wait_for(task, 5)
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", found)) != 0
