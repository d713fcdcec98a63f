"""An identity that Azure gave to this machine in, what the machine's own endpoint gave out, by msal (facts 9.1).

The environment says which endpoint that is: App Service and Functions set IDENTITY_ENDPOINT and IDENTITY_HEADER, Azure
Arc IDENTITY_ENDPOINT and IMDS_ENDPOINT, Service Fabric a thumbprint besides; without any of them it is the metadata
service of a virtual machine, which stands at an address of its own (169.254.169.254) and nowhere else.
"""

import importlib
import os
from collections.abc import Mapping
from typing import Any

from reconciler.core.errors import CredentialRefused, GraphError, Throttled, Transient
from reconciler.core.refusals import redacted, stopless
from reconciler.graph.answers import retry_after, words_of
from reconciler.graph.claims import claims_of
from reconciler.graph.credentials import Access, ManagedIdentityCredential
from reconciler.graph.transport import MachineHttp

__all__ = ["Machine"]

METADATA_SERVICE = "the metadata service"
ENDPOINTS = ("IDENTITY_ENDPOINT", "MSI_ENDPOINT")

ASSIGN = (
    "assign the identity to this machine, and name it with clientId, resourceId or objectId if it is not its only one"
)
SHOWN = (
    "on Azure Arc the user must be in the group himds to read the key file, elsewhere IDENTITY_HEADER must be the one"
    " that the platform has set"
)
ELSEWHERE = "run it on a machine of Azure with an identity, or name a credential before it that is present here"


class Machine:
    """The way to a token for managed identities."""

    def __init__(self, access: Access, credential: ManagedIdentityCredential, http: MachineHttp) -> None:
        self._access = access
        self._credential = credential
        self._http = http
        self._client: Any = None

    @property
    def host(self) -> str:
        return next((f"the endpoint of {name}" for name in ENDPOINTS if name in os.environ), METADATA_SERVICE)

    def forget(self) -> None:
        self._client = None

    def ask(self) -> Mapping[str, Any]:
        """What msal has, or is given now; its ``access_token`` is a text. Raises Denied, Throttled or Transient."""
        import msal

        try:
            if self._client is None:
                self._client = self.open_client(msal)
            result: Mapping[str, Any] = self._client.acquire_token_for_client(resource=self._access.cloud.graph)
        except GraphError as error:
            raise self.not_answered(error) from error
        except msal.ManagedIdentityError as error:
            raise self.stumbled(error) from error
        except OSError as error:
            raise self.unreadable(error) from error
        except (AttributeError, KeyError, RuntimeError, TypeError, ValueError) as error:
            raise self.refused({}) from error
        if not isinstance(result.get("access_token"), str):
            raise self.refused(result)
        self.check(claims_of(result["access_token"]))
        return result

    def open_client(self, msal: Any) -> Any:
        ids = {
            "client_id": self._credential.client_id,
            "resource_id": self._credential.resource_id,
            "object_id": self._credential.object_id,
        }
        given = {name: value for name, value in ids.items() if value}
        identity = msal.UserAssignedManagedIdentity(**given) if given else msal.SystemAssignedManagedIdentity()
        return msal.ManagedIdentityClient(identity, http_client=self.http_client())

    def http_client(self) -> Any:
        """Service Fabric's endpoint is trusted by its thumbprint, and msal does that with requests alone."""
        if "IDENTITY_SERVER_THUMBPRINT" not in os.environ:
            return self._http
        session = importlib.import_module("requests").Session()
        session.trust_env = False  # no proxy stands before the machine itself
        return session

    def check(self, claims: Mapping[str, Any]) -> None:
        """Whose token it is: machines give that of another identity at times, whose subscriptions are others.

        An opaque token is taken as it is. Raises CredentialRefused.
        """
        for keys, asked, name in (
            (("appid", "azp"), self._access.client_id, "clientId"),
            (("tid",), self._access.tenant_id, "tenantId"),
        ):
            found = next((str(claims[key]) for key in keys if claims.get(key)), asked)
            if found.lower() != asked.lower():
                self.forget()
                raise CredentialRefused(
                    f"{self._access.operation}: {self.host} gave one of {name} {found};"
                    f" let {name} of the Tenant be that, or name the right identity in managedIdentity"
                )

    def not_answered(self, error: GraphError) -> GraphError:
        """Virtual machines apart, the environment names an endpoint, so that there is one to wait for."""
        if self._http.reached or self.host != METADATA_SERVICE:
            return type(error)(f"{self._access.operation}: {self.host} of this machine's managed identity: {error}")
        return CredentialRefused(
            f"{self._access.operation}: nobody answers as the metadata service of Azure ({error}),"
            f" so this machine has no managed identity; {ELSEWHERE}"
        )

    def stumbled(self, error: Exception) -> GraphError:
        """What msal itself did not accept. Its words on a missing challenge hold all headers of the answer."""
        if "WWW-Authenticate" in str(error):
            return self.refused({})
        return CredentialRefused(f"{self._access.operation}: {stopless(str(error))}")

    def unreadable(self, error: OSError) -> GraphError:
        """The key file of Azure Arc, or what requests raises."""
        if error.filename is None:
            return Transient(f"{self._access.operation}: {self.host} cannot be reached: {stopless(str(error))}")
        return CredentialRefused(
            f"{self._access.operation}: the key file of Azure Arc, {error.filename}, cannot be read"
            f" ({error.strerror}); {SHOWN}"
        )

    def refused(self, result: Mapping[str, Any]) -> GraphError:
        """Sort the answer that came last; msal gives a wrong code to some."""
        last = self._http.last
        said = (words_of(last.text) if last else "") or str(result.get("error_description") or "")
        status = last.status_code if last else None
        if status == 200 or not (status or said):
            return Transient(f"{self._access.operation}: the answer of {self.host} cannot be read")
        text = stopless(redacted(said, [os.environ.get("IDENTITY_HEADER", ""), os.environ.get("MSI_SECRET", "")]))
        message = ": ".join(
            filter(None, (f"{self._access.operation}: {self.host} answered {status or ''}".strip(), text))
        )
        if last and status == 429:
            return Throttled(message, retry_after=retry_after(last.headers), status=status)
        if status in {404, 410}:  # the metadata service of Azure while it is changed, and that of others always
            return Transient(f"{message}; if this goes on, {ELSEWHERE}", status=status)
        if status and (status >= 500 or status == 408):
            return Transient(message, status=status)
        return CredentialRefused(f"{message}; {self.remedy(status)}", status=status)

    def remedy(self, status: int | None) -> str:
        if status == 403 and self.host == METADATA_SERVICE:
            return ELSEWHERE
        return SHOWN if status in {401, 403} else ASSIGN
