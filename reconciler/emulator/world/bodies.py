"""The JSON that creates or changes something: a request in, checked properties out, or Graph's refusal.

Facts 3 have no texts for these: they are ours, in the words of OData services.
"""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from reconciler.emulator.model import incoming, refusals
from reconciler.emulator.model.refusals import Refusal
from reconciler.emulator.world import meetings
from reconciler.emulator.world.checks import Purpose, complaints
from reconciler.emulator.world.kinds import Kind
from reconciler.emulator.world.layout import Collection
from reconciler.emulator.world.values import Complaint, Reason, named


async def properties(request: Request, collection: Collection, purpose: Purpose) -> dict[str, Any]:
    """Without annotations. Raises ``Refusal``."""
    data = await json_object(request)
    data = {name: value for name, value in data.items() if "@" not in name}
    for complaint in complaints(collection, data, purpose):
        raise refused(complaint, collection.kind)
    return data


async def call_event(request: Request) -> dict[str, Any]:
    """What happened in a call. Raises ``Refusal``."""
    kind = meetings.CALL_EVENT
    data = await json_object(request)
    for complaint in named(data, kind.fields or {}, ()):
        raise refused(complaint, kind)
    for name in kind.required:
        if name not in data:
            raise refused(Complaint((name,), Reason.MISSING), kind)
    return {name: data[name] for name in kind.fields or {} if name in data}


async def json_object(request: Request) -> dict[str, Any]:
    return incoming.json_object(await incoming.body_of(request), request.headers.get("content-type", ""))


def refused(complaint: Complaint, kind: Kind) -> Refusal:
    name = "/".join(map(str, complaint.where))
    texts: Mapping[Reason, Refusal] = {
        Reason.FIXED: refusals.invalid(f"The property '{name}' cannot be updated."),
        Reason.MISSING: refusals.bad_request(f"The property '{name}' is required."),
        Reason.READ_ONLY: refusals.invalid(f"The property '{name}' is read-only and cannot be set."),
        Reason.UNKNOWN: refusals.bad_request(
            f"The property '{name}' does not exist on type 'microsoft.graph.{kind.type_name}'."
        ),
        Reason.WRONG: refusals.bad_request(
            f"Cannot convert the value of the property '{name}' to the expected type: it must be {complaint.expected}."
        ),
    }
    return texts[complaint.reason]
