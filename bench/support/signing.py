"""How many RSA operations the cores can do at most: ``openssl speed``, in its own words sign/s."""

import os
import re
import shutil
import subprocess
import threading
import time

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from bench.support.errors import BenchError

SECONDS = 2
HEADING = re.compile(r"^ +sign .*$", re.MULTILINE)
FIGURES = re.compile(r"^rsa +2048 bits +(.*)$", re.MULTILINE)


def signs_per_second(cores: int) -> float:
    """RSA 2048, on so many at once. Where there is no openssl, what its library does for ``cryptography``."""
    command = shutil.which("openssl")
    return by_openssl(command, cores) if command else by_cryptography(cores)


def by_openssl(command: str, cores: int) -> float:
    several = ["-multi", str(cores)] if cores > 1 else []
    # By itself it goes by the processor's time, as if it were alone on the machine; the receiver cannot.
    asked = [command, "speed", "-elapsed", "-seconds", str(SECONDS), *several, "rsa2048"]
    found = subprocess.run(asked, check=False, capture_output=True, text=True)  # noqa: S603  a program of the system
    return read(found.stdout + found.stderr)


def read(printed: str) -> float:
    """Later versions have more columns, and the figures of the single times stand before those of a second."""
    heading, figures = HEADING.search(printed), FIGURES.search(printed)
    if heading is None or figures is None:
        raise BenchError(f"openssl speed does not tell signs a second: {printed[-500:]}")
    return float(figures[1].split()[heading[0].split().index("sign/s")])


def by_cryptography(cores: int) -> float:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    until = time.monotonic() + SECONDS
    counts = [0] * cores

    def sign(number: int) -> None:
        while time.monotonic() < until:
            key.sign(os.urandom(32), padding.PKCS1v15(), hashes.SHA256())
            counts[number] += 1

    threads = [threading.Thread(target=sign, args=(number,)) for number in range(cores)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / SECONDS
