"""One whole receiver for a module, whose log and store are looked through when its tests are over."""

import logging

import pytest

from tests.receiver.hostile.support import HIDDEN, Noticing, Ring, assert_kept, content_of, private_keys
from tests.receiver.hostile.whole import receiving
from tests.receiver.sending import (
    Served,
)


@pytest.fixture(scope="module")
def noticing():
    handler, root = Noticing(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.fixture(scope="module", autouse=True)
def quick():
    """Thousands of small deliveries: outcomes need not gather for a commit."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("reconciler.receiver.forwarding.settling.GATHER", 0.001)
        yield


@pytest.fixture(scope="module")
def module_whole(tmp_path_factory, noticing):
    folder = tmp_path_factory.mktemp("whole")
    with receiving(folder, keys=private_keys(), served=Served(Ring()), room=2**30) as opened:  # type: ignore[arg-type]
        yield opened
    told = "".join(opened.shown)
    assert_kept(told)
    assert_kept("".join(noticing.lines))
    assert HIDDEN.encode() not in content_of(folder), "what was opened is stored"


@pytest.fixture
def whole(module_whole):
    """The module's, with nothing left to account for."""
    module_whole.fates()
    module_whole.events = len(module_whole.inbox.sink.events)
    return module_whole
