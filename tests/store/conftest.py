"""One PostgreSQL for the folder, and a new database or folder for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.postgresql import PostgreSQL


@pytest.fixture(scope="session")
def server() -> Iterator[PostgreSQL]:
    with PostgreSQL() as server:
        yield server


@pytest.fixture
def database(server: PostgreSQL) -> Iterator[str]:
    with server.database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def location(request: pytest.FixtureRequest) -> str:
    """Where a store may be opened, of either kind."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("database"))
    folder: Path = request.getfixturevalue("tmp_path")
    return str(folder)
