"""Rings of objects are looked for again by every command that does more than read."""

import gc
from pathlib import Path

import pytest

from reconciler.cli.main import main

MANIFESTS = str(Path(__file__).parents[2] / "manifests")


@pytest.fixture(autouse=True)
def not_looked_for():
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize(
    ("arguments", "looked_for"),
    [
        pytest.param(["validate", "-f", MANIFESTS], False, id="validate"),
        pytest.param(["catalog"], True, id="another-command"),
        pytest.param(["--dry-run", "-f", MANIFESTS], True, id="a-pass-that-talks-to-graph"),
    ],
)
def test_who_looks_for_them(arguments, looked_for, tmp_path, monkeypatch):
    monkeypatch.setenv("RECONCILER_EMULATOR_HOME", str(tmp_path))
    main(arguments)
    assert gc.isenabled() is looked_for
