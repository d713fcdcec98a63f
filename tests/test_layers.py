"""Who may import whom, beyond what the import linter's contracts can say."""

import functools

import grimp
import pytest


@functools.cache
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("reconciler", include_external_packages=True)


def imported_by(package: str) -> set[str]:
    """The project's modules that a package imports, itself left out."""
    inside = {package, *graph().find_descendants(package)}
    imported = {each for module in inside for each in graph().find_modules_directly_imported_by(module)}
    return {each for each in imported - inside if each.startswith("reconciler")}


def test_the_emulator_shares_the_catalog_and_nothing_else_decision_26():
    outside = [
        each for each in imported_by("reconciler.emulator") if not f"{each}.".startswith("reconciler.core.catalog.")
    ]
    assert outside == []


def test_the_catalog_imports_nothing_of_ours_decision_26():
    assert imported_by("reconciler.core.catalog") == set()


@pytest.mark.parametrize(
    ("package", "module"),
    [
        ("reconciler.graph", "reconciler.graph.transport"),
        ("reconciler.emulator", "reconciler.emulator.outgoing"),
        ("reconciler.receiver", "reconciler.receiver.authority"),
        ("reconciler.sinks", "reconciler.sinks.http"),
        ("reconciler.daemon", "reconciler.daemon.asking"),
    ],
)
def test_httpx_stays_in_one_module_per_package_decision_25(package, module):
    importers = graph().find_modules_that_directly_import("httpx")
    assert {each for each in importers if each.startswith(package)} == {module}


def test_nobody_else_imports_httpx_decision_25():
    importers = graph().find_modules_that_directly_import("httpx")
    names = ("daemon", "emulator", "graph", "receiver", "sinks")
    packages = tuple(f"reconciler.{name}." for name in names)
    assert {each for each in importers if not each.startswith(packages)} == {"reconciler.clients"}
