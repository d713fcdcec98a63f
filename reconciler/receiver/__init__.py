"""What Graph calls: requests in, validated or stored and answered, then verified, opened, and forwarded to sinks.

    application     a request in, its answer out, once the ``Delivery`` is safe
    Taker           a ``Delivery`` in, judged by ``clientState``, its entries in the inbox out
    forwarding      the inbox's entries in, verified in full and opened, events in their sinks out

Needs the extra ``daemon``. A ``Delivery`` may be written by a stranger until a ``Verifier`` has judged its items.
"""

from reconciler.receiver.application import application
from reconciler.receiver.client_states import ClientStates, Inherited, Ring
from reconciler.receiver.delivery import Delivery, Malformed, Notification
from reconciler.receiver.errors import ReceiverError
from reconciler.receiver.routes import Routes
from reconciler.receiver.serving import serve
from reconciler.receiver.validation_tokens import Audience, ValidationTokens
from reconciler.receiver.verdicts import Doubt, Reason, Rejected, Verdict, Verified
from reconciler.receiver.verifying import Verifier

__all__ = [
    "Audience",
    "ClientStates",
    "Delivery",
    "Doubt",
    "Inherited",
    "Malformed",
    "Notification",
    "Reason",
    "ReceiverError",
    "Rejected",
    "Ring",
    "Routes",
    "ValidationTokens",
    "Verdict",
    "Verified",
    "Verifier",
    "application",
    "serve",
]
