"""What ``reconcile demo`` tells, and what it needs for that."""
