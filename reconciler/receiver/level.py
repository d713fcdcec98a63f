"""A gauge whose series are set all at once, or part by part: what is not among the new values of a part is gone."""

from collections.abc import Container, Iterator, Mapping, Sequence
from typing import TypeVar

from prometheus_client import Metric
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.registry import Collector

__all__ = ["Level"]

Labels = TypeVar("Labels", bound=tuple[str, ...])


class Level(Collector):
    """One thread sets it. Another may collect: of a part it sees the old values or the new ones, never some of both."""

    def __init__(self, name: str, meaning: str, labels: tuple[str, ...]) -> None:
        self._name, self._meaning, self._labels = name, meaning, labels
        self._parts: Mapping[str, Sequence[tuple[tuple[str, ...], float]]] = {}

    def show(self, values: Mapping[Labels, float], *, part: str = "") -> None:
        """By the values of the labels, in their order; the other parts stay, and none of their series is among these.

        Costs as much as there are values in this part, however many the others have.
        """
        self._parts = {**self._parts, part: [*values.items()]}

    def keep(self, parts: Container[str]) -> None:
        """Only these parts are shown any longer."""
        self._parts = {part: values for part, values in self._parts.items() if part in parts}

    def describe(self) -> Iterator[Metric]:
        yield GaugeMetricFamily(self._name, self._meaning, labels=self._labels)

    def collect(self) -> Iterator[Metric]:
        family = GaugeMetricFamily(self._name, self._meaning, labels=self._labels)
        for values in self._parts.values():
            for labels, value in values:
                family.add_metric(labels, value)
        yield family
