"""POSTs over TLS, thousands a second: a URL and a body in, the answer out. The only module that knows aiohttp.

Most of what an emulator does under load is asking and telling endpoints, for which httpx takes ten times as long.
"""

import dataclasses
import ssl
import urllib.parse
from collections.abc import Mapping

import aiohttp
import yarl

IDLE = 2.0
"""Seconds for which an unused connection is kept: less than servers keep them, as a POST is not sent twice."""
LONGEST = 1 << 20
"""Bytes of an answer: nobody needs more than the token, and no endpoint may fill the memory."""
AS_IT_IS = "/%:@!$&'()*+,;=~?[]#"
"""What stays in a URL, besides letters, digits, ``_.-``; whatever is escaped stays escaped."""


class Broken(Exception):
    """There was no connection, or no whole answer; the text says why."""


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    status_code: int
    headers: Mapping[str, str]
    """Whatever the case of their names."""
    content: bytes


class Connections:
    """Kept open for a while, and as many as there are requests at once: who asks sees to that."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._session: aiohttp.ClientSession | None = None

    async def post(self, url: str, content: bytes, *, headers: Mapping[str, str]) -> Answer:
        """Redirects are answers like others. Raises ``Broken``. Whoever loses patience cancels this."""
        try:
            async with self._opened().post(
                yarl.URL(urllib.parse.quote(url, safe=AS_IT_IS), encoded=True),
                allow_redirects=False,
                data=content,
                headers=headers,
            ) as response:
                return Answer(response.status, response.headers, await whole(response))
        except aiohttp.ClientResponseError as error:  # its text would look like an answer with status 400
            raise Broken(f"the answer is not as HTTP has it: {' '.join(error.message.split())}") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise Broken(str(error) or type(error).__name__) from error

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        """It belongs to the running loop, so it cannot be made before."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(keepalive_timeout=IDLE, limit=0, ssl=self._context),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(),
            )
        return self._session


async def whole(response: aiohttp.ClientResponse) -> bytes:
    content = bytearray()
    async for chunk in response.content.iter_any():
        content += chunk
        if len(content) > LONGEST:
            response.close()
            raise Broken(f"the answer is longer than {LONGEST} bytes")
    return bytes(content)
