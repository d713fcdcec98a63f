"""The web application that Graph calls: requests in, validated or accepted, ``Delivery`` after ``Delivery`` out.

Needs the extra ``daemon``. A ``Delivery`` may be written by a stranger until a ``Verifier`` has judged its items.
NOTHING IS STORED YET before it is answered.
"""

from reconciler.receiver.application import application
from reconciler.receiver.client_states import ClientStates, Ring
from reconciler.receiver.delivery import Delivery, Malformed, Notification
from reconciler.receiver.errors import ReceiverError
from reconciler.receiver.routes import Routes
from reconciler.receiver.serving import serve
from reconciler.receiver.validation_tokens import Audience, ValidationTokens
from reconciler.receiver.verdicts import Reason, Rejected, Verdict, Verified
from reconciler.receiver.verifying import Verifier

__all__ = [
    "Audience",
    "ClientStates",
    "Delivery",
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
