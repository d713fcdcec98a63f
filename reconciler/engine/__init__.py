"""One pass, from reading to outcomes; what it needs from outside stands in ``ports``."""
