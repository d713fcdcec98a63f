"""docs/forms.md says what is so."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.cli.forms import names
from reconciler.cli.forms.plan_schema import plan_schema

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "forms.md").read_text(encoding="utf-8")
WORKFLOW, KEEPING, HOOKS = (yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL))
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))


def rows(after: str) -> dict[str, list[str]]:
    """The table that stands first below this heading."""
    table = TEXT.partition(after)[2].partition("\n| --- ")[2].partition("\n\n")[0].splitlines()[1:]
    cells = [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in table]
    return {first: rest for first, *rest in cells}


def test_every_form_is_in_the_table():
    assert list(rows("# Forms")) == list(names.ALL)


def test_every_input_of_the_action_is_in_the_table():
    inputs = rows("## The GitHub Action")
    assert {name: row[0] for name, row in inputs.items()} == {
        name: spec["default"] for name, spec in ACTION["inputs"].items()
    }


def test_the_outputs_of_a_step_are_named():
    assert not [name for name in ACTION["outputs"] if f"`{name}`" not in TEXT]


def test_the_workflow_uses_what_there_is():
    steps = [step for flow in (WORKFLOW, KEEPING) for job in flow["jobs"].values() for step in job["steps"]]
    ours = [step for step in steps if step.get("uses", "").startswith("contoso/reconcile")]
    assert len(ours) == 2
    assert {name for step in ours for name in step["with"]} <= set(ACTION["inputs"])
    assert not [step for step in steps if "${{" in step.get("run", "")], "what is pasted into a script is code"


def test_the_hook_has_its_name():
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert HOOKS["repos"][0]["hooks"][0]["id"] == hook["id"]


@pytest.mark.parametrize("key", ["outcomes", "foreign"])
def test_optional_keys_are_told(key):
    plan = plan_schema()["$defs"]["plan"]
    assert key not in plan["required"]
    assert key in plan["properties"]
    assert f"`{key}`" in TEXT
