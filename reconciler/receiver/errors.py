"""What keeps the receiver from listening."""

from reconciler.core.errors import ReconcilerError

__all__ = ["ReceiverError"]


class ReceiverError(ReconcilerError):
    """The port, the certificate or the key is no good: a person must act."""
