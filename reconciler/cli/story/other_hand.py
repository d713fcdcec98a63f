"""Somebody else at the same Graph: plain requests with the app's own token, as a script or a colleague sends them."""

import datetime as dt
import json
import ssl
import urllib.parse
import urllib.request
from collections.abc import Mapping
from typing import Any

from reconciler.cli.story.stage import NotAsTold, Stage
from reconciler.core.mark import mark_of
from reconciler.core.times import spell_time

__all__ = ["OtherHand"]

SOMEBODY = "0f2e8f59-862a-483b-9ca8-82a10665e17d"


class OtherHand:
    """Knows nothing of manifests; shows each request that it sends, and how Graph answered."""

    def __init__(self, stage: Stage) -> None:
        self._emulator = stage.emulator
        self._receiver = f"https://localhost:{stage.receiver_port}/notifications"
        trust = ssl.create_default_context(cafile=self._emulator["caFile"])
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trust)
        )
        self._token = self.token()

    def delete(self, name: str) -> None:
        self.send("DELETE", f"/v1.0/subscriptions/{self.find(name)}")

    def overwrite_url(self, name: str) -> None:
        body = {"notificationUrl": f"{self._receiver}?by=somebody-else"}
        self.send("PATCH", f"/v1.0/subscriptions/{self.find(name)}", body)

    def add_foreign(self) -> None:
        ends = dt.datetime.now(dt.UTC) + dt.timedelta(days=2)
        body = {
            "changeType": "created",
            "notificationUrl": f"{self._receiver}?team=mail",
            "resource": f"users/{SOMEBODY}/messages",
            "expirationDateTime": spell_time(ends.replace(microsecond=0)),
        }
        self.send("POST", "/v1.0/subscriptions", body)

    def find(self, name: str) -> str:
        """The id of the subscription that bears a mark of this name."""
        _, listed = self.request("GET", "/v1.0/subscriptions")
        for body in listed["value"]:
            mark = mark_of(body["notificationUrl"])
            if mark and mark.name == name:
                return str(body["id"])
        raise NotAsTold(f"Graph lists no subscription of the name {name}")

    def tell(self, name: str, event: str) -> None:
        """Let the local Graph say something about a subscription, which no application can (facts 6)."""
        self.send("POST", "/emulator/lifecycle", {"subscriptionId": self.find(name), "event": event})

    def hold_up(self, seconds: float) -> None:
        """What Graph tells from now on comes so much later; with 0, at once."""
        self.send("PUT", "/emulator/faults", {"deliveries": {"delay": seconds}} if seconds else {})

    def rename_team(self, display_name: str) -> None:
        _, listed = self.request("GET", "/v1.0/teams?$top=1")
        self.send("PATCH", f"/v1.0/teams/{listed['value'][0]['id']}", {"displayName": display_name})

    def live(self) -> dict[str, str]:
        """The ids of all that Graph has, by name; one without a mark is named by its id."""
        return {name: str(body["id"]) for name, body in self.by_name().items()}

    def certificates(self) -> dict[str, str | None]:
        """By name, what each one's resource data is encrypted for."""
        return {name: body["encryptionCertificateId"] for name, body in self.by_name().items()}

    def by_name(self) -> dict[str, Any]:
        """As the local Graph alone tells it, which counts no requests for it."""
        _, told = self.request("GET", "/emulator/subscriptions")
        marks = [(body, mark_of(body["notificationUrl"])) for body in told["value"]]
        return {mark.name if mark else body["id"]: body for body, mark in marks}

    def send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> None:
        print(f"\n{method} {self._emulator['graph']}{path}{'' if body is None else ' ' + json.dumps(body)}", flush=True)
        status, _ = self.request(method, path, body)
        print(status, flush=True)

    def request(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> tuple[str, Any]:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        return self.call(f"{self._emulator['graph']}{path}", method, headers, data)

    def token(self) -> str:
        given = {
            "grant_type": "client_credentials",
            "client_id": self._emulator["clientId"],
            "client_secret": self._emulator["clientSecret"],
            "scope": f"{self._emulator['graph']}/.default",
        }
        url = f"{self._emulator['authority']}/{self._emulator['tenantId']}/oauth2/v2.0/token"
        _, answer = self.call(url, "POST", {}, urllib.parse.urlencode(given).encode())
        return str(answer["access_token"])

    def call(self, url: str, method: str, headers: Mapping[str, str], data: bytes | None) -> tuple[str, Any]:
        """The status line and what came as JSON."""
        request = urllib.request.Request(url, data, dict(headers), method=method)  # noqa: S310  https, by emulator.json
        try:
            with self._opener.open(request, timeout=30) as answer:
                content = answer.read()
        except OSError as error:
            raise NotAsTold(f"{method} {url} failed: {error}") from error
        return f"{answer.status} {answer.reason}", json.loads(content) if content else None
