"""What sorts of things there are: what each may hold, what it holds by default, how GET answers it."""

import base64
import dataclasses
import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from reconciler.emulator import instants
from reconciler.emulator.world.values import Type

Ids = tuple[str, ...]
Properties = Mapping[str, Any]


@dataclasses.dataclass(slots=True, eq=False)
class Thing:
    """One thing, as little of it as possible: there are tens of thousands."""

    id: str
    properties: Properties
    """Only those that differ from its kind's defaults. Replaced, never changed: others may hold it."""
    created_at: dt.datetime
    serial: int
    """Lists are in this order, and go on after it."""


def drawn_from(text: str) -> str:
    """32 hex digits, always the same for the same text."""
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def nothing(_tenant: str, _ids: Ids, _thing: Thing) -> Properties:
    return {}


def as_given(given: Properties, _who: str, _tenant: str) -> Properties:
    return given


def new_guid(_tenant: str, _above: Ids) -> str:
    return str(uuid.uuid4())


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Kind:
    name: str
    """As ``Change.kind`` has it."""
    type_name: str
    """As Graph has it, without ``microsoft.graph.``."""
    id_name: str = "id"
    """Of its id in ``Change.ids``."""
    fields: Mapping[str, Type] | None
    """What may be set; None: anything."""
    required: tuple[str, ...] = ()
    fixed: frozenset[str] = frozenset()
    """What may be set once, when it is created."""
    defaults: Properties = dataclasses.field(default_factory=dict)
    """In the order in which GET answers them."""
    created: str | None = None
    """The name of the property that tells when it was created."""
    children: tuple[str, ...] = ()
    """The collections below it that may be given with it, and are saved with it."""
    new_id: Callable[[str, Ids], str] = new_guid
    """Tenant and the ids above → an id."""
    derived: Callable[[str, Ids, Thing], Properties] = nothing
    """Tenant, the ids with its own and itself → what nobody sets."""
    read_only: frozenset[str] = frozenset()
    """Their names."""
    signed: Callable[[Properties, str, str], Properties] = as_given
    """What was given, who gives it and the tenant → the same with its author, if nobody is named."""
    patch_status: int = 200
    """204: PATCH answers without a body."""

    def body(self, tenant: str, ids: Ids, thing: Thing) -> dict[str, Any]:
        """As GET answers it, without annotations."""
        body: dict[str, Any] = {"id": thing.id}
        if self.created is not None:
            body[self.created] = instants.spell(thing.created_at)
        body |= self.defaults
        return {**merged(body, thing.properties), **self.derived(tenant, ids, thing)}

    def differing(self, properties: Properties) -> Properties:
        """Without what is so by default."""
        return {name: value for name, value in properties.items() if self.defaults.get(name, ...) != value}


def merged(old: Properties, new: Properties) -> dict[str, Any]:
    """Objects are merged too, one level deep, as PATCH does it."""
    result = dict(old)
    for name, value in new.items():
        known = result.get(name)
        result[name] = known | value if isinstance(known, dict) and isinstance(value, dict) else value
    return result


def etag(body: Properties) -> str:
    """As Outlook spells them; equal for equal contents."""
    content = json.dumps(body, sort_keys=True).encode()
    return f'W/"{base64.b64encode(hashlib.sha256(content).digest()[:15]).decode()}"'


THING = Kind(name="thing", type_name="entity", fields=None)
"""Whatever the catalog knows and nobody here does: any properties, those that are given."""
