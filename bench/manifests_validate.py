"""``reconcile validate`` over 10,000 manifests: how much more it takes than to load their YAML and look no further.

What the manifests are like is told in ``support.fleet``.
"""

from bench.support.commands import compared
from bench.support.targets import at_most

TARGETS = {"times_the_c_loader": at_most(1.6)}


def run() -> dict[str, float]:
    return compared("validate", "--file", "{manifests}")
