"""Graph over HTTP: ``/v1.0``, ``/beta``, batches, and the application that holds them all (facts 3, 8.4)."""
