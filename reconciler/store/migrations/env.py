"""Run by alembic. The connection comes from ``schema.upgrade``, inside a transaction that locks other openers out."""

from alembic import context

from reconciler.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=context.config.attributes["revision_table"],
)
with context.begin_transaction():
    context.run_migrations()
