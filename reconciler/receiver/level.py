"""A gauge of two labels whose series are set all at once: what is not among the new values is gone."""

from collections.abc import Iterator, Mapping

from prometheus_client import Metric
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.registry import Collector

__all__ = ["Level"]


class Level(Collector):
    """Another thread may collect: it sees the old values or the new ones, never some of both."""

    def __init__(self, name: str, meaning: str, labels: tuple[str, str]) -> None:
        self._name, self._meaning, self._labels = name, meaning, labels
        self._values: Mapping[tuple[str, str], float] = {}

    def show(self, values: Mapping[tuple[str, str], float]) -> None:
        """By the values of the labels, in their order."""
        self._values = dict(values)

    def describe(self) -> Iterator[Metric]:
        yield GaugeMetricFamily(self._name, self._meaning, labels=self._labels)

    def collect(self) -> Iterator[Metric]:
        family = GaugeMetricFamily(self._name, self._meaning, labels=self._labels)
        for labels, value in self._values.items():
            family.add_metric(labels, value)
        yield family
