"""Bodies, requests, marks: what is Graph's is accounted for, all else is set aside or refused."""

import functools
import gzip
import hmac
import itertools
import uuid
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.receiver.application import BODY_LIMIT
from tests.receiver.hostile.support import BODY, fuzzing
from tests.receiver.hostile.whole import FORWARDED, JSON, QUERY, RIGHT, spelled, wanted
from tests.receiver.sending import (
    BIRTH,
    ELSEWHERE,
    FABRIKAM,
    MARK,
    SECRET,
    TENANT,
    item,
)

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
odd = st.sampled_from(
    ["", "\0", "a\0b", "\ud800", "x\udfff", "@@1e999@@", "@@-0@@", "@@-1e-999@@", f"@@{'9' * 400}@@", 2**64, -(2**63)]
)
anything = st.recursive(
    scalars | odd,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
FIELDS = [*item(), "organizationId", "resource", "lifecycleEvent", "resourceData", "encryptedContent", "later"]


def drop(name, _):
    return lambda value: {each: held for each, held in value.items() if each != name}


def replace(name, other):
    return lambda value: value | {name: other}


def double(name, other):
    return lambda value: value | {name.swapcase(): other}


def double_alike(name, _):
    return lambda value: value | {name.upper(): value.get(name)}


def respell(name, _):
    return lambda value: {each.upper() if each == name else each: held for each, held in value.items()}


def spoil(name, other):
    return lambda value: value | {name: f"{value.get(name)}{other}"}


def wrap(name, _):
    return lambda value: value | {name: [value.get(name)]}


others = st.sampled_from([RIGHT[TENANT].swapcase(), TENANT, FABRIKAM.upper(), ELSEWHERE, "missed"])
changes = st.builds(
    lambda how, name, other: how(name, other),
    st.sampled_from([drop, replace, replace, double, double_alike, respell, spoil, wrap]),
    st.sampled_from(FIELDS),
    others | anything,
) | st.builds(replace, st.just("clientState"), st.sampled_from([*RIGHT.values(), RIGHT[TENANT].swapcase(), ""]))


def genuine(tenant, more):
    return item(tenant, id=str(uuid.uuid4()), resource="teams('t')", **more)


bases = st.builds(
    genuine,
    st.sampled_from([TENANT, FABRIKAM]),
    st.sampled_from([{}, {}, {"lifecycleEvent": "missed", "changeType": None}, {"encryptedContent": {"data": "AA=="}}]),
)
near_misses = st.builds(
    lambda value, made: functools.reduce(lambda held, change: change(held), made, value),
    bases,
    st.lists(changes, max_size=2),
)
bodies = st.builds(
    lambda value, tokens, more: spelled({**more, "value": value, "validationTokens": tokens}),
    st.lists(st.one_of(near_misses, near_misses, near_misses, anything), max_size=6),
    st.none() | st.just([]) | st.lists(anything, min_size=1, max_size=2) | anything,
    st.dictionaries(st.sampled_from(["@odata.context", "VALUE", "validationtokens", "more"]), anything, max_size=1),
)


@settings(fuzzing, max_examples=400)
@given(st.lists(bodies, min_size=1, max_size=3))
def test_near_misses_and_anything_else(whole, given_bodies):
    fates = []
    for body in given_bodies:
        due = wanted(body)
        assert whole.ask(body) == (400 if due is None else 202)
        fates += due or []
    whole.account(fates)


@pytest.mark.parametrize(
    "name",
    ["subscriptionId", "changeType", "lifecycleEvent", "resource", "tenantId", "organizationId", "clientState"],
)
def test_what_no_database_stores(whole, name):
    """Where it would be a column; anywhere else it is passed on."""
    for character in ("\0", "\ud800", "\udfff"):
        value = item(lifecycleEvent="missed" if name == "lifecycleEvent" else None)
        spoilt = value | {name: f"{value.get(name, '')}{character}"}
        assert whole.post(item(), spoilt, item(resourceData={f"a{character}": character}), item()) == 202
        whole.account([FORWARDED, "malformed", FORWARDED, FORWARDED])


@fuzzing
@given(
    st.binary(max_size=200)
    | anything.map(spelled)
    | st.builds(
        lambda body, at, byte: body[: at % len(body)] + bytes([byte]) + body[at % len(body) + 1 :],
        bodies,
        st.integers(0, 10**4),
        st.integers(0, 255),
    )
    | st.builds(lambda body, at: body[: at % len(body)], bodies, st.integers(0, 10**4))
)
def test_any_bytes(whole, body):
    due = wanted(body)
    assert whole.ask(body) == (400 if due is None else 202)
    whole.account(due or [])


header_names = st.sampled_from([b"content-type", b"content-length", b"content-encoding", b"transfer-encoding", b"x"])
header_values = st.sampled_from(
    [
        JSON[1],
        b"Application/JSON; charset=utf-16",
        b"application/jsonp",
        b"text/plain",
        b"0",
        b"99999999",
        b"-1",
        b"gzip",
    ]
) | st.binary(max_size=10)


@fuzzing
@given(
    st.sampled_from(["POST", "POST", "GET", "PUT", "HEAD", "DELETE", "post", ""]),
    st.sampled_from(["/hook", "/hook", "/single", "/hook/", "//hook", "/hook\0", "/HOOK", "/hook/..", "", "*"]),
    st.sampled_from(
        [QUERY, f"{QUERY}&a=b", f"a=%FF&{QUERY}", f"{QUERY}&validationToken=", f"{QUERY}&validationtoken=t"]
    ),
    st.lists(st.just(JSON) | st.tuples(header_names, header_values), max_size=3),
    st.booleans(),
    st.lists(st.integers(0, 400), max_size=3),
)
def test_any_request(whole, method, path, query, headers, leaves, cuts):
    body = spelled({"value": [genuine(FABRIKAM, {}), item(clientState="x" * 43)]})
    places = [0, *sorted(cuts), len(body)]
    chunks = [body[start:end] for start, end in itertools.pairwise(places)]
    status = whole.ask(chunks, method=method, path=path, query=query.encode(), headers=headers, leaves=leaves)
    assert status == answer_to(method, path, query, dict(reversed(headers)), leaves=leaves)
    if status == 202:
        whole.account([FORWARDED, "client-state" if path == "/hook" else "tenant"])
    else:
        whole.account([])


def answer_to(method, path, query, headers, *, leaves):
    kind, length = headers.get(b"content-type", b""), headers.get(b"content-length", b"")
    if path not in {"/hook", "/single"}:
        return 404
    if query.endswith("validationToken="):
        return 400
    if query.endswith("=t"):
        return 200 if method in {"GET", "POST"} else 405
    if method != "POST":
        return 405
    if kind.lower().split(b";")[0].strip() != JSON[1]:
        return 415
    if length.isdigit() and int(length) > BODY_LIMIT:
        return 413
    return None if leaves else 202


POST = (
    b"POST /hook?" + QUERY.encode() + b" HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nConnection: close\r\n"
)
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
CHUNK = b"%x\r\n%b\r\n" % (len(BODY), BODY)


@pytest.mark.parametrize(
    ("request_text", "statuses", "fates"),
    [
        (b"Content-Length: %d\r\n\r\n%b" % (len(BODY), BODY), [202], ["client-state"]),
        (b"Content-Length: %d\r\n\r\n%b" % (len(BODY) - 1, BODY), [400], []),
        (b"Content-Length: %d\r\nContent-Length: 5\r\n\r\n%b" % (len(BODY), BODY), [400], []),
        (b"Content-Length: -5\r\n\r\n" + BODY, [400], []),
        (b"Content-Length: 99999999999999999999999\r\n\r\n" + BODY, [400], []),
        (b"Content-Length: 4194305\r\n\r\n" + BODY, [413], []),
        (CHUNKED + CHUNK + b"0\r\n\r\n", [202], ["client-state"]),
        (CHUNKED + CHUNK + b"0\r\nX-Clientstate: forged\r\n\r\n", [202], ["client-state"]),
        (CHUNKED + b"-5\r\n" + BODY + b"\r\n0\r\n\r\n", [400], []),
        (CHUNKED + b"ffffffffffffffffff\r\n" + BODY, [400], []),
        (b"Content-Length: 5\r\n" + CHUNKED + CHUNK + b"0\r\n\r\n", [400], []),
        (b"Transfer-Encoding: gzip\r\n\r\n" + gzip.compress(BODY), [400], []),
        (b"\r\n" + BODY, [400], []),
        *(
            (b"Content-Encoding: %b\r\nContent-Length: %d\r\n\r\n%b" % (name, len(packed), packed), [400], [])
            for name, packed in [(b"gzip", gzip.compress(BODY)), (b"br", b"\x0b\x02\x80{}\x03"), (b"x", b"\x1f\x8b")]
        ),
        *(
            (b"Content-Length: %d\r\n\r\n%b" % (len(body), body), [status], ["client-state"] if status == 202 else [])
            for body, status in [
                (BODY.decode().encode("utf-16"), 400),
                (b"\xef\xbb\xbf" + BODY, 202),
                (BODY + b"\0", 400),
            ]
        ),
    ],
)
def test_what_no_client_sends(whole, request_text, statuses, fates):
    assert whole.exchange(POST + request_text) == statuses
    whole.account(fates)


def test_one_who_leaves_in_the_middle_is_not_stored(whole):
    with pytest.raises(TimeoutError):
        whole.exchange(POST + b"Content-Length: %d\r\n\r\n%b" % (len(BODY) + 1, BODY), seconds=0.5)
    assert whole.post(item()) == 202
    whole.account([FORWARDED])


@pytest.mark.parametrize("depth", [10, 200, 300, 600, 900, 1000, 1020, 1030, 5000, 500_000])
def test_nested_however_deeply(whole, depth):
    """How deep is too deep is left open; what is beside it counts all the same, unless it is no JSON to anybody."""
    deep = f"@@{'[' * depth}{']' * depth}@@"
    status = whole.ask(spelled({"value": [item(resourceData=deep), item(clientState="x", later=deep), item()]}))
    assert status == (202 if depth < 1024 else 400) or 900 < depth < 1100
    fates = whole.fates()
    reasons = [fate.reason for fate in fates]
    if status == 202:
        assert reasons[0] in {FORWARDED, "failed", "malformed"}
        assert reasons[1:] == [reasons[1], FORWARDED]
        assert reasons[1] in {"client-state", "malformed"}
    else:
        assert reasons == []
    if depth < 900:
        assert reasons == [FORWARDED, "client-state", FORWARDED]


PARTS = str(MARK).split(".")


def marked(**parts: str) -> str:
    names = ("version", "owner", "name", "birth", "key", "digest")
    return ".".join((dict(zip(names, PARTS, strict=True)) | parts).values())


@pytest.mark.parametrize(
    ("query", "fate"),
    [
        (QUERY, FORWARDED),
        (f"reconciler={MARK.for_lifecycle}", FORWARDED),
        (f"a=b&{QUERY}&c", FORWARDED),
        ("reconciler=" + "".join(f"%{ord(each):02x}" for each in str(MARK)), FORWARDED),
        (f"%72econciler={MARK}", FORWARDED),
        (f"reconciler={marked(key='k2')}", FORWARDED),
        (f"reconciler={marked(version='1b')}", FORWARDED),
        ("", "client-state"),
        (f"{QUERY}&{QUERY}", "client-state"),
        (f"RECONCILER={MARK}", "client-state"),
        (f"reconciler={quote(quote(str(MARK).replace('.', '%2e'), safe=''), safe='')}", "client-state"),
        *(
            (f"reconciler={marked(**{name: value})}", "client-state")
            for name, value in [
                ("version", "0"),
                ("version", "2"),
                ("version", ""),
                ("owner", ""),
                ("owner", "Contoso"),
                ("owner", "o" * 33),
                ("name", "all_teams"),
                ("name", "n" * 64),
                ("name", "all-teams%00"),
                ("birth", "9876543210"),
                ("birth", BIRTH[:-1]),
                ("birth", BIRTH + "0"),
                ("birth", "012345678G"),
                ("birth", "\u0660123456789"),
                ("key", ""),
                ("key", "k" * 17),
                ("digest", "abcdef012"),
                ("digest", "abcdef0123x"),
                ("digest", "abcdef0123.more"),
            ]
        ),
    ],
)
def test_a_mark_that_is_damaged_in_any_part(whole, query, fate):
    headers = {"Content-Type": "application/json"}
    body = spelled({"value": [item(), item(FABRIKAM), item(clientState="forged")]})
    assert whole.client.post(f"/hook?{query}", content=body, headers=headers).status_code == 202
    whole.account([fate, fate, "client-state"])


@fuzzing
@given(st.integers(0, len(QUERY) - 1), st.integers(33, 126).map(chr))
def test_a_mark_with_another_character(whole, at, character):
    """Owner, name, key and digest prove nothing; the birth does. Whatever it is, the item is there afterwards."""
    query = QUERY[:at] + character + QUERY[at + 1 :]
    assert whole.ask(spelled({"value": [item()]}), query=query.encode()) == 202
    (fate,) = whole.fates()
    whole.events = len(whole.inbox.sink.events)
    start = QUERY.index(BIRTH)
    if query == QUERY:
        assert fate.reason == FORWARDED
    elif start <= at < start + len(BIRTH):
        assert fate.reason == "client-state"
    else:
        assert fate.reason in {FORWARDED, "client-state"}


CASES = RIGHT[TENANT]


@pytest.mark.parametrize(
    "forged",
    [
        None,
        "",
        CASES.lower(),
        CASES.upper(),
        CASES.swapcase(),
        CASES[:-1],
        CASES[1:],
        CASES + "=",
        CASES + " ",
        " " + CASES,
        CASES + "\t",
        CASES * 2,
        CASES * 1000,
        CASES.replace("_", "/").replace("-", "+") + "=",
        RIGHT[FABRIKAM],
        SECRET.decode(),
        hmac.new(SECRET, f"{TENANT}.9876543210".encode(), "sha256").hexdigest(),
        "é" * 43,
    ],
)
def test_a_client_state_that_is_nearly_right(whole, forged):
    assert whole.post(item(), item(clientState=forged), item()) == 202
    whole.account([FORWARDED, "client-state", FORWARDED])


@pytest.mark.parametrize(
    ("changes", "fate"),
    [
        ({"tenantId": FABRIKAM}, "client-state"),
        ({"tenantId": ELSEWHERE}, "tenant"),
        ({"tenantId": TENANT + " "}, "tenant"),
        ({"tenantId": TENANT[:-1]}, "tenant"),
        ({"tenantId": "", "organizationId": ELSEWHERE}, "tenant"),
        ({"tenantId": None, "organizationId": FABRIKAM}, "client-state"),
        ({"tenantId": TENANT.upper()}, FORWARDED),
        ({"tenantId": None}, FORWARDED),
        ({"tenantId": None, "organizationId": TENANT}, FORWARDED),
    ],
)
def test_the_tenant_is_bound(whole, changes, fate):
    assert whole.post(item(**changes), item()) == 202
    whole.account([fate, FORWARDED])
    assert whole.post(item(**changes), item(FABRIKAM), path="/single") == 202
    whole.account([*whole_of_fabrikam(changes), FORWARDED])


def whole_of_fabrikam(changes):
    """At an endpoint that is Fabrikam's alone, what is signed for another is nobody's."""
    said = changes.get("tenantId", TENANT) or changes.get("organizationId") or FABRIKAM
    return ["client-state" if said == FABRIKAM else "tenant"]


def test_too_many_items_and_too_many_bytes(whole):
    assert whole.ask(b'{"value":[' + b"1," * 15_000 + b"1]}") == 400
    assert whole.ask([spelled({"value": [item()]}), b" " * BODY_LIMIT]) == 413
    assert whole.post(item()) == 202
    whole.account([FORWARDED])
