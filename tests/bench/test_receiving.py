"""What the benches of the receiver measure with: what was forwarded, what openssl says, which cores."""

import json
import os
import shutil

import pytest

from bench.support import forwarded as module
from bench.support.cores import ONE, running_on
from bench.support.errors import BenchError
from bench.support.forwarded import Forwarded
from bench.support.signing import by_cryptography, read, signs_per_second
from bench.support.stalled import memory


def line(number):
    return json.dumps({"data": {"resource": f"teams('0a1b2c3d-0000-4000-8000-{number:012}')"}}) + "\n"


@pytest.fixture
def forwarded(tmp_path):
    return Forwarded(tmp_path / "events.jsonl")


def test_whole_lines_are_counted_as_they_come(forwarded):
    counts = [forwarded.count()]
    for text in (line(1) + "half", " a line\n", ""):
        with forwarded.file.open("a") as events:
            events.write(text)
        counts.append(forwarded.count())
    assert counts == [0, 1, 2, 2]


def test_all_of_them_once(forwarded):
    forwarded.file.write_text(line(2) + line(1))
    forwarded.account([1, 2])


@pytest.mark.parametrize(
    ("lines", "lost", "more"),
    [([1], 1, 0), ([1, 2, 2], 0, 1), ([1, 3], 1, 1)],
    ids=["one-is-lost", "one-came-twice", "one-is-another"],
)
def test_what_does_not_add_up_is_an_error(forwarded, lines, lost, more):
    forwarded.file.write_text("".join(map(line, lines)))
    with pytest.raises(BenchError, match=f"of 2 notifications {lost} were lost, and {more} came that nobody has sent"):
        forwarded.account([1, 2])


def test_it_is_not_waited_for_in_vain(forwarded, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    forwarded.file.write_text(line(1))
    with pytest.raises(BenchError, match="only 1 of 2 notifications were forwarded"):
        forwarded.wait_for(2)


def test_a_core_for_a_while():
    before = os.sched_getaffinity(0)
    with running_on({ONE}):
        assert os.sched_getaffinity(0) == {ONE}
    assert os.sched_getaffinity(0) == before


OLDER = """
                  sign    verify    sign/s verify/s
rsa 2048 bits 0.000346s 0.000019s   2889.9  53396.7
"""
NEWER = """
                   sign    verify    encrypt   decrypt   sign/s verify/s  encr./s  decr./s
rsa  2048 bits 0.000370s 0.000011s 0.000012s 0.000375s   2702.7  90909.1  83333.3   2666.7
"""


@pytest.mark.parametrize(("printed", "signs"), [(OLDER, 2889.9), (NEWER, 2702.7)], ids=["older", "newer"])
def test_what_openssl_prints(printed, signs):
    assert read(printed) == signs


def test_openssl_that_prints_something_else():
    with pytest.raises(BenchError, match="does not tell signs a second: nothing"):
        read("nothing")


def test_signs_a_second(monkeypatch):
    monkeypatch.setattr("bench.support.signing.SECONDS", 1)
    assert by_cryptography(1) > 10
    if shutil.which("openssl"):
        assert signs_per_second(1) > 10


def test_the_memory_of_a_receiver_with_a_stalled_sink():
    found = memory(2.5, per_second=100)
    assert found.answered == 250
    assert 20 < found.idle < found.late < 500
