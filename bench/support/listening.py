"""``reconcile listen`` with manifests of its own: behind an ingress that speaks TLS for it, or speaking it itself."""

import contextlib
import dataclasses
import json
import re
import socket
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.support import processes
from bench.support.errors import BenchError
from bench.support.processes import Process

OWNER = "bench"
NAME = "all-teams"
PATH = "/notifications"
LIFECYCLE = "/lifecycle"
SECRET = b"a secret of 32 bytes, or of more"
TENANT = "f5b076c8-b508-4ba3-a1a7-19d1c0bcef03"
READY = re.compile(r"listening on .*:(\d+) for ")
CLIENT = "8e460676-ae3f-4b1e-8790-ee0fb5d6148f"


@dataclasses.dataclass(frozen=True, slots=True)
class Listening:
    process: Process
    port: int


def free_port() -> int:
    """One that is free now, for those whose manifests must name it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def manifest(kind: str, name: str, **spec: Any) -> dict[str, Any]:
    return {"apiVersion": "reconciler/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}


def of_a_tenant(cloud: Any = "global") -> dict[str, Any]:
    """Receiving needs no credential."""
    if cloud == "emulator":
        return manifest("Tenant", "contoso", cloud=cloud)
    credential = {"secret": {"env": "BENCH_HAS_NO_SECRET"}}
    return manifest("Tenant", "contoso", tenantId=TENANT, clientId=CLIENT, cloud=cloud, credential=credential)


def declared(folder: Path, *others: Mapping[str, Any]) -> Path:
    """Write manifests with an endpoint, a subscription and ``others``; the folder that they are in."""
    manifests = folder / "manifests"
    manifests.mkdir()
    (manifests / "client-state.key").write_bytes(SECRET)
    host = "https://hooks.contoso.com"
    endpoint = manifest(
        "Endpoint",
        "public",
        notificationUrl=f"{host}{PATH}",
        lifecycleNotificationUrl=f"{host}{LIFECYCLE}",
        clientStateKey={"file": "client-state.key"},
    )
    rich = {"certificate": "rich"} if any(each["kind"] == "Certificate" for each in others) else {}
    subscription = manifest("Subscription", NAME, resource="/teams", changeTypes=["updated"], **rich)
    documents = [manifest("Settings", "settings", owner=OWNER), endpoint, subscription, *others]
    text = "\n---\n".join(json.dumps(each) for each in documents)
    (manifests / "all.yaml").write_text(text, encoding="utf-8")
    return manifests


@contextlib.contextmanager
def listening(
    manifests: Path, *, state: Path, tls: Sequence[str] = (), emulator: Path | None = None
) -> Iterator[Listening]:
    """On a free port; ``tls`` is a certificate and its key, ``emulator`` the home of the one that is its cloud."""
    command = [processes.program("reconcile"), "listen", "-f", str(manifests), "--state", str(state)]
    command += ["--listen", "127.0.0.1:0", "--quiet"]
    for option, file in zip(("--tls-cert", "--tls-key"), tls, strict=False):
        command += [option, file]
    if emulator:
        command = ["env", f"RECONCILER_EMULATOR_HOME={emulator}", *command]
    with Process(command, log=manifests.parent / f"{state.name}.log") as process:
        ready = READY.match(process.wait_for_line())
        if ready is None:
            raise BenchError(f"reconcile listen did not start: {process.printed}")
        yield Listening(process, int(ready[1]))
