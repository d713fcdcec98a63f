"""The pre-commit hook: as pre-commit would run it."""

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.support import endpoint, settings, subscription, tenant, write

(HOOK,) = yaml.safe_load((Path(__file__).parents[2] / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))


def test_it_has_what_pre_commit_asks_for():
    assert {"id", "name", "entry", "language"} <= HOOK.keys()
    assert HOOK["language"] == "python"
    assert HOOK["pass_filenames"] is False, "manifests refer to each other: one file alone would lack the others"


@pytest.mark.parametrize(
    ("path", "expected"), [("manifests/a.yaml", True), ("b.yml", True), ("c.yaml.md", False), ("d.py", False)]
)
def test_it_is_run_for_yaml(path, expected):
    assert bool(re.search(HOOK["files"], path)) is expected


@pytest.mark.parametrize(
    ("spec", "code", "said"), [({}, 0, "valid"), ({"coler": "red"}, 4, "unknown key 'coler'")], ids=["valid", "invalid"]
)
def test_its_entry(environment: Path, spec: dict[str, Any], code: int, said: str):
    write(environment / "manifests" / "all.yaml", settings(), tenant(), endpoint(), subscription(**spec))
    program, *arguments = shlex.split(HOOK["entry"])
    ran = subprocess.run(
        [Path(sys.executable).with_name(program), *arguments],
        capture_output=True, text=True, timeout=60, check=False, cwd=environment,
    )  # fmt: skip
    assert ran.returncode == code
    assert said in ran.stdout
