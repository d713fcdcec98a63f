"""``/emulator/keys``: a look at the keys that sign tokens, and turning them (facts 7.3: they rotate daily)."""

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from reconciler.emulator.control.asking import optional_object
from reconciler.emulator.entra.keys import Keys
from reconciler.emulator.entra.tokens import Tokens
from reconciler.emulator.errors import EmulatorError


class KeysControl:
    def __init__(self, *, keys: Keys, tokens: Tokens) -> None:
        self._keys = keys
        self._tokens = tokens

    async def show(self, _: Request) -> Response:
        """The JWKS, the oldest key first, and which of them signs."""
        return JSONResponse(self._shown())

    async def rotate(self, request: Request) -> Response:
        """Access tokens, too, end with the key that signed them."""
        data = await optional_object(request)
        keep = data.get("keep", True)
        if data.keys() - {"keep"} or not isinstance(keep, bool):
            raise EmulatorError('keys are turned with {"keep": true} or {"keep": false}')
        await asyncio.to_thread(self._keys.rotate, keep=keep)
        self._tokens.forget()
        return JSONResponse(self._shown())

    def _shown(self) -> dict[str, object]:
        return {"current": self._keys.current[0], **self._keys.jwks()}
