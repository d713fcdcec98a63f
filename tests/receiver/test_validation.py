"""Tokens come back byte for byte, however they were encoded, and odd ones are refused."""

from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.receiver.validation import TOKEN_LIMIT, TokenRefused, validation_token

TOKEN = "Validation: Testing client application reachability for subscription Request-Id: 1+1%20&=<b>é😀"

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200)
awkward = st.text("+% &:=#?;%2B<>é", min_size=1, max_size=50)
encoders = st.sampled_from([lambda text: quote(text, safe=""), quote, quote_plus])
names = st.tuples(*(st.sampled_from([c, c.upper()]) for c in "validationtoken")).map("".join)
others = st.lists(st.sampled_from(["reconciler=1.me.mail.0123456789.k1.0123456789pl", "a=b", "a", "=", ""]), max_size=3)


@given(texts | awkward, encoders, names, others, others)
def test_a_token_comes_back_as_it_was(token, encode, name, before, after):
    query = "&".join([*before, f"{name}={encode(token)}", *after])
    assert validation_token(query.encode()) == token


@given(st.binary(max_size=100))
def test_any_query_is_a_token_or_none_or_refused(query):
    try:
        token = validation_token(query)
    except TokenRefused:
        return
    assert token is None or token.encode()


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("validationToken=", "empty"),
        ("validationToken", "empty"),
        ("validationToken=a&validationtoken=a", "twice"),
        ("validationToken=%FF", "not UTF-8"),
        ("validationToken=%ED%A0%80", "not UTF-8"),
        (f"validationToken={'a' * (TOKEN_LIMIT + 1)}", "longer"),
    ],
)
def test_odd_tokens_are_refused(query, says):
    with pytest.raises(TokenRefused, match=says):
        validation_token(query.encode())


def test_the_limit_counts_decoded_bytes():
    assert validation_token(b"validationToken=" + b"%41" * TOKEN_LIMIT) == "A" * TOKEN_LIMIT


@pytest.mark.parametrize("query", ["", "token=a", "reconciler=validationToken", "xvalidationToken=a"])
def test_what_is_no_validation(query):
    assert validation_token(query.encode()) is None


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("encode", [quote, quote_plus])
@pytest.mark.parametrize("path", ["/hook", "/life", "/both"])
def test_over_the_wire(client, method, encode, path):
    url = f"{path}?reconciler=1.me.mail.0123456789.k1.0123456789&ValidationTOKEN={encode(TOKEN, safe='')}"
    answer = client.request(method, url, headers={"Content-Type": "text/plain; charset=utf-8"})
    assert (answer.status_code, answer.content) == (200, TOKEN.encode())
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "server" not in answer.headers


@pytest.mark.parametrize(
    ("method", "url", "status"),
    [
        ("POST", "/hook?validationToken=", 400),
        ("POST", "/hook?validationToken=%FF", 400),
        ("PUT", "/hook?validationToken=a", 405),
        ("POST", "/elsewhere?validationToken=a", 404),
        ("POST", "/hook/?validationToken=a", 404),
    ],
)
def test_refused_over_the_wire(client, method, url, status):
    assert client.request(method, url).status_code == status
