"""From the inbox to the sinks: what waits in, forwarded or a dead letter out; also after a crash, in the same way.

Office      who forwards at all, of several processes with one store
Forwarder   one sink: pages of the inbox in, jobs in lanes out, and no more of them than fit
Preparing   an entry in, its event out, or why there is none
Lane        the jobs of some resources, one after the other, each tried until it is taken
Clerk       what has no sink: lifecycle notifications, those to be judged again, those whose sink is gone
Settler     outcomes in, one commit for many of them out
"""

from reconciler.receiver.forwarding.destination import Destination, Retry
from reconciler.receiver.forwarding.forwarder import Means
from reconciler.receiver.forwarding.office import Office

__all__ = ["Destination", "Means", "Office", "Retry"]
