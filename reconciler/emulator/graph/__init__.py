"""What Graph does with subscriptions: takes, refuses and renews them, asks endpoints, counts requests (facts 3)."""
