"""Creating, changing and ending subscriptions: what was asked in, a subscription or Graph's refusal out."""

import dataclasses
import datetime as dt
import uuid

from reconciler.core.catalog import Version
from reconciler.emulator.behaviours import Behaviours
from reconciler.emulator.clock import Clock
from reconciler.emulator.entra.tokens import Caller
from reconciler.emulator.faults import Faults
from reconciler.emulator.graph import bodies, rules
from reconciler.emulator.graph.admission import Admission
from reconciler.emulator.graph.validation import Endpoints
from reconciler.emulator.model import refusals, resources
from reconciler.emulator.model.resources import Resource
from reconciler.emulator.model.subscriptions import Subscription, Subscriptions
from reconciler.emulator.notifications.lifecycle import Lifecycle


@dataclasses.dataclass(slots=True, kw_only=True)
class Service:
    admission: Admission
    behaviours: Behaviours
    clock: Clock
    endpoints: Endpoints
    faults: Faults
    lifecycle: Lifecycle
    subscriptions: Subscriptions

    async def create(self, body: bytes, *, content_type: str, caller: Caller, version: Version) -> Subscription:
        now = self.clock.now()
        asked = bodies.creation(body, content_type=content_type, version=version, now=now)
        user = caller.principal if caller.delegated else None
        resource = resources.parse(asked.resource, version=version, user=user)
        rules.check_request(asked, resource, behaviours=self.behaviours, now=now)
        era = self.subscriptions.era
        await self.endpoints.validate(filter(None, (asked.notification_url, asked.lifecycle_url)))
        if self.subscriptions.era != era:
            raise refusals.forgotten()
        rules.check_workload(
            resource, caller, operation="Create", expires_at=asked.expires_at, rich=bool(asked.rich), now=now
        )
        # From here to the end nothing is awaited: of two equal requests at once only one may win the slot.
        self.admission.check(asked, resource, caller)
        expires_at = rules.granted(asked.expires_at, now=now, at_most=self.faults.granted)
        subscription = created(asked, resource, caller=caller, version=version, expires_at=expires_at, now=now)
        self.subscriptions.add(subscription)
        self.lifecycle.authorized(subscription)
        return subscription

    def find(self, identifier: str, *, caller: Caller, version: Version) -> Subscription:
        """One that the caller may see: its app's own, in its tenant (facts 3.2)."""
        found = self.subscriptions.find(identifier.lower(), self.clock.now())
        if found is None or found.owner != (caller.tenant, caller.app) or not self.shows(found, version):
            raise refusals.not_found()
        if found.id in self.faults.ghost:
            raise refusals.not_found()
        return found

    def shows(self, subscription: Subscription, version: Version) -> bool:
        """Facts 11.4: whether v1.0 shows what was created on beta is open."""
        return (
            version is Version.BETA or subscription.version is Version.V1 or self.behaviours["beta-in-v1-list"] == "yes"
        )

    async def change(
        self, identifier: str, body: bytes, *, content_type: str, caller: Caller, version: Version
    ) -> Subscription:
        now = self.clock.now()
        current = self.find(identifier, caller=caller, version=version)
        asked = bodies.change(body, content_type=content_type, now=now)
        self._check_certificate_change(asked)
        await self.endpoints.validate(self._asked_again(current, asked.notification_url))
        current = self.find(identifier, caller=caller, version=version)  # it may be gone by now
        rules.check_workload(
            current.resource, caller, operation="Update", expires_at=asked.expires_at, rich=bool(current.rich), now=now
        )
        changed = self._changed(current, asked, caller=caller, now=now)
        self._put_in_force(changed, other=current.reauthorized_at)
        return changed

    def _check_certificate_change(self, asked: bodies.Change) -> None:
        """Facts 1.4: whether PATCH takes a certificate is unproven."""
        sent = asked.certificate or asked.certificate_id
        if sent and self.behaviours["certificate-patch"] == "refused":
            raise refusals.invalid("The property 'encryptionCertificate' cannot be updated.")
        if asked.certificate and self.behaviours["certificate-patch"] == "taken":
            rules.check_certificate(asked.certificate)

    def _asked_again(self, current: Subscription, new_url: str | None) -> list[str]:
        """Facts 4.6: endpoints are asked again on PATCH, how often is open."""
        if self.behaviours["validate-on-patch"] == "always":
            return [*filter(None, (new_url or current.notification_url, current.lifecycle_url))]
        changed = new_url is not None and new_url != current.notification_url
        return [new_url] if changed and new_url and self.behaviours["validate-on-patch"] == "url-change" else []

    def _changed(
        self, current: Subscription, asked: bodies.Change, *, caller: Caller, now: dt.datetime
    ) -> Subscription:
        changed = dataclasses.replace(
            current,
            notification_url=asked.notification_url or current.notification_url,
            renewed_at=now,
            authorized_until=caller.expires_at,
        )
        if asked.expires_at is not None and self.faults.extend:
            expires_at = rules.granted(asked.expires_at, now=now, at_most=self.faults.granted)
            changed = dataclasses.replace(changed, expires_at=expires_at)
        if self.behaviours["certificate-patch"] == "taken":
            changed = dataclasses.replace(
                changed,
                certificate=asked.certificate or changed.certificate,
                certificate_id=asked.certificate_id or changed.certificate_id,
            )
        return changed

    async def reauthorize(self, identifier: str, *, caller: Caller, version: Version) -> None:
        current = self.find(identifier, caller=caller, version=version)
        if self.behaviours["validate-on-patch"] == "always":
            await self.endpoints.validate(self._asked_again(current, None))
            current = self.find(identifier, caller=caller, version=version)
        now = self.clock.now()
        rules.check_workload(
            current.resource, caller, operation="Update", expires_at=None, rich=bool(current.rich), now=now
        )
        reauthorized = dataclasses.replace(current, reauthorized_at=now, authorized_until=caller.expires_at)
        self._put_in_force(reauthorized, other=current.renewed_at)

    def _put_in_force(self, changed: Subscription, *, other: dt.datetime | None) -> None:
        """``other`` is when the other of a renewal and a reauthorization happened; never both within 10 minutes, and
        what then becomes of the second is open (facts 3.1, 6). Two at once count, as the endpoints are asked before."""
        behaviour = self.behaviours["renew-and-reauthorize"]
        too_soon = other is not None and self.clock.now() - other < rules.BETWEEN
        if too_soon and behaviour == "refused":
            raise refusals.too_soon()
        if too_soon and behaviour == "inconsistent":
            return  # the answer says that it was done
        self.subscriptions.replace(changed)
        self.lifecycle.authorized(changed)

    def delete(self, identifier: str, *, caller: Caller, version: Version) -> None:
        current = self.find(identifier, caller=caller, version=version)
        rules.check_workload(
            current.resource, caller, operation="Delete", expires_at=None, rich=False, now=self.clock.now()
        )
        self.subscriptions.remove(current)


def created(
    asked: bodies.Creation,
    resource: Resource,
    *,
    caller: Caller,
    version: Version,
    expires_at: dt.datetime,
    now: dt.datetime,
) -> Subscription:
    return Subscription(
        id=str(uuid.uuid4()),
        tenant=caller.tenant,
        app=caller.app,
        creator=caller.principal,
        version=version,
        resource=resource,
        change_types=asked.change_types,
        change_type=asked.change_type,
        notification_url=asked.notification_url,
        lifecycle_url=asked.lifecycle_url,
        client_state=asked.client_state,
        expires_at=expires_at,
        created_at=now,
        authorized_until=caller.expires_at,
        delegated=caller.delegated,
        rich=asked.rich,
        certificate=asked.certificate,
        certificate_id=asked.certificate_id,
        tls_version=asked.tls_version,
        query_options=asked.query_options,
        url_app_id=asked.url_app_id,
        content_type=asked.content_type,
    )
