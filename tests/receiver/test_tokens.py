"""Validation tokens: what proves Graph as the sender, and what does not (facts 7.3)."""

import base64
import datetime as dt
import hashlib
import hmac
import json

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.clouds import CLOUDS, Cloud
from reconciler.emulator.entra.keys import Keys
from reconciler.receiver import Audience, ReceiverError
from reconciler.receiver.issuers import GLOBAL, issuers_of
from reconciler.receiver.signing_keys import KeysUnavailable
from reconciler.receiver.tokens import LONGEST, BadToken
from reconciler.receiver.validation_tokens import REMEMBERED
from tests.receiver.sending import (
    CLIENT,
    ELSEWHERE,
    FABRIKAM,
    FABRIKAMS_CLIENT,
    NOW,
    TENANT,
    Served,
    claims,
    forgers_key,
    keys_of,
    signing_key,
    token,
    tokens_of,
)

BOTH = frozenset({TENANT, FABRIKAM})
SECONDS = int(NOW.timestamp())


@pytest.fixture
def served():
    return Served(Keys(signing_key()))


@pytest.fixture
def tokens(served):
    return tokens_of(served)


async def vouched(tokens, *given, tenants=BOTH, at=NOW):
    return await tokens.vouched(given, tenants=tenants, at=at)


def part(value):
    return base64.urlsafe_b64encode(value if isinstance(value, bytes) else json.dumps(value).encode()).rstrip(b"=")


def by_hand(header, body, *, secret=None):
    """For what no library signs: with RSA, or with a secret."""
    signed = part(header) + b"." + part(body)
    if secret is not None:
        signature = hmac.new(secret, signed, hashlib.sha256).digest()
    else:
        signature = jwt.get_algorithm_by_name("RS256").sign(signed, signing_key())
    return (signed + b"." + part(signature)).decode()


KEY_ID = Keys(signing_key()).current[0]
HEAD = {"alg": "RS256", "typ": "JWT", "kid": KEY_ID}
PUBLIC_PEM = (
    signing_key().public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
)
FORGERS_JWK = keys_of(Keys(forgers_key()))[0]


@pytest.mark.parametrize("version", [1, 2])
async def test_a_good_one(tokens, version):
    assert await vouched(tokens, token(version=version)) == {TENANT}


async def test_one_for_each_tenant(tokens):
    assert await vouched(tokens, token(), token(tenant=FABRIKAM, client=FABRIKAMS_CLIENT)) == BOTH


async def test_letter_case_of_ids_does_not_matter(tokens):
    shouted = {"aud": CLIENT.upper(), "tid": TENANT.upper(), "iss": GLOBAL.v2.format(tenant=TENANT.upper())}
    assert await vouched(tokens, token(shouted)) == {TENANT}


async def test_keys_that_a_header_offers_are_not_looked_at(tokens, served):
    offers = {"jku": "https://evil.example", "x5u": "https://evil.example", "jwk": FORGERS_JWK, "x5c": ["AA=="]}
    assert await vouched(tokens, token(headers=offers)) == {TENANT}
    with pytest.raises(BadToken, match="signature"):
        await vouched(tokens, token(key=forgers_key(), headers=offers))
    assert len(served.asked) == 1


FORGED = {
    "no signature": by_hand(HEAD | {"alg": "none"}, claims()).rpartition(".")[0] + ".",
    "none, signed": by_hand(HEAD | {"alg": "none"}, claims()),
    "NoNe": by_hand(HEAD | {"alg": "NoNe"}, claims()),
    "HS256 with the public key": by_hand(HEAD | {"alg": "HS256"}, claims(), secret=PUBLIC_PEM),
    "HS256 under RS256's name": by_hand(HEAD, claims(), secret=PUBLIC_PEM),
    "HS256 with nothing": by_hand(HEAD | {"alg": "HS256"}, claims(), secret=b""),
    "RS512": token(algorithm="RS512"),
    "PS256": token(algorithm="PS256"),
    "ES256": token(algorithm="ES256", key=ec.generate_private_key(ec.SECP256R1())),
    "alg missing": by_hand({"kid": KEY_ID}, claims()),
    "alg in a list": by_hand(HEAD | {"alg": ["RS256"]}, claims()),
    "wrong kid": token(headers={"kid": "invented"}),
    "kid of another's key": token(key=forgers_key()),
    "no kid": by_hand({"alg": "RS256"}, claims()),
    "empty kid": by_hand(HEAD | {"kid": ""}, claims()),
    "kid in a list": by_hand(HEAD | {"kid": [KEY_ID]}, claims()),
    "crit": by_hand(HEAD | {"crit": ["exp"]}, claims()),
    "crit of what the library knows": by_hand(HEAD | {"crit": ["b64"], "b64": True}, claims()),
    "crit of nothing": by_hand(HEAD | {"crit": []}, claims()),
    "detached": by_hand(HEAD | {"b64": False}, claims()),
    "header twice": by_hand(b'{"alg":"none","alg":"RS256","kid":"%s"}' % KEY_ID.encode(), claims()),
    "claim twice": by_hand(HEAD, json.dumps(claims()).encode()[:-1] + b', "aud": "x"}'),
    "claims in a list": by_hand(HEAD, [claims()]),
    "claims no JSON": by_hand(HEAD, b"{"),
    "claims not finite": by_hand(HEAD, json.dumps(claims() | {"exp": float("inf")}).encode()),
    "claims too deep": by_hand(HEAD, b"[" * 5000),
    "expired": token(at=NOW - dt.timedelta(days=2)),
    "future": token(at=NOW + dt.timedelta(hours=1)),
    "no exp": token({"exp": None}),
    "no nbf": token({"nbf": None}),
    "no iat": token({"iat": None}),
    "exp as text": token({"exp": str(SECONDS + 900)}),
    "exp as float": token({"exp": SECONDS + 900.5}),
    "exp as bool": token({"exp": True}),
    "issued in the future": token({"iat": SECONDS + 600}),
    "other publisher": token({"azp": CLIENT}),
    "other publisher, v1": token({"appid": CLIENT}, version=1),
    "publisher in the other version's claim": token({"azp": None, "appid": claims()["azp"]}),
    "publisher in the other version's claim, v1": token({"appid": None, "azp": claims()["azp"]}, version=1),
    "other audience": token({"aud": ELSEWHERE}),
    "audience of another tenant's app": token({"aud": FABRIKAMS_CLIENT}),
    "audience in a list": token({"aud": [CLIENT]}),
    "no audience": token({"aud": None}),
    "other tenant": token(tenant=ELSEWHERE),
    "tenant only": token({"tid": FABRIKAM, "aud": FABRIKAMS_CLIENT}),
    "issuer only": token({"iss": GLOBAL.v2.format(tenant=FABRIKAM)}),
    "no tenant": token({"tid": None}),
    "tenant in a list": token({"tid": [TENANT]}),
    "other issuer": token({"iss": "https://evil.example"}),
    "issuer of the other version": token({"iss": GLOBAL.v1.format(tenant=TENANT)}),
    "issuer of another cloud": token({"iss": f"https://login.microsoftonline.us/{TENANT}/v2.0"}),
    "issuer's template": token({"iss": GLOBAL.v2}),
    "no issuer": token({"iss": None}),
    "no version": token({"ver": None}),
    "version 3": token({"ver": "3.0"}),
    "version as number": token({"ver": 2.0}),
    "empty": "",
    "dots": "..",
    "two parts": token().rpartition(".")[0],
    "four parts": token() + ".AA",
    "no signature part": token().rpartition(".")[0] + ".",
    "huge": token({"aio": "x" * LONGEST}),
    "no base64": "!.!.!",
    "surrogate": "\ud800.\ud800.\ud800",
    "unicode": token() + "ü",
    "header is no object": by_hand(b"[]", claims()),
    "header is no text": by_hand(b"\xff", claims()),
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED.keys())
async def test_a_bad_one(tokens, forged):
    with pytest.raises(BadToken) as raised:
        await vouched(tokens, forged)
    assert str(raised.value).startswith("a validation token")
    assert CLIENT not in str(raised.value)
    assert tokens.remembered.keys() <= {hashlib.sha256(forged.encode(errors="surrogatepass")).digest()}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED.keys())
async def test_a_good_one_does_not_make_up_for_a_bad_one(tokens, forged):
    for pair in ([token(), forged], [forged, token()]):
        with pytest.raises(BadToken):
            await vouched(tokens, *pair)


async def test_a_tenant_that_is_none_of_the_endpoints(tokens):
    good = token()
    assert await vouched(tokens, good)
    with pytest.raises(BadToken, match="for another tenant or app"):
        await vouched(tokens, good, tenants={FABRIKAM})
    with pytest.raises(BadToken, match="for another tenant or app"):
        await vouched(tokens_of(Served(Keys(signing_key()))), good, tenants={FABRIKAM})


async def test_strangers_cannot_make_us_fetch_keys(tokens, served):
    for forged in (token(tenant=ELSEWHERE), token(algorithm="RS512"), "a.b.c"):
        with pytest.raises(BadToken):
            await vouched(tokens, forged)
    assert served.asked == []


@pytest.mark.parametrize(("minutes", "good"), [(-6, False), (-4, True), (0, True), (1449, True), (1451, False)])
@pytest.mark.parametrize("remembered", [False, True])
async def test_times_count_against_the_moment_of_receipt(served, minutes, good, remembered):
    """24 hours and 5 minutes, and 5 minutes of leeway at either end; whatever time it is now."""
    tokens = tokens_of(served, now=lambda: NOW + dt.timedelta(days=20))
    known = token()
    if remembered:
        await vouched(tokens, known)
    came = NOW + dt.timedelta(minutes=minutes)
    if good:
        assert await vouched(tokens, known, at=came) == {TENANT}
    else:
        with pytest.raises(BadToken, match="when it came"):
            await vouched(tokens, known, at=came)


async def test_a_verified_token_is_remembered(tokens, served):
    known = token()
    await vouched(tokens, known)
    served.away = True
    tokens.trusts[TENANT].keys.keys.clear()
    assert await vouched(tokens, known) == {TENANT}
    with pytest.raises(KeysUnavailable):
        await vouched(tokens, known + "A")


async def test_the_memory_is_bounded_and_the_lapsed_go_first(tokens, monkeypatch):
    monkeypatch.setattr("reconciler.receiver.validation_tokens.REMEMBERED", 3)
    assert REMEMBERED > 3
    first, *others = (token(at=NOW + dt.timedelta(minutes=minute)) for minute in range(4))
    await vouched(tokens, first, *others[:2])
    await vouched(tokens, others[2])
    assert len(tokens.remembered) == 3
    assert hashlib.sha256(first.encode()).digest() not in tokens.remembered
    later = NOW + dt.timedelta(days=3)
    await vouched(tokens, token(at=later), at=later)
    assert len(tokens.remembered) == 1


async def test_a_key_of_a_single_tenant_proves_no_other(tokens, served):
    """The common documents hold such keys, too: that of personal accounts for one."""
    for issuer, good in ((GLOBAL.v2.format(tenant=ELSEWHERE), False), (GLOBAL.v2.format(tenant=TENANT), True)):
        served.documents = dict.fromkeys(served.documents, WithIssuer(issuer))
        fresh = tokens_of(served)
        if good:
            assert await vouched(fresh, token())
        else:
            with pytest.raises(BadToken, match="not for its tenant"):
                await vouched(fresh, token())


class WithIssuer:
    def __init__(self, issuer):
        self.issuer = issuer

    def jwks(self):
        return {"keys": [key | {"issuer": self.issuer} for key in keys_of(Keys(signing_key()))]}


GOOD = token()


@settings(deadline=None)
@given(st.integers(0, GOOD.rindex(".")), st.characters(codec="utf-8"))
async def test_every_character_of_the_signed_part_counts(position, character):
    """Of the signature's, base64 has several spellings, each as good."""
    changed = GOOD[:position] + character + GOOD[position + 1 :]
    if changed != GOOD:
        with pytest.raises(BadToken):
            await vouched(tokens_of(Served(Keys(signing_key()))), changed)


@settings(deadline=None)
@given(
    st.text()
    | st.lists(st.binary(max_size=40), min_size=3, max_size=3).map(lambda each: b".".join(map(part, each)).decode())
)
async def test_any_text_is_refused(text):
    with pytest.raises(BadToken):
        await vouched(tokens_of(Served(Keys(signing_key()))), text)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@settings(deadline=None)
@given(st.sampled_from(["aud", "iss", "tid", "azp", "ver", "exp", "nbf", "iat"]), anything)
async def test_any_claim_that_is_something_else_is_refused(name, value):
    """Signed by Entra all the same."""
    odd = by_hand(HEAD, claims() | {name: value})
    if name in {"exp", "nbf", "iat"} and isinstance(value, int) and not isinstance(value, bool):
        fits = value > SECONDS - 300 if name == "exp" else value <= SECONDS + 300
    else:
        fits = False
    if fits:
        assert await vouched(tokens_of(Served(Keys(signing_key()))), odd)
        return
    with pytest.raises(BadToken):
        await vouched(tokens_of(Served(Keys(signing_key()))), odd)


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["alg", "kid", "typ", "crit", "b64", "jwk", "jku", "cty", "zip"]), anything, min_size=1
    )
)
async def test_any_header_is_read_or_refused(header):
    """Never an exception of another kind."""
    try:
        await vouched(tokens_of(Served(Keys(signing_key()))), by_hand(HEAD | header, claims()))
    except BadToken:
        return
    assert not header.keys() & {"crit"}
    assert (HEAD | header)["alg"] == "RS256"


# Clouds


@pytest.mark.parametrize(
    ("cloud", "v1", "v2"),
    [
        ("global", "https://sts.windows.net/{tenant}/", "https://login.microsoftonline.com/{tenant}/v2.0"),
        ("usgov", "https://sts.windows.net/{tenant}/", "https://login.microsoftonline.us/{tenant}/v2.0"),
        ("usgov-dod", "https://sts.windows.net/{tenant}/", "https://login.microsoftonline.us/{tenant}/v2.0"),
        ("china", "https://sts.chinacloudapi.cn/{tenant}/", "https://login.partner.microsoftonline.cn/{tenant}/v2.0"),
    ],
)
async def test_issuers_of_the_clouds(served, cloud, v1, v2):
    issuers = issuers_of(CLOUDS[cloud])
    assert (issuers.v1, issuers.v2) == (v1, v2)
    tokens = tokens_of(served, Audience(TENANT, CLIENT, CLOUDS[cloud]))
    assert await vouched(tokens, token({"iss": v2.format(tenant=TENANT)})) == {TENANT}


def test_custom_clouds_spell_issuers_as_the_global_one_decision_22():
    assert issuers_of(Cloud("emulator", "https://127.0.0.1:1", "https://127.0.0.1:1", "ca.pem")) == GLOBAL


def test_clouds_with_one_authority_share_its_keys(served):
    tokens = tokens_of(
        served, Audience(TENANT, CLIENT, CLOUDS["usgov"]), Audience(FABRIKAM, CLIENT, CLOUDS["usgov-dod"])
    )
    assert len(tokens.authorities) == 1


def test_a_tenant_is_in_one_cloud(served):
    with pytest.raises(ReceiverError, match=f"^the tenant {TENANT} is declared with two authorities.*same cloud$"):
        tokens_of(served, Audience(TENANT, CLIENT, CLOUDS["usgov"]), Audience(TENANT, CLIENT, CLOUDS["global"]))


async def test_two_apps_in_one_tenant(served):
    tokens = tokens_of(
        served, Audience(TENANT, CLIENT, CLOUDS["global"]), Audience(TENANT, FABRIKAMS_CLIENT, CLOUDS["global"])
    )
    assert await vouched(tokens, token(), token({"aud": FABRIKAMS_CLIENT})) == {TENANT}
