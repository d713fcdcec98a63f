"""Rounds in, medians and verdicts out; and whether the results that are kept are of the benches that there are."""

import importlib
import json

import pytest
from rich.console import Console

from bench.__main__ import NAMES, RESULTS, parse
from bench.support.figures import as_json, figures, rounded, table
from bench.support.targets import at_least, at_most

ROUNDS = [
    {"per_second": 90.0, "megabytes": 9.0},
    {"per_second": 1234.5, "megabytes": 11.0},
    {"per_second": 210.0, "megabytes": 30.0},
]


def test_the_median_is_held_against_the_target():
    per_second, megabytes = figures("speed", ROUNDS, {"per_second": at_least(200), "megabytes": at_most(10)})
    assert (per_second.median, per_second.met) == (210.0, True)
    assert (megabytes.median, megabytes.met) == (11.0, False)


def test_without_a_target_there_is_no_verdict():
    assert [each.met for each in figures("speed", ROUNDS, {})] == [None, None]


@pytest.mark.parametrize(
    ("target", "figure", "met"),
    [
        pytest.param(at_least(200), 200.0, True, id="exactly-at-least"),
        pytest.param(at_least(200), 199.9, False, id="too-little"),
        pytest.param(at_most(150), 150.0, True, id="exactly-at-most"),
        pytest.param(at_most(150), 150.1, False, id="too-much"),
    ],
)
def test_targets(target, figure, met):
    assert target.met(figure) is met


def test_a_target_for_nothing_that_is_measured_is_a_mistake():
    with pytest.raises(ValueError, match="speed has a target for kilobytes, and does not measure it"):
        figures("speed", ROUNDS, {"kilobytes": at_most(1)})


@pytest.mark.parametrize(
    ("figure", "shown"), [(1234.5, 1234), (99.96, 100.0), (0.012345, 0.0123), (0.0, 0.0), (-2.5, -2.5)]
)
def test_three_digits_count(figure, shown):
    assert rounded(figure) == shown


def test_as_json():
    assert as_json(figures("speed", ROUNDS, {"per_second": at_least(200)})) == {
        "speed": {
            "per_second": {"median": 210, "least": 90.0, "most": 1234, "target": {"atLeast": 200}, "met": True},
            "megabytes": {"median": 11.0, "least": 9.0, "most": 30.0},
        }
    }


def test_the_table_says_what_is_missed():
    console = Console(width=120)
    with console.capture() as capture:
        console.print(table(figures("speed", ROUNDS, {"per_second": at_least(200), "megabytes": at_most(10)})))
    heading, first, second = capture.get().splitlines()
    assert heading.split() == ["bench", "figure", "median", "least", "most", "target"]
    assert first.split() == ["speed", "per_second", "210", "90.0", "1,234", "≥", "200", "met"]
    assert second.split() == ["megabytes", "11.0", "9.0", "30.0", "≤", "10", "missed"]


def test_the_results_that_are_kept_are_of_these_benches_and_targets():
    kept = json.loads(RESULTS.read_text(encoding="utf-8"))["benches"]
    found = {name: {key: each["target"] for key, each in kept[name].items() if "target" in each} for name in kept}
    modules = {name: importlib.import_module(f"bench.{name}").TARGETS for name in NAMES}
    assert found == {name: {key: each.as_json() for key, each in targets.items()} for name, targets in modules.items()}


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        pytest.param(["emulator_creates", "nothing"], "there is no bench 'nothing': use daemon_idle, ", id="name"),
        pytest.param(["--rounds", "0"], "at least one round is needed", id="rounds"),
    ],
)
def test_what_cannot_be_measured_is_refused_before_anything_is(monkeypatch, capsys, arguments, complaint):
    monkeypatch.setattr("sys.argv", ["bench", *arguments])
    with pytest.raises(SystemExit, match="2"):
        parse()
    assert complaint in capsys.readouterr().err
