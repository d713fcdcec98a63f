"""A table in, a whole text in one of the forms out."""

import importlib
from typing import Protocol, cast

from reconciler.cli.forms.table import Table

__all__ = ["spell"]

MODULES = {
    "text": "text",
    "json": "document",
    "markdown": "markdown",
    "github": "github",
    "sarif": "sarif",
    "junit": "junit",
}


class Form(Protocol):
    """What the module of a form has."""

    @staticmethod
    def spelled(table: Table) -> str: ...


def spell(table: Table, form: str) -> str:
    """Only the form that is asked for is started."""
    module = cast("Form", importlib.import_module(f"reconciler.cli.forms.{MODULES[form]}"))
    return module.spelled(table)
