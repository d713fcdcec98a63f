"""The page at ``/emulator``: one answer with all that it needs, and a policy that allows nothing else."""

import functools
import importlib.resources
import json
import secrets

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from reconciler.emulator.behaviours import BEHAVIOURS
from reconciler.emulator.faults import Faults

POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)


async def page(_: Request) -> Response:
    """What it shows are the words of others, so only scripts with this answer's own nonce may run."""
    nonce = secrets.token_urlsafe(16)
    headers = {
        "Cache-Control": "no-store",
        "Content-Security-Policy": POLICY.format(nonce=nonce),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    return HTMLResponse(template().replace("{{nonce}}", nonce), headers=headers)


@functools.cache
def template() -> str:
    """Everything but the nonce."""
    parts = {"style": text("page.css"), "script": text("page.js"), "defaults": json.dumps(defaults())}
    html = text("page.html")
    for name, content in parts.items():
        html = html.replace(f"{{{{{name}}}}}", content)
    return html


def text(name: str) -> str:
    return importlib.resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def defaults() -> dict[str, object]:
    """What the page compares with, to tell what is out of the ordinary."""
    behaviours = {
        name: {"default": behaviour.values[0], "question": behaviour.question} for name, behaviour in BEHAVIOURS.items()
    }
    return {"behaviours": behaviours, "faults": Faults().as_json()}
