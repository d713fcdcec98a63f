"""``clientState``, derived so that each replica can check it (decision 10)."""

import base64
import hashlib
import hmac
from typing import Any

import pytest

from reconciler.core.client_state import FIXED_KEY, client_state

TENANT, BIRTH = "0F2E8F59-862A-483B-9CA8-82A10665E17D", "0123456789"


def test_golden_value():
    """As `printf ... | openssl dgst -sha256 -hmac key -binary | basenc --base64url` has it."""
    message = b"0f2e8f59-862a-483b-9ca8-82a10665e17d.0123456789"
    expected = base64.urlsafe_b64encode(hmac.new(b"key", message, hashlib.sha256).digest()).decode().rstrip("=")
    assert (
        client_state(b"key", key="k1", tenant_id=TENANT, birth=BIRTH)
        == expected
        == "gwNtT9mZh-kgJQZupF_KCUYAOk1mxDRlr_DFN1lu40c"
    )


GIVEN: dict[str, Any] = {"secret": b"key", "tenant_id": TENANT, "birth": BIRTH}


@pytest.mark.parametrize("changes", [{"secret": b"other"}, {"tenant_id": "x"}, {"birth": "9876543210"}])
def test_all_of_it_counts(changes):
    assert state(**GIVEN) != state(**{**GIVEN, **changes})


@pytest.mark.parametrize("changes", [{"tenant_id": TENANT.lower()}, {"key": "k2"}])
def test_letter_case_of_the_tenant_and_id_of_the_key_do_not(changes):
    assert state(**GIVEN) == state(**{**GIVEN, **changes})


@pytest.mark.parametrize("secret", [b"", b"x" * 10_000])
def test_it_is_short_enough_for_v1_facts_1_1(secret):
    assert len(client_state(secret, key="k1", tenant_id=TENANT, birth=BIRTH)) == 43


def test_a_fixed_one_is_used_as_it_is():
    assert client_state(b"shared with them", key=FIXED_KEY, tenant_id=TENANT, birth=BIRTH) == "shared with them"


def state(secret: bytes, *, tenant_id: str, birth: str, key: str = "k1") -> str:
    return client_state(secret, key=key, tenant_id=tenant_id, birth=birth)
