"""Graph asks whether an endpoint is ours: the raw query in, the token to repeat out (facts 4).

The query is taken apart by hand. A framework's parser would drop empty and repeated parameters, replace what is not
UTF-8, and leave open how often it decodes.
"""

from urllib.parse import unquote_to_bytes

__all__ = ["TOKEN_LIMIT", "TokenRefused", "validation_token"]

PARAMETER = "validationtoken"
TOKEN_LIMIT = 4096


class TokenRefused(Exception):
    """The request asks for validation, but not as Graph does."""


def validation_token(query: bytes) -> str | None:
    """The token, decoded exactly once; None where the request is no validation. Raises TokenRefused."""
    values = [value for name, value in pairs(query) if name.decode(errors="replace").lower() == PARAMETER]
    if not values:
        return None
    if len(values) > 1:
        raise TokenRefused("the validation token stands twice in the query")
    return checked(values[0])


def checked(token: bytes) -> str:
    if not token:
        raise TokenRefused("the validation token is empty")
    if len(token) > TOKEN_LIMIT:
        raise TokenRefused(f"the validation token is longer than {TOKEN_LIMIT} bytes")
    try:
        return token.decode()
    except UnicodeDecodeError as error:
        raise TokenRefused("the validation token is not UTF-8") from error


def pairs(query: bytes) -> list[tuple[bytes, bytes]]:
    parts = (part.partition(b"=") for part in query.split(b"&"))
    return [(decoded(name), decoded(value)) for name, _, value in parts]


def decoded(text: bytes) -> bytes:
    """Undo either way of encoding, once.

    Token texts have spaces (facts 4.2). A form encoder writes them as ``+``, a percent encoder as ``%20``; a plus sign
    of the text itself is ``%2B`` to both of them. So a bare ``+`` can only be a space, and it must be turned into one
    before ``%2B`` becomes a plus sign.
    """
    return unquote_to_bytes(text.replace(b"+", b" "))
