"""Whether a document fits into what is there: both in, a sentence for each thing that does not fit out."""

from collections.abc import Iterator

from reconciler.emulator.world import places
from reconciler.emulator.world.documents import Document, Row, named, spelled
from reconciler.emulator.world.places import Place
from reconciler.emulator.world.store import Store


def problems_of_joining(document: Document, store: Store, tenant: str) -> Iterator[str]:
    new = {(path, identifier): where for row in document.rows() for path, identifier, where in named(row)}
    for (path, identifier), where in new.items():
        if store.has(path, identifier):
            yield f"{spelled(where)}.id: '{identifier}' is there already: use another id, or reset the emulator first"
    for row in document.rows():
        above = nearest(row, tenant)
        if above is not None and store.find(above) is None and (above.shelf, above.ids[-1]) not in new:
            yield f"{spelled(row.where)}: there is no '{above.path}': add it to the same world"


def nearest(row: Row, tenant: str) -> Place | None:
    """The team, channel or event that it belongs to."""
    return places.nearest_typed(Place(tenant=tenant, collection=row.collection, ids=row.above))
