"""``python -m reconciler`` is the ``reconcile`` command."""

from reconciler.cli.main import run

run()
