"""A federated credential in, the token of whoever issues it out: an assertion for Entra in a secret's place.

It is read or asked for at each call, since it lives minutes. Only what has the form of a JWT leaves here: a path that
leads to some other file must not make its content known to anybody.
"""

import os
import re
import stat
import urllib.parse

from reconciler.core.errors import CredentialRefused, Denied, GraphError, Throttled, Transient
from reconciler.core.refusals import redacted, stopless
from reconciler.graph.answers import json_of, retry_after, words_of
from reconciler.graph.claims import decoded
from reconciler.graph.credentials import GithubCredential, TokenFileCredential
from reconciler.graph.transport import MachineHttp, TokenAnswer

__all__ = ["from_file", "from_github"]

LARGEST = 64 * 1024
JWT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)

RENEWED = "see to what writes it, such as the webhook of Azure workload identity"
ADDRESS = "see to ACTIONS_ID_TOKEN_REQUEST_URL and to the audience"
PERMISSION = "give the job `permissions: {id-token: write}`; a pull request from a fork cannot have it"


def from_file(credential: TokenFileCredential, operation: str) -> str:
    """Raises CredentialRefused where there is none."""
    path = credential.path
    try:
        content = regular_content(path)
    except OSError as error:
        raise CredentialRefused(
            f"{operation}: the token file {path} cannot be read ({error.strerror or error}); {RENEWED}"
        ) from error
    token = content.decode("ascii", errors="replace").strip()
    if not token:
        raise CredentialRefused(f"{operation}: the token file {path} is empty; {RENEWED}")
    if not is_jwt(token):
        raise CredentialRefused(f"{operation}: the token file {path} holds no JWT, so nothing was sent; {RENEWED}")
    return token


def regular_content(path: str) -> bytes:
    """Of a regular file that is not too large. Opening a FIFO would wait for a writer, so it is not waited for."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(None, "it is no regular file")
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise OSError(None, f"it is over {LARGEST // 1024} KiB")
    return content


def is_jwt(text: str) -> bool:
    return bool(JWT.fullmatch(text)) and isinstance(decoded(text.partition(".")[0]), dict)


def from_github(credential: GithubCredential, operation: str) -> str:
    """Ask for it as GitHub documents: the URL with the audience, the job's own token as the bearer.

    Raises CredentialRefused, Throttled or Transient.
    """
    asked = f"{operation}: GitHub's token of this job"
    if urllib.parse.urlsplit(credential.url).scheme != "https":
        raise CredentialRefused(
            f"{asked}: ACTIONS_ID_TOKEN_REQUEST_URL is no https:// URL, so the job's token was not sent there"
        )
    audience = urllib.parse.quote(credential.audience, safe="")
    url = f"{credential.url}{'&' if '?' in credential.url else '?'}audience={audience}"
    http = MachineHttp(proxies=True)
    try:
        answer = http.get(url, headers={"authorization": f"bearer {credential.request_token}"})
    except Denied as error:
        raise CredentialRefused(f"{asked}: {error}") from error
    except GraphError as error:
        raise Transient(f"{asked}: {error}") from error
    if answer.status_code != 200:
        raise refused(answer, asked, credential)
    token = value_in(answer)
    if not is_jwt(token):
        raise Transient(f"{asked}: the answer of GitHub cannot be read, it holds no JWT")
    return token


def value_in(answer: TokenAnswer) -> str:
    try:
        said = json_of(answer.text)
    except ValueError:
        return ""
    return str(said.get("value") or "") if isinstance(said, dict) else ""


def refused(answer: TokenAnswer, asked: str, credential: GithubCredential) -> GraphError:
    status = answer.status_code
    said = stopless(redacted(words_of(answer.text) or answer.text, [credential.request_token]))
    message = f"{asked}: GitHub answered {status}" + (f": {said}" if said else "")
    if status == 429:
        return Throttled(message, retry_after=retry_after(answer.headers), status=status)
    if status >= 500:
        return Transient(message, status=status)
    return CredentialRefused(f"{message}; {PERMISSION if status in {401, 403} else ADDRESS}", status=status)
