"""What the C library keeps is given back where it can be asked for it, and nothing happens where it cannot."""

import ctypes

import pytest

from reconciler.daemon import memory


@pytest.fixture(autouse=True)
def asked_anew():
    memory.malloc_trim.cache_clear()
    yield
    memory.malloc_trim.cache_clear()


class Library:
    def __init__(self, asked):
        self.malloc_trim = asked.append


def test_the_library_is_asked_to_keep_nothing(monkeypatch):
    asked: list[int] = []
    monkeypatch.setattr(ctypes, "CDLL", lambda _: Library(asked))
    memory.give_back()
    memory.give_back()
    assert asked == [0, 0]


def test_a_library_without_it_is_left_alone(monkeypatch):
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    memory.give_back()
    assert memory.malloc_trim() is None


def test_that_of_this_machine_can_be_asked():
    memory.give_back()
