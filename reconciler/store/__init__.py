"""What must outlive the process: SQLite by default, PostgreSQL for several replicas.

A location in, a ``Journal`` or a ``Memory`` of the engine's ports out, for one owner, tenant and application each; and
the ``Inbox`` of all. Nothing here imports SQLAlchemy before a store is really opened: a dry run without a store must
not pay for it.
"""

from reconciler.store.forgetful import NothingRemembered
from reconciler.store.location import Place
from reconciler.store.opening import Store
from reconciler.store.reading import ReadStore

__all__ = ["NothingRemembered", "Place", "ReadStore", "Store"]
