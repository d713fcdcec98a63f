"""The plugin of the package, as the projects of others use it: in a pytest of its own."""

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

EXAMPLE = Path(__file__).with_name("example_receiver.py")
PLUGIN = ("-p", "reconciler.emulator.pytest", "-p", "no:asyncio", "-W", "error")


def test_the_example_passes(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_example=EXAMPLE.read_text(encoding="utf-8"))
    pytester.runpytest_subprocess(*PLUGIN).assert_outcomes(passed=2)


def test_options_are_a_fixture_that_can_be_overridden(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
        import pytest
        pytest_plugins = ["reconciler.emulator.pytest"]

        @pytest.fixture(scope="session")
        def graph_emulator_options():
            return {"behaviours": {"twins": "conflict"}, "time_scale": 60.0}
        """
    )
    pytester.makepyfile(
        """
        def test_one(graph_emulator):
            graph_emulator.behave(twins="accept")
            graph_emulator.advance(3600)

        def test_two(graph_emulator):
            assert graph_emulator.control("GET", "behaviours")["twins"] == "conflict"
            clock = graph_emulator.control("GET", "clock")
            assert (clock["offset"], clock["scale"]) == (0, 60)
        """
    )
    pytester.runpytest_subprocess(*PLUGIN[2:]).assert_outcomes(passed=2)


def test_a_wrong_option_is_told(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
        import pytest

        @pytest.fixture(scope="session")
        def graph_emulator_options():
            return {"behaviours": {"twinz": "accept"}}
        """
    )
    pytester.makepyfile("def test_one(graph_emulator): pass")
    ended = pytester.runpytest_subprocess(*PLUGIN)
    ended.assert_outcomes(errors=1)
    ended.stdout.fnmatch_lines(["*unknown behaviour 'twinz'*"])
