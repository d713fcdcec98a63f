"""How fast and how small it is. ``make bench`` runs every module here, each with ``TARGETS`` and ``run()``."""
