"""The secret that Graph repeats on every notification, derived so that each replica can check it without a look-up."""

import base64
import hmac

__all__ = ["FIXED_KEY", "LONGEST", "client_state"]

LONGEST = 128
"""Characters that v1.0 takes (facts 1.1)."""

FIXED_KEY = "fixed"
"""The key id of a ``clientState`` that is used as it is."""


def client_state(secret: bytes, *, key: str, tenant_id: str, birth: str) -> str:
    """43 characters of base64url; a fixed secret is its own ``clientState``.

    Bound to the tenant and to the subscription's birth, not to its name: a rename changes nothing.
    """
    if key == FIXED_KEY:
        return secret.decode()
    digest = hmac.digest(secret, f"{tenant_id.lower()}.{birth}".encode(), "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
