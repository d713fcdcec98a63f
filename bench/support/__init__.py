"""What the benches have in common: processes to measure, a client to measure with, targets, a table."""
