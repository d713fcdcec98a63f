"""What the figures were measured on, so that they can be compared. No names of hosts, users or folders."""

import datetime as dt
import importlib.metadata
import os
import platform
import ssl
from pathlib import Path
from typing import Any

LIBRARIES = ("aiohttp", "cryptography", "httptools", "httpx", "starlette", "uvicorn", "uvloop")


def facts() -> dict[str, Any]:
    """``load``: how many processes kept it busy in the last minute, so before the benches if asked for then."""
    return {
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        "openssl": ssl.OPENSSL_VERSION,
        "load": round(os.getloadavg()[0], 1),
        "libraries": {name: importlib.metadata.version(name) for name in LIBRARIES},
    }


def processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()
