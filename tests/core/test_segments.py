"""A path cut into steps: names, ids, function calls."""

import pytest

from reconciler.core.segments import Segment, cut, read_path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/a/b/", [Segment("a"), Segment("b")]),
        ("teams('x')/channels('19:y@z')", [Segment("teams"), Segment("x"), Segment("channels"), Segment("19:y@z")]),
        ("teams(x)", [Segment("teams"), Segment("x")]),
        ("f()", [Segment("f")]),
        ("f(a='1/2',b=[3,'4'])", [Segment("f", (("a", ("1/2",)), ("b", ("3", "4"))))]),
        ("f(a='x%2520y')", [Segment("f", (("a", ("x%2520y",)),))]),
        ("f(a=x%2520y)", [Segment("f", (("a", ("x%20y",)),))]),
        ("o%2520x", [Segment("o%20x")]),
        ("users('it''s')", [Segment("users"), Segment("it's")]),
        ("f(a=[])", [Segment("f", (("a", ()),))]),
    ],
)
def test_read_path(text, expected):
    assert list(read_path(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a,b", ["a", "b"]),
        ("a,'b,c'", ["a", "'b,c'"]),
        ("a,(b,[c,d]),e", ["a", "(b,[c,d])", "e"]),
        ("'it''s, so',x", ["'it''s, so'", "x"]),
        ("", [""]),
    ],
)
def test_cut_leaves_quotes_and_brackets_whole(text, expected):
    assert list(cut(text, ",")) == expected
