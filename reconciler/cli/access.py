"""A Tenant's manifest in, the way into it out: which cloud, which app, which credential."""

import dataclasses
import json
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import NamedTuple, Self
from urllib.parse import urlsplit

from reconciler.cli.credentials import Finder
from reconciler.core.clouds import CLOUDS, Cloud
from reconciler.core.errors import Denied, SecretError
from reconciler.core.manifest.kinds import CustomCloud, Tenant
from reconciler.core.manifest.read import Item
from reconciler.graph.credentials import Access, Credential, SecretCredential
from reconciler.sources.referenced import Referenced

__all__ = ["Application", "Keeper"]

HOME = "RECONCILER_EMULATOR_HOME"
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class Application(NamedTuple):
    """Whose subscriptions a LIST shows, spelled so that the same are equal."""

    graph: str
    tenant_id: str
    client_id: str

    @classmethod
    def of(cls, graph: str, tenant_id: str, client_id: str) -> Self:
        return cls(graph.lower().removesuffix(":443"), tenant_id.lower(), client_id.lower())


@dataclasses.dataclass(frozen=True, slots=True)
class Keeper:
    """Finds the way into each tenant, and lets no token go where it should not.

    Manifests from a pull request are hostile: a cloud of their own is only talked to where somebody outside of them has
    allowed its hosts.
    """

    referenced: Referenced
    allowed: Collection[str]
    environ: Mapping[str, str] = dataclasses.field(default_factory=lambda: os.environ)

    def access(self, item: Item[Tenant]) -> Access:
        """Raises Denied with what to do where there is no way in."""
        spec, base = item.manifest.spec, item.document.text.base
        if spec.cloud == "emulator":
            return self.emulator(item, base)
        cloud = self.cloud(item)
        return Access(spec.tenant_id or "", spec.client_id or "", cloud, self.credential(item, base, cloud))

    def application(self, item: Item[Tenant]) -> Application:
        """Known without a credential, and of a cloud that is not allowed, too. Raises Denied."""
        spec = item.manifest.spec
        if spec.cloud == "emulator":
            info = self.home()
            return Application.of(info["graph"], spec.tenant_id or info["tenantId"], spec.client_id or info["clientId"])
        graph = CLOUDS[spec.cloud].graph if isinstance(spec.cloud, str) else spec.cloud.graph
        return Application.of(graph, spec.tenant_id or "", spec.client_id or "")

    def cloud(self, item: Item[Tenant]) -> Cloud:
        """Known without a credential. Raises Denied for one that is not allowed."""
        cloud = item.manifest.spec.cloud
        if cloud == "emulator":
            return emulated(self.home())
        return CLOUDS[cloud] if isinstance(cloud, str) else self.custom(cloud, item.document.text.base)

    def custom(self, spec: CustomCloud, base: str) -> Cloud:
        allowed = {each.lower() for each in self.allowed}
        for origin in (spec.graph, spec.authority):
            host = urlsplit(origin).netloc.lower()
            if allowed.isdisjoint({host, urlsplit(origin).hostname or host}):
                raise Denied(f"a token would be sent to {host}: allow that with --allow-cloud {host}")
        if spec.ca_file and isinstance(absent := self.referenced.file(spec.ca_file, base), str):
            raise Denied(f"caFile: {absent}")
        ca_file = str(Path(base, spec.ca_file)) if spec.ca_file else None
        return Cloud("custom", spec.graph, spec.authority, ca_file)

    def credential(self, item: Item[Tenant], base: str, cloud: Cloud) -> Credential:
        """The first of the list whose inputs are present."""
        try:
            return Finder(self.referenced, self.environ).first(item.manifest.spec.credential, base, cloud)
        except SecretError as error:
            raise Denied(f"no credential of Tenant {item.name!r} is present: {error}") from error

    def emulator(self, item: Item[Tenant], base: str) -> Access:
        """What the manifest leaves out, the emulator's home has. Loopback only, whatever stands in that file."""
        info = self.home()
        spec, cloud = item.manifest.spec, emulated(info)
        own = SecretCredential(info["clientSecret"], place="the emulator's home")
        credential = self.credential(item, base, cloud) if spec.credential else own
        return Access(spec.tenant_id or info["tenantId"], spec.client_id or info["clientId"], cloud, credential)

    def home(self) -> dict[str, str]:
        home = self.environ.get(HOME)
        if not home:
            raise Denied(f"cloud: emulator needs {HOME}, the folder that `reconcile emulator --home` was given")
        info = read_home(Path(home))
        for origin in (info["graph"], info["authority"]):
            if not on_loopback(origin):
                raise Denied(f"{home} names {origin}, the emulator is on loopback only")
        return info


def emulated(home: Mapping[str, str]) -> Cloud:
    return Cloud("emulator", home["graph"], home["authority"], home["caFile"])


def on_loopback(origin: str) -> bool:
    try:
        return urlsplit(origin).hostname in LOOPBACK
    except ValueError:
        return False


def read_home(home: Path) -> dict[str, str]:
    file = home / "emulator.json"
    try:
        info = json.loads(file.read_text(encoding="utf-8"))
        return {key: str(info[key]) for key in ("graph", "authority", "caFile", "clientSecret", "tenantId", "clientId")}
    except FileNotFoundError as error:
        raise Denied(f"{file} does not exist: start the local Graph with `reconcile emulator --home {home}`") from error
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise Denied(f"{file} cannot be read ({error}): start the local Graph anew") from error
