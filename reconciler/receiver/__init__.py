"""The web application that Graph calls: requests in, validated or accepted, ``Delivery`` after ``Delivery`` out.

Needs the extra ``daemon``. NOTHING IS VERIFIED YET: neither ``clientState`` nor tokens are looked at, and nothing is
stored before it is answered. Whoever takes a ``Delivery`` must treat it as written by a stranger.
"""

from reconciler.receiver.application import application
from reconciler.receiver.delivery import Delivery, Malformed, Notification
from reconciler.receiver.errors import ReceiverError
from reconciler.receiver.routes import Routes
from reconciler.receiver.serving import serve

__all__ = ["Delivery", "Malformed", "Notification", "ReceiverError", "Routes", "application", "serve"]
