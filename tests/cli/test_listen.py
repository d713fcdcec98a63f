"""What ``listen`` prints: anybody may have sent it."""

import datetime as dt
import json

from reconciler.cli.listen import print_delivery
from reconciler.receiver import Delivery, Notification

SLY = "teams\x1b[2K\x7f\x9b2K\u202egnp.exe\u2066\u2028ü"


def test_no_control_or_bidirectional_character_reaches_the_terminal(capsys):
    notification = Notification("id", change_type="updated", resource=SLY, tenant_id=SLY)
    now = dt.datetime(2026, 11, 21, tzinfo=dt.UTC)
    print_delivery(Delivery(path=f"/{SLY}", lifecycle=False, mark=None, items=(notification,), received_at=now))
    (line,) = capsys.readouterr().out.splitlines()
    assert line.isascii()
    assert line.isprintable()
    assert (json.loads(line)["resource"], json.loads(line)["path"]) == (SLY, f"/{SLY}")
