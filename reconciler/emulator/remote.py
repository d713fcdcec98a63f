"""The control path, asked from outside: what ``/emulator/…`` answers, or the reason why it does not."""

from typing import Any

from reconciler.emulator.errors import EmulatorError
from reconciler.emulator.outgoing import Client, HTTPError, Response


class Refused(EmulatorError, ValueError):
    """The emulator answered with an error status: what it was told is no good."""

    def __init__(self, response: Response) -> None:
        self.response = response
        asked = response.request
        super().__init__(f"{asked.method} {asked.url.path}: {response.status_code} {response.text}")


def ask(client: Client, method: str, path: str, data: object = None) -> Any:
    """What ``/emulator/{path}`` answers, None for an empty answer; raises ``Refused`` and ``EmulatorError``."""
    return answer(send(client, method, f"/emulator/{path}", data))


def send(client: Client, method: str, path: str, data: object = None, *, token: str | None = None) -> Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        if data is None:
            return client.request(method, path, headers=headers)
        return client.request(method, path, headers=headers, json=data)
    except HTTPError as error:
        raise unanswered(str(client.base_url), error) from error


def unanswered(origin: str, error: Exception) -> EmulatorError:
    reason = str(error) or type(error).__name__
    return EmulatorError(
        f"the emulator at {origin.rstrip('/')} does not answer: {reason}; if it has ended, start it with: "
        "reconcile emulator"
    )


def answer(response: Response) -> Any:
    """The body, read; None for an empty one. Raises ``Refused``."""
    if response.is_error:
        raise Refused(response)
    return response.json() if response.content else None
