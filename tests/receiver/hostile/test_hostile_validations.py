"""Validation tokens of every kind of character come back byte for byte, whatever else comes."""

import concurrent.futures
import functools
import time
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.receiver.application import BODY_LIMIT
from reconciler.receiver.validation import TOKEN_LIMIT
from tests.receiver.hostile.support import BODY, fuzzing
from tests.receiver.hostile.whole import QUERY, receiving, spelled
from tests.receiver.sending import (
    item,
)

PLANES = "".join(chr(plane * 0x10000 + 0x1234) for plane in range(17))
AWKWARD = "Validation: Testing client application reachability for subscription Request-Id: 1+1 %20%2B&=:?#/<b>;\r\n\0"

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60) | st.text("+% &:=#?;%2B", min_size=1)
encoders = st.sampled_from([lambda text: quote(text, safe=""), quote_plus])


def every_byte(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode())


def ask_validation(client, text, *, method="POST", encode=quote_plus, query=QUERY):
    answer = client.request(method, f"/hook?{query}&validationToken={encode(text)}", content=b"")
    assert (answer.status_code, answer.content) == (200, text.encode())
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"


@fuzzing
@given(texts, st.sampled_from(["GET", "POST"]), encoders, st.sampled_from([QUERY, "a=b&c", f"x=%FF&{QUERY}&", "="]))
def test_a_token_comes_back_byte_for_byte(whole, text, method, encode, query):
    ask_validation(whole.client, text, method=method, encode=encode, query=query)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "text",
    [PLANES, AWKWARD, "a" * TOKEN_LIMIT, "😀" * (TOKEN_LIMIT // 4), "%00" * (TOKEN_LIMIT // 3), " ", "+", "%2B"],
    ids=lambda value: ascii(value[:8]),
)
def test_a_long_or_awkward_one(whole, method, text):
    for encode in (quote_plus, functools.partial(quote, safe=""), every_byte):
        ask_validation(whole.client, text, method=method, encode=encode)
    assert whole.client.request(method, f"/hook?validationToken={'a' * (TOKEN_LIMIT + 1)}").status_code == 400
    whole.account([])


def test_a_delivery_beside_a_token_is_a_validation(whole):
    """Only the query tells (facts 4): nothing is stored."""
    headers = {"Content-Type": "application/json"}
    answer = whole.client.post(f"/hook?{QUERY}&validationToken=a", content=BODY, headers=headers)
    assert (answer.status_code, answer.content) == (200, b"a")
    whole.account([])


def test_validations_are_answered_in_a_flood(tmp_path, noticing):
    """Graph waits for 10 seconds (facts 4.2)."""
    many = spelled({"value": [{"subscriptionId": "s", "clientState": "x"}] * 14_999 + [item(subscriptionId="genuine")]})
    large = spelled({"value": [item(clientState="x")], "more": "x" * (BODY_LIMIT - 1000)})
    too_large = b" " * (BODY_LIMIT + 1)
    sealed_ones = [{"subscriptionId": "s", "encryptedContent": 1}] * 15_000
    costly = spelled({"value": sealed_ones, "validationTokens": ["x" * 3 * 2**20]})
    headers = {"Content-Type": "application/json"}
    answered, slowest = 0, 0.0
    with receiving(tmp_path, room=100_000) as whole, concurrent.futures.ThreadPoolExecutor() as threads:

        def send(body):
            return whole.client.post(f"/hook?{QUERY}", content=body, headers=headers, timeout=60).status_code

        floods = [threads.submit(send, body) for body in [many, large, too_large, costly] * 3]
        while not all(flood.done() for flood in floods) or answered < 20:
            begun = time.monotonic()
            ask_validation(whole.client, PLANES)
            answered, slowest = answered + 1, max(slowest, time.monotonic() - begun)
        statuses = [flood.result() for flood in floods]
        assert slowest < 10
        assert set(statuses) <= {202, 413, 503}
        # 503 may have been stored as well: Graph sends it again then, and it comes twice.
        whole.fates()
        assert statuses[0::4].count(202) <= len(whole.inbox.sink.events) <= 3
        assert {data["subscriptionId"] for data in whole.inbox.sink.data} <= {"genuine"}
