"""How the tables came to be: alembic's scripts, in the order of their revisions."""
