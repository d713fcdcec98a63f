"""What is JSON comes out as it went in, however odd; what is none is refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.json_text import read_json, spell_json

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=[])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(exclude_categories=[])), inner),
    max_leaves=20,
)


@given(values)
def test_what_goes_in_comes_out(value):
    """Half surrogate pairs, which orjson refuses, among it."""
    assert read_json(spell_json(value)) == value
    assert json.loads(spell_json(value)) == value
    assert read_json(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b'"\\ud800"', "\ud800"),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        (b"1e999", "1e999"),
        (b"[-1e999, 1.5]", ["-1e999", 1.5]),
        (b'{"a": 1, "a": 2}', {"a": 2}),
        (b"[" * 900 + b"]" * 900, None),
    ],
)
def test_odd_but_json(text, value):
    assert value is None or read_json(text) == value
    assert read_json(spell_json(read_json(text))) == read_json(text)


@pytest.mark.parametrize(
    "text", [b"", b"{", b"NaN", b"[Infinity]", b"-Infinity", b'"\xff"', '{"a": 1}'.encode("utf-16"), b"[" * 100_000]
)
def test_no_json(text):
    with pytest.raises((ValueError, RecursionError)):
        read_json(text)
