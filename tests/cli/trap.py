"""Servers of an attacker: whether anybody connects, and what is sent there, is what tests ask."""

import contextlib
import json
import re
import socket
import ssl
import threading
from typing import Any

__all__ = ["Liar", "Trap"]


def said(status: int, body: object = None, **headers: str) -> bytes:
    content = b"" if body is None else json.dumps(body).encode()
    fields = {"Content-Length": str(len(content)), "Connection": "close"} | headers
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status} Said\r\n{head}\r\n".encode() + content


def whole(connection: ssl.SSLSocket) -> bytes:
    """A request with its body."""
    asked = connection.recv(65536)
    length = re.search(rb"(?i)content-length: (\d+)", asked)
    while length and len(asked.partition(b"\r\n\r\n")[2]) < int(length[1]):
        asked += connection.recv(65536)
    return asked


class Trap:
    """A TLS server of the attacker; it remembers who connected, and what was sent."""

    def __init__(self, info) -> None:
        self.connections, self.heard = 0, b""
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.listening.settimeout(0.1)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(info["receiverCertificate"], info["receiverKey"])
        self.done = False
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    @property
    def host(self) -> str:
        return f"localhost:{self.listening.getsockname()[1]}"

    @property
    def cloud(self) -> dict[str, str]:
        return {"graph": f"https://{self.host}", "authority": f"https://{self.host}"}

    def serve(self) -> None:
        while not self.done:
            with contextlib.suppress(OSError):
                connection, _ = self.listening.accept()
                self.connections += 1
                with connection, contextlib.suppress(OSError):
                    connection.settimeout(2)
                    with self.context.wrap_socket(connection, server_side=True) as secured:
                        asked = whole(secured)
                        self.heard += asked
                        secured.sendall(self.answer(asked.split(b" ")[1].decode()))

    def answer(self, path: str) -> bytes:
        """What is said to a request; each has a connection of its own."""
        return said(404, {"asked": path})

    def close(self) -> None:
        self.done = True
        self.thread.join(5)
        self.listening.close()


class Liar(Trap):
    """A Graph and its token endpoint that lead elsewhere with one of their answers: ``lies`` has it by its path."""

    def __init__(self, info: Any, **lies: bytes) -> None:
        self.lies = lies
        super().__init__(info)

    def answer(self, path: str) -> bytes:
        kind = "metadata" if "openid-configuration" in path else "token" if path.endswith("/token") else "list"
        return self.lies.get(kind) or self.usual(kind)

    def usual(self, kind: str) -> bytes:
        origin = f"https://{self.host}/t/oauth2/v2.0"
        return said(
            200,
            {
                "metadata": {
                    "issuer": origin,
                    "authorization_endpoint": f"{origin}/a",
                    "token_endpoint": f"{origin}/token",
                },
                "token": {"access_token": "the-token-of-the-tenant", "token_type": "Bearer", "expires_in": 3600},
                "list": {"value": []},
            }[kind],
        )
