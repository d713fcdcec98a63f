"""What is sent, and what must be nowhere when all is over: secrets, tokens, and what was opened."""

import functools
import json
import logging
import uuid
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings

from reconciler.core.source import Source
from reconciler.emulator.entra.keys import Keys
from reconciler.emulator.notifications.encryption import encrypted
from reconciler.receiver.issuers import GLOBAL
from reconciler.receiver.private_keys import KeyPairFiles, PrivateKeys, read_private_keys
from tests.emulator.notifications.opening import reader
from tests.receiver.hostile.whole import RIGHT, spelled
from tests.receiver.sending import (
    FABRIKAM,
    FABRIKAMS_CLIENT,
    NOW,
    SECRET,
    TENANT,
    forgers_key,
    item,
    keys_of,
    signing_key,
    token,
)

HIDDEN = "hidden-in-the-plaintext"
SAME = "the encrypted content is damaged, or was encrypted for another certificate"
SECONDS = int(NOW.timestamp())
PUBLISHER = "0bf30f3b-4a52-48df-9a82-234910c4a086"

fuzzing = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@functools.cache
def private_keys() -> PrivateKeys:
    """Two pairs: content for one may name the other."""
    holders = [reader(2048), reader(3072)]
    pairs = [KeyPairFiles(Source("m.yaml"), each.pem.encode(), each.key_pem.encode()) for each in holders]
    found, problems = read_private_keys(pairs)
    assert not problems
    return found


class Ring:
    """An authority's document: our key, one of Fabrikam's alone, and some that are no keys for RS256."""

    def jwks(self) -> dict[str, Any]:
        ours, theirs = (keys_of(Keys(key))[0] for key in (signing_key(), forgers_key()))
        theirs |= {"kid": "fabrikams", "issuer": GLOBAL.v2.format(tenant=FABRIKAM)}
        return {"keys": [ours, theirs, ours | {"kid": "encrypts", "use": "enc"}, {"kty": "EC", "kid": "curve"}]}


def rich(tenant: str = TENANT, **changes: Any) -> dict[str, Any]:
    """A good one; its content has the marker that must show up nowhere but at the sink."""
    text = json.dumps({"name": HIDDEN, "number": str(uuid.uuid4())}).encode()
    content = encrypted(text, reader(2048).sent, certificate_id="rich")
    return item(tenant, encryptedContent=content, **changes)


def good_tokens() -> list[str]:
    return [token(), token(tenant=FABRIKAM, client=FABRIKAMS_CLIENT)]


class Noticing(logging.Handler):
    """Everything that is logged, at every level, but for what the client of these tests logs."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.partition(".")[0] not in {"httpx", "httpcore"}:
            self.lines.append(f"{self.format(record)} {record.args!r}")


def assert_kept(text: str) -> None:
    """No secret in it."""
    for secret in (SECRET.decode(), HIDDEN, *RIGHT.values(), *(each.rpartition(".")[2] for each in good_tokens())):
        assert secret not in text
    assert "eyJ" not in text, "the beginning of every token"


def content_of(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


def signed(key: Any = None, *, head: Any = None, without: str = "", **changed: Any) -> str:
    return token(changed | ({without: None} if without else {}), key=key, headers=head)


GOOD = token()
BODY = spelled({"value": [item(clientState="forged")]})
