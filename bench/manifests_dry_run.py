"""``reconcile --dry-run`` over 10,000 manifests and a snapshot with as many rows, all in sync.

It is held against loading the YAML of the manifests and looking no further. What they are like is told in
``support.fleet``.
"""

from bench.support.commands import compared
from bench.support.targets import at_most

TARGETS = {"times_the_c_loader": at_most(1.6)}


def run() -> dict[str, float]:
    return compared("--dry-run", "--live", "{snapshot}", "--file", "{manifests}")
