"""An access token in, what it says of itself out: to explain with, not to decide whom to trust.

Nothing is verified: an access token is Graph's to verify, and opaque if Graph so likes.
"""

import base64
from collections.abc import Mapping
from typing import Any

from reconciler.graph.answers import json_of

__all__ = ["claims_of", "decoded", "roles_of"]


def claims_of(token: str) -> Mapping[str, Any]:
    """Empty where the token is opaque."""
    parts = token.split(".")
    claims = decoded(parts[1]) if len(parts) == 3 else None
    return claims if isinstance(claims, dict) else {}


def decoded(part: str) -> Any:
    """The JSON that one part of a JWT is; None where it is none."""
    try:
        return json_of(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (TypeError, ValueError):
        return None


def roles_of(token: str) -> frozenset[str]:
    """The application permissions that it carries."""
    try:
        return frozenset(map(str, claims_of(token).get("roles", ())))
    except TypeError:
        return frozenset()
