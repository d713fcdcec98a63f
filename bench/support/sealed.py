"""A store with rich notifications that wait to be forwarded, as the receiver has put them there: still encrypted."""

import asyncio
import dataclasses
import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from bench.support import deliveries
from bench.support.listening import PATH, SECRET, manifest
from reconciler.emulator import certificates
from reconciler.emulator.entra.keys import Keys
from reconciler.emulator.notifications import validation_tokens
from reconciler.emulator.notifications.encryption import encrypted, spelled
from reconciler.engine.inbox import Entry
from reconciler.receiver import ClientStates, Delivery, Ring, ValidationTokens, Verifier
from reconciler.receiver.destinations import Destinations
from reconciler.receiver.entries import Admission
from reconciler.receiver.known import KnownSubscriptions
from reconciler.receiver.parsing import parse_item
from reconciler.store import Store

AT_ONCE = 500
PAYLOAD = 1500
"""Bytes of a team as Graph sends it, before it is encrypted."""


@dataclasses.dataclass(frozen=True, slots=True)
class Seal:
    """Whom it is encrypted for, and who vouches for it: the emulator of that home."""

    pair: certificates.Pair
    info: Mapping[str, Any]
    home: Path

    @property
    def certificate(self) -> str:
        """As it stands in a subscription."""
        return spelled(self.pair.certificate_pem)

    def token(self, now: dt.datetime) -> str:
        key = cast("rsa.RSAPrivateKey", load_pem_private_key((self.home / "signing.key").read_bytes(), password=None))
        claims = validation_tokens.v2(self.info["tenantId"], self.info["clientId"])
        times = validation_tokens.times(now, validation_tokens.LIFETIMES[2])
        return jwt.encode(times | claims, key, algorithm="RS256", headers={"kid": Keys(key).current[0]})

    def write(self, folder: Path) -> Mapping[str, Any]:
        """The pair's files, and the manifest that names them."""
        (folder / "rich.pem").write_bytes(self.pair.certificate_pem)
        (folder / "rich.key").write_bytes(self.pair.key_pem)
        files = {"certificate": {"file": str(folder / "rich.pem")}, "privateKey": {"file": str(folder / "rich.key")}}
        return manifest("Certificate", "rich", **files)


def seal(info: Mapping[str, Any]) -> Seal:
    now = dt.datetime.now(dt.UTC)
    pair = certificates.client(certificates.authority(now), now)
    return Seal(pair, info, Path(info["caFile"]).parent)


def fill(state: Path, seal: Seal, numbers: Sequence[int], *, sink: str) -> None:
    """One notification for each number, in a store that is new."""
    asyncio.run(filled(state, seal, numbers, sink))


async def filled(state: Path, seal: Seal, numbers: Sequence[int], sink: str) -> None:
    async with Store.open(state) as store:
        for start in range(0, len(numbers), AT_ONCE):
            await store.inbox().put(list(entries(seal, numbers[start : start + AT_ONCE], sink)))


def entries(seal: Seal, numbers: Sequence[int], sink: str) -> Iterator[Entry]:
    tenant, now = str(seal.info["tenantId"]), dt.datetime.now(dt.UTC)
    rings = {PATH: [Ring({deliveries.MARK.key: SECRET}, [tenant])]}
    verifier = Verifier(ClientStates(rings), ValidationTokens([], now=lambda: now))
    admission = Admission(verifier, Destinations(sink), KnownSubscriptions(nobody))
    token = seal.token(now)
    for number in numbers:
        item = parse_item(0, notification(seal, number, tenant))
        delivery = Delivery(PATH, lifecycle=False, mark=deliveries.MARK, items=(item,), received_at=now)
        yield admission.admit(item, dataclasses.replace(delivery, validation_tokens=(token,)))


async def nobody() -> Mapping[str, Any]:
    return {}


def notification(seal: Seal, number: int, tenant: str) -> Mapping[str, Any]:
    text = json.dumps(deliveries.notification(tenant=tenant))
    item: dict[str, Any] = json.loads(text.replace(deliveries.NUMBER, f"{number:0{deliveries.DIGITS}}"))
    return item | {"encryptedContent": encrypted(payload(number), seal.certificate, certificate_id="rich")}


def payload(number: int) -> bytes:
    team = {"id": f"{number}", "displayName": "Sales", "description": "", "visibility": "public"}
    team["description"] = "x" * (PAYLOAD - len(json.dumps(team)))
    return json.dumps(team).encode()
