"""That docs/emulator.md says what there is: its receiver, its tables, its exports."""

import re
from pathlib import Path

import pytest

from reconciler.emulator import BEHAVIOURS
from reconciler.emulator.delivery_faults import DELIVERY_KEYS
from reconciler.emulator.faults import FAULT_KEYS, METHODS, ListFault
from reconciler.emulator.running import Refused
from tests.support.emulator import RunningEmulator

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "emulator.md").read_text(encoding="utf-8")


def section(name: str) -> str:
    return TEXT.partition(f"\n## {name}\n")[2].partition("\n## ")[0]


def first_cells(name: str) -> list[str]:
    return re.findall(r"^\| `([^`|]+)` \|", section(name), re.MULTILINE)


def test_its_receiver_is_the_one_that_is_tested() -> None:
    (shown,) = re.findall(r"^```js\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    assert shown == (ROOT / "tests" / "clients" / "receiver.mjs").read_text(encoding="utf-8")


def test_every_control_path_is_there(emulator: RunningEmulator) -> None:
    with pytest.raises(Refused) as refused:
        emulator.control("GET", "nowhere")
    known = refused.value.response.json()["error"].partition("below /emulator/ are ")[2].split(", ")
    assert set(re.findall(r"/emulator/([a-z/]+)`", section("Control"))) == set(known)


def test_every_behaviour_is_there_with_its_values() -> None:
    rows = re.findall(r"^\| `([^`]+)` \| (.+?) \| (.+?) \((?:\d[\d.]*)\) \|$", section("Behaviours"), re.MULTILINE)
    documented = {name: (tuple(re.findall("`([^`]+)`", values)), question) for name, values, question in rows}
    assert documented == {name: (each.values, each.question) for name, each in BEHAVIOURS.items()}


def test_every_fault_is_there() -> None:
    assert first_cells("Faults") == [*FAULT_KEYS]
    for name in (*DELIVERY_KEYS, *ListFault, *METHODS):
        assert re.search(rf"`{name}\b", section("Faults")), name


def test_every_variable_is_there(emulator: RunningEmulator) -> None:
    documented = set(re.findall("`([A-Z_]{5,})`", section("The home"))) - {"SSL_CERT_FILE"}
    assert documented == set(emulator.environment)
