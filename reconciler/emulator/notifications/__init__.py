"""What Graph sends: changes in, notifications at the endpoints out (facts 5, 6, 7)."""
