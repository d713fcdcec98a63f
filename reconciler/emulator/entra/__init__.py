"""Who may ask: applications, their credentials, and the tokens that they get (facts 9.1)."""
