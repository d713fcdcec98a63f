"""The ``reconcile`` command: joins everything, and is the only place that prints."""
