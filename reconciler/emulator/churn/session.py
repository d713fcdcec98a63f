"""An application that talks to the emulator: its credentials in, answers to its requests out."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

from reconciler.emulator.outgoing import AsyncClient, ConnectError, Response
from reconciler.emulator.remote import answer, unanswered


class Session:
    """With a token of its own, and another one when that has lapsed: the emulator's clock can be moved."""

    def __init__(self, client: AsyncClient, info: Mapping[str, Any]) -> None:
        self._client = client
        self._info = info
        self._token = ""
        self._renewing = asyncio.Lock()

    async def request(self, method: str, path: str, body: object = None) -> Any:
        """The body of the answer, None for an empty one.

        Raises ``EmulatorError`` where nobody listens any more, ``Refused`` and ``HTTPError`` where only this failed.
        """
        if not self._token:
            await self._renew("")
        used = self._token
        response = await self._send(method, path, body)
        if response.status_code == 401:
            await self._renew(used)
            response = await self._send(method, path, body)
        return answer(response)

    async def items(self, path: str) -> AsyncIterator[dict[str, Any]]:
        """All pages of a collection."""
        while path:
            page = await self.request("GET", path)
            for item in page["value"]:
                yield item
            path = page.get("@odata.nextLink", "")

    async def _renew(self, used: str) -> None:
        """Once for all who were refused with the same token."""
        async with self._renewing:
            if self._token == used:
                self._token = await self._new_token()

    async def _send(self, method: str, path: str, body: object) -> Response:
        headers = {"Authorization": f"Bearer {self._token}"}
        try:
            if body is None:
                return await self._client.request(method, path, headers=headers)
            return await self._client.request(method, path, headers=headers, json=body)
        except ConnectError as error:
            raise unanswered(self._info["graph"], error) from error

    async def _new_token(self) -> str:
        path = f"{self._info['authority']}/{self._info['tenantId']}/oauth2/v2.0/token"
        form = {
            "client_id": self._info["clientId"],
            "client_secret": self._info["clientSecret"],
            "grant_type": "client_credentials",
            "scope": f"{self._info['graph']}/.default",
        }
        answered = answer(await self._client.post(path, data=form))
        return str(answered["access_token"])
