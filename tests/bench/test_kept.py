"""The daemon that the benches measure: few subscriptions here, made by itself, and left alone by its next pass."""

import pytest

from bench.support.kept import keeping

COUNT = 4


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    with keeping(tmp_path_factory.mktemp("bench"), COUNT) as running:
        first = running.wait_for(1)
        assert (first.done, first.unchanged) == (COUNT, 0)
        yield running


def test_another_pass_finds_nothing_to_do_and_only_lists(kept):
    before = kept.requests()
    kept.wish()
    second = kept.wait_for(len(kept.passes()) + 1)
    after = kept.requests()
    assert (second.done, second.unchanged) == (0, COUNT)
    assert (after.lists - before.lists, after.others - before.others) == (2, 0)


def test_creations_are_no_lists(kept):
    assert kept.requests().lists == 2 * len(kept.passes())
    assert kept.requests().others >= COUNT


def test_its_passes_are_told_in_their_order(kept):
    assert [each.done for each in kept.passes()] == [COUNT, *[0] * (len(kept.passes()) - 1)]
