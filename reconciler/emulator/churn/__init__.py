"""Keeps changing the world of a running emulator: a rate in, writes over HTTPS with a real token out."""

from reconciler.emulator.churn.order import Order
from reconciler.emulator.churn.run import Churn

__all__ = ["Churn", "Order"]
