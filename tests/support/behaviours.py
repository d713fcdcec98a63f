"""Every answer to Graph's open questions, in few runs: each value of each behaviour is in force in one of them."""

from reconciler.emulator import BEHAVIOURS

OTHERS = {
    "throttling": "shown where limits are small enough to be met",
    "unknown-targets": "the manifests of the tests name resources that no world has",
}
"""Not turned here, and why; each has tests of its own."""


def turned(index: int) -> dict[str, str]:
    """The value at an index for each behaviour, the last one where there are not so many."""
    return {
        name: behaviour.values[min(index, len(behaviour.values) - 1)]
        for name, behaviour in BEHAVIOURS.items()
        if name not in OTHERS
    }


RUNS = {f"behaviours-{index}": turned(index) for index in range(max(len(each.values) for each in BEHAVIOURS.values()))}
