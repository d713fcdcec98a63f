"""``/v1.0`` and ``/beta``: subscriptions taken, refused, listed, renewed and forgotten as Graph does (facts 3)."""
