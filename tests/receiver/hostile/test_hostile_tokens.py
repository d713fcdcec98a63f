"""Validation tokens: each variant has its reason, and one bad one counts against all that is encrypted."""

import base64
import datetime as dt
import itertools
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from reconciler.emulator.entra.keys import Keys
from reconciler.receiver.issuers import GLOBAL
from tests.receiver.hostile.support import GOOD, HIDDEN, PUBLISHER, SECONDS, fuzzing, good_tokens, rich, signed
from tests.receiver.hostile.whole import FORWARDED, spelled
from tests.receiver.sending import (
    CLIENT,
    ELSEWHERE,
    FABRIKAM,
    FABRIKAMS_CLIENT,
    NOW,
    TENANT,
    claims,
    forgers_key,
    item,
    keys_of,
    signing_key,
    token,
)
from tests.receiver.test_tokens import FORGED, HEAD, KEY_ID, by_hand


def public(form: Any = serialization.PublicFormat.SubjectPublicKeyInfo, encoding: Any = serialization.Encoding.PEM):
    return signing_key().public_key().public_bytes(encoding, form)


def respelled(text: str) -> str:
    """The last character's lowest bits mean nothing in base64, so the bytes are the same."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return text[:-1] + letters[letters.index(text[-1]) ^ 1]


OFFERED = {"jku": "https://evil.example/keys", "x5u": "https://evil.example", "jwk": keys_of(Keys(forgers_key()))[0]}
JWK = keys_of(Keys(signing_key()))[0]
HEADER, CLAIMS, SIGNATURE = GOOD.split(".")
NOT_SIGNED = "a validation token is not signed with RS256"
WRONG = "a validation token's signature is wrong"
ANOTHERS = "a validation token is for another tenant or app than the endpoint's"
NO_KEY = "a validation token is signed with a key that its authority does not have"
SENDER = "a validation token was not given to Graph's change tracking"
ISSUER = "a validation token is of another issuer than its tenant's"
VERSION = "a validation token is of a version that is not known"
EXPIRED = "a validation token had expired when it came"
EARLY = "a validation token was not valid yet when it came"
PARTS_OF = "a validation token is no JWT of three parts"
NO_JSON = "a validation token has a part that is not JSON, or has a name twice"
CRIT = "a validation token has extensions that must be understood, and none are"
LONG = "a validation token is longer than 16384 characters, or has some that no token has"
HS256 = HEAD | {"alg": "HS256"}

BAD = {
    "none": (by_hand(HEAD | {"alg": "none"}, claims()).rpartition(".")[0] + ".", NOT_SIGNED),
    "none, signed": (by_hand(HEAD | {"alg": "none"}, claims()), NOT_SIGNED),
    "HS256 by the PEM": (by_hand(HS256, claims(), secret=public()), NOT_SIGNED),
    "HS256 by the stripped PEM": (by_hand(HS256, claims(), secret=public().strip()), NOT_SIGNED),
    "HS256 by PKCS1": (by_hand(HS256, claims(), secret=public(serialization.PublicFormat.PKCS1)), NOT_SIGNED),
    "HS256 by the DER": (by_hand(HS256, claims(), secret=public(encoding=serialization.Encoding.DER)), NOT_SIGNED),
    "HS256 by the JWK": (by_hand(HS256, claims(), secret=json.dumps(JWK).encode()), NOT_SIGNED),
    "HS256 by n": (by_hand(HS256, claims(), secret=JWK["n"].encode()), NOT_SIGNED),
    "HS256 by x5c": (by_hand(HS256, claims(), secret=base64.b64decode(JWK["x5c"][0])), NOT_SIGNED),
    "HS256 as RS256": (by_hand(HEAD, claims(), secret=public()), WRONG),
    "RS384": (token(algorithm="RS384"), NOT_SIGNED),
    "RS512": (token(algorithm="RS512"), NOT_SIGNED),
    "PS256": (token(algorithm="PS256"), NOT_SIGNED),
    "ES256": (token(algorithm="ES256", key=ec.generate_private_key(ec.SECP256R1())), NOT_SIGNED),
    "wrong kid": (signed(head={"kid": "invented"}), NO_KEY),
    "kid in other case": (signed(head={"kid": KEY_ID.swapcase()}), NO_KEY),
    "kid of a key for encrypting": (signed(head={"kid": "encrypts"}), NO_KEY),
    "kid of a key that is not RSA": (signed(head={"kid": "curve"}), NO_KEY),
    "kid of another tenant's key": (signed(head={"kid": "fabrikams"}), WRONG),
    "by another tenant's key": (
        signed(forgers_key(), head={"kid": "fabrikams"}),
        "a validation token is signed with a key that is not for its tenant",
    ),
    "by a forger's key": (signed(forgers_key()), WRONG),
    "no kid": (by_hand({"alg": "RS256"}, claims()), "a validation token has no kid"),
    "expired": (signed(exp=SECONDS - 300), EXPIRED),
    "not yet valid": (signed(nbf=SECONDS + 301), EARLY),
    "not yet issued": (signed(iat=SECONDS + 301), EARLY),
    "other publisher": (signed(azp=CLIENT), SENDER),
    "publisher in the other name's place": (signed(azp=CLIENT, appid=PUBLISHER), SENDER),
    "publisher in v1's place alone": (signed(without="azp", appid=PUBLISHER), SENDER),
    "v1, other publisher": (token({"appid": CLIENT}, version=1), SENDER),
    "v1, publisher in v2's place": (token({"appid": CLIENT, "azp": PUBLISHER}, version=1), SENDER),
    "v1, publisher in v2's place alone": (token({"appid": None, "azp": PUBLISHER}, version=1), SENDER),
    "v1 that says v2": (token({"ver": "2.0"}, version=1), ISSUER),
    "v2 that says v1": (signed(ver="1.0"), ISSUER),
    "publisher in upper case": (signed(azp=PUBLISHER.upper()), SENDER),
    "other audience": (signed(aud=ELSEWHERE), ANOTHERS),
    "audience of the other tenant's app": (signed(aud=FABRIKAMS_CLIENT), ANOTHERS),
    "audience as a URI": (signed(aud=f"api://{CLIENT}"), ANOTHERS),
    "audience in a list": (signed(aud=[CLIENT]), "a validation token has no aud"),
    "other tenant": (token(tenant=ELSEWHERE), ANOTHERS),
    "tid alone": (signed(tid=FABRIKAM), ISSUER),
    "issuer of another cloud": (signed(iss=f"https://login.microsoftonline.us/{TENANT}/v2.0"), ISSUER),
    "issuer of China's": (signed(iss=f"https://login.partner.microsoftonline.cn/{TENANT}/v2.0"), ISSUER),
    "issuer of another tenant": (signed(iss=GLOBAL.v2.format(tenant=FABRIKAM)), ISSUER),
    "issuer's template": (signed(iss=GLOBAL.v2), ISSUER),
    "issuer with a slash": (signed(iss=GLOBAL.v2.format(tenant=TENANT) + "/"), ISSUER),
    "issuer of a forger": (signed(iss=f"https://login.microsoftonline.com.evil.example/{TENANT}/v2.0"), ISSUER),
    "no ver": (signed(without="ver"), VERSION),
    "ver 3.0": (signed(ver="3.0"), VERSION),
    "ver as number": (signed(ver=2.0), VERSION),
    "crit": (signed(head={"crit": ["exp"], "exp": 1}), CRIT),
    "crit b64": (by_hand(HEAD | {"crit": ["b64"], "b64": False}, claims()), CRIT),
    "another's keys offered": (signed(forgers_key(), head=OFFERED), WRONG),
    "claim twice": (by_hand(HEAD, json.dumps(claims()).encode()[:-1] + b',"aud":"%s"}' % CLIENT.encode()), NO_JSON),
    "header twice": (by_hand(json.dumps(HEAD).encode()[:-1] + b',"alg":"RS256"}', claims()), NO_JSON),
    "trailing data": (f"{GOOD}.{CLAIMS}", PARTS_OF),
    "trailing characters": (GOOD + "AAAA", WRONG),
    "leading blank": (" " + GOOD, WRONG),
    "two parts": (f"{HEADER}.{CLAIMS}", PARTS_OF),
    "no parts": ("", PARTS_OF),
    "empty parts": ("..", NO_JSON),
    "empty signature": (f"{HEADER}.{CLAIMS}.", WRONG),
    "empty claims": (f"{HEADER}..{SIGNATURE}", NO_JSON),
    "signature of another": (f"{HEADER}.{CLAIMS}.{token().rpartition('.')[2]}", WRONG),
    "signature in standard base64": (f"{HEADER}.{CLAIMS}.++//{SIGNATURE[4:]}", WRONG),
    "claims respelled": (f"{HEADER}.{CLAIMS}=.{SIGNATURE}", WRONG),
    "encrypted, five parts": (f"{GOOD}.AA.AA", PARTS_OF),
    "JSON serialization": (json.dumps({"payload": CLAIMS, "signatures": []}), PARTS_OF),
    "1 MiB": (GOOD + "A" * 2**20, LONG),
    "1 MiB of dots": ("." * 2**20, LONG),
    "no ASCII": (GOOD + "é", LONG),
    "surrogate": ("\ud800", LONG),
    "NUL": ("\0", PARTS_OF),
    **{
        f"{name} no number": (signed(**{name: str(SECONDS)}), f"a validation token has no {name} in whole seconds")
        for name in ("exp", "nbf", "iat")
    },
    **{f"no {name}": (signed(without=name), f"a validation token has no {name}") for name in ("aud", "tid")},
    **{
        f"no {name}": (signed(without=name), f"a validation token has no {name} in whole seconds")
        for name in ("exp", "nbf", "iat")
    },
}


@pytest.mark.parametrize(("bad", "message"), BAD.values(), ids=BAD.keys())
def test_a_token_that_proves_nothing(whole, bad, message):
    """Alone or beside good ones, it sets aside everything encrypted of its delivery, and nothing that is basic."""
    ours, theirs = good_tokens()
    lists = [[bad], [ours, bad, theirs], [bad, ours, theirs], [ours, theirs, bad]]
    for tokens in lists:
        assert whole.post(rich(), item(), rich(FABRIKAM), item(rich=True, clientState="x"), tokens=tokens) == 202
    # Beside another bad one the first counts; what is basic alone needs no token at all.
    assert whole.post(item(), tokens=[bad]) == 202
    assert whole.post(rich(), item(), rich(FABRIKAM), tokens=[ours, theirs]) == 202
    aside = ["token", FORWARDED, "token", "client-state"]
    fates = whole.account([*aside * len(lists), FORWARDED, FORWARDED, FORWARDED, FORWARDED])
    assert {fate.message for fate in fates if fate.reason == "token"} == {message}
    assert all(json.loads(fate.body)["encryptedContent"]["data"] for fate in fates if fate.reason == "token")
    assert [data["content"]["name"] for data in whole.new_data if data["content"]] == [HIDDEN, HIDDEN]


def test_none_of_those_that_others_have_thought_of(whole):
    for forged in FORGED.values():
        assert whole.post(rich(), item(), tokens=[token(), forged]) == 202
    whole.account(["token", FORWARDED] * len(FORGED))


@fuzzing
@given(st.integers(0, len(GOOD) - 2), st.characters(), st.sampled_from([0, 1]), st.booleans())
def test_a_token_with_another_character(whole, at, character, cut, beside):
    """All but the last one: its lowest bits mean nothing."""
    changed = GOOD[:at] + character + GOOD[at + cut :]
    tokens = [GOOD, changed] if beside else [changed]
    assert whole.ask(spelled({"value": [rich(), item()], "validationTokens": tokens})) == 202
    if changed == GOOD:
        whole.account([FORWARDED, FORWARDED])
        return
    whole.account(["token", FORWARDED])


PASSING = {
    "v1": token(version=1),
    "v1 with azp as well": token({"azp": CLIENT}, version=1),
    "v2 with appid as well": signed(appid=CLIENT),
    "keys offered that are not needed": signed(head=OFFERED),
    "within the leeway of its end": signed(exp=SECONDS - 299),
    "within the leeway of its beginning": signed(nbf=SECONDS + 299),
    "ids in upper case": signed(aud=CLIENT.upper()),
}


@pytest.mark.parametrize("good", PASSING.values(), ids=PASSING.keys())
def test_a_token_that_is_odd_and_good(whole, good):
    assert whole.post(rich(), tokens=[good]) == 202
    whole.account([FORWARDED])
    (data,) = whole.new_data
    assert data["content"]["name"] == HIDDEN


@pytest.mark.parametrize("same", [respelled(GOOD), GOOD + "==", GOOD + "\n"], ids=["bits", "padding", "newline"])
def test_a_signature_in_another_spelling_of_the_same_bytes(whole, same):
    """It signs nothing else, so it is left to the library."""
    assert whole.post(rich(), item(), tokens=[same]) == 202
    whole.account([FORWARDED if jwt_takes(same) else "token", FORWARDED])


def jwt_takes(text: str) -> bool:
    try:
        jwt.decode(text, signing_key().public_key(), ["RS256"], {"verify_aud": False, "verify_exp": False})
    except jwt.PyJWTError:
        return False
    return True


@pytest.mark.parametrize(
    ("tokens", "reason"),
    [
        (None, "no-token"),
        ([], "no-token"),
        ([None], "token"),
        ([GOOD, None], "token"),
        ([[GOOD]], "token"),
        ([GOOD, []], "token"),
        (GOOD, "token"),
        ({"0": GOOD}, "token"),
        ({}, "token"),
        ("", "token"),
        (0, "token"),
        (False, "token"),
        ([GOOD, 7], "token"),
        ([GOOD, "@@1e999@@"], "token"),
        ([GOOD] * 1000, FORWARDED),
        ([GOOD] * 999 + [GOOD + "A"], "token"),
        ([f"{HEADER}.{CLAIMS}.{number}" for number in range(1000)], "token"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_tokens_in_another_shape(whole, tokens, reason):
    assert whole.post(rich(), item(), tokens=tokens) == 202
    whole.account([reason, FORWARDED])


def test_tokens_under_two_names(whole):
    """One of both counts, and it is the one that is judged."""
    for names in (("validationTokens", "VALIDATIONTOKENS"), ("ValidationTokens", "validationTokens")):
        for lists in itertools.permutations([[GOOD], ["bad"]]):
            body = {"value": [rich()], **dict(zip(names, lists, strict=True))}
            assert whole.ask(spelled(body)) == 202
            whole.account([FORWARDED if lists[0] == [GOOD] else "token"])


def test_a_token_speaks_for_its_own_tenant_and_path_only(whole):
    ours, theirs = good_tokens()
    assert whole.post(rich(), rich(FABRIKAM), tokens=[ours]) == 202
    assert whole.post(rich(), rich(FABRIKAM), tokens=[theirs]) == 202
    assert whole.post(rich(FABRIKAM), tokens=[theirs], path="/single") == 202
    assert whole.post(rich(FABRIKAM), tokens=[ours], path="/single") == 202
    assert whole.post(rich(FABRIKAM), item(FABRIKAM), tokens=[theirs, ours], path="/single") == 202
    fates = whole.account([FORWARDED, "no-token", "no-token", FORWARDED, FORWARDED, "token", "token", FORWARDED])
    others = "the item is encrypted, and the delivery's validation tokens are for other tenants"
    assert [fate.message for fate in fates if fate.message] == [others, others, ANOTHERS, ANOTHERS]


def test_the_same_token_after_it_has_expired(whole):
    """It was good, and it is remembered: that must not keep it good."""
    clock, mine = whole.inbox.clock, token()
    try:
        for minutes, reason in ((0, FORWARDED), (1449, FORWARDED), (1451, "token"), (-60 * 24 * 365, "token")):
            clock.time = NOW + dt.timedelta(minutes=minutes)
            assert whole.post(rich(), item(), tokens=[mine]) == 202
            whole.account([reason, FORWARDED])
    finally:
        clock.time = NOW
