"""A running emulator as others find it: its home in, where it is and what programs need to use it out."""

import json
import shlex
import urllib.parse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reconciler.emulator.errors import EmulatorError
from reconciler.emulator.options import is_loopback

KEYS = (
    "authority",
    "caFile",
    "clientId",
    "clientSecret",
    "graph",
    "receiverCertificate",
    "receiverKey",
    "tenantId",
)
TRUST = """\
# Trust it in one program at a time, so that the others keep the authorities they have:
#   curl --cacert "$GRAPH_CA_FILE"
#   SSL_CERT_FILE="$GRAPH_CA_FILE"       for what uses OpenSSL, Go, or the httpx of Python
#   REQUESTS_CA_BUNDLE="$GRAPH_CA_FILE"  for the requests of Python, and so for msal"""


def find(home: Path) -> dict[str, Any]:
    """The content of ``emulator.json``; raises ``EmulatorError`` where there is none."""
    file = home / "emulator.json"
    try:
        info = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise EmulatorError(f"no emulator runs in {home}: {file.name} is missing; {remedy(home)}") from error
    except (OSError, ValueError) as error:
        raise EmulatorError(f"{file} cannot be read: {error}; {remedy(home)}") from error
    if not isinstance(info, dict) or not all(isinstance(info.get(key), str) for key in KEYS):
        raise EmulatorError(f"{file} was not written by an emulator; {remedy(home)}")
    for key in ("authority", "graph"):
        if not is_loopback(urllib.parse.urlsplit(info[key]).hostname or ""):
            raise EmulatorError(f"{file} names {info[key]}, and an emulator is on loopback only; {remedy(home)}")
    return info


def remedy(home: Path) -> str:
    return f"start one with: reconcile emulator --home {shlex.quote(str(home))}"


def variables(info: Mapping[str, Any]) -> dict[str, str]:
    """Name → value, for a shell or the environment of a process.

    ``SSL_CERT_FILE`` and its like are left alone: with them the program would trust nobody but the emulator.
    """
    return {
        "AUTHORITY": info["authority"],
        "AZURE_AUTHORITY_HOST": info["authority"],
        "AZURE_CLIENT_ID": info["clientId"],
        "AZURE_CLIENT_SECRET": info["clientSecret"],
        "AZURE_TENANT_ID": info["tenantId"],
        "GRAPH": info["graph"],
        "GRAPH_CA_FILE": info["caFile"],
        "NODE_EXTRA_CA_CERTS": info["caFile"],  # besides its own authorities, not instead of them
        "RECEIVER_CERTIFICATE": info["receiverCertificate"],
        "RECEIVER_KEY": info["receiverKey"],
        "RECONCILER_EMULATOR_HOME": str(Path(info["caFile"]).parent),
    }


def exports(info: Mapping[str, Any]) -> str:
    """For ``eval`` in any POSIX shell. The comment is at the end: without quotes, ``eval`` sees one line."""
    lines = [f"export {name}={shlex.quote(value)}" for name, value in variables(info).items()]
    return "\n".join([*lines, TRUST])
