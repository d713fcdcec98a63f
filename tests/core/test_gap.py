"""Which gaps are over as soon as the subscription stands again."""

import pytest

from reconciler.core.gap import Cause


@pytest.mark.parametrize(
    ("cause", "closes_itself"),
    [
        (Cause.ENDPOINT, False),
        (Cause.EXPIRED, True),
        (Cause.MISSED, False),
        (Cause.REMOVED, True),
        (Cause.REPLACED, True),
    ],
)
def test_closes_itself(cause, closes_itself):
    assert cause.closes_itself is closes_itself
