"""The end of the story: the daemon takes over from the pipeline, and lives through what happens to it."""

from collections.abc import Callable

from reconciler.cli.story.checks import (
    Event,
    check_certificates,
    check_gaps,
    passed,
    thumbprint,
    wait_for_event,
    wait_until_moved,
)
from reconciler.cli.story.other_hand import OtherHand
from reconciler.cli.story.stage import NotAsTold, Stage

__all__ = ["DAEMON_STEPS"]

HELD_UP = 7
"""Seconds that a notification is late: by then the certificate has changed."""

RESYNC = "com.microsoft.graph.subscription.resync"
LATE, PROMPT = "Told for the old key", "Told for the new key"

CERTIFICATE = """\
apiVersion: reconciler/v1
kind: Certificate
metadata: {name: rich}
spec:
  certificate: {file: ../secrets/rich.pem}
  privateKey: {file: ../secrets/rich.key}
"""

SINK = """\
apiVersion: reconciler/v1
kind: Sink
metadata: {name: events}
spec:
  file: {path: ../events.jsonl}
"""

MAIL = """\
apiVersion: reconciler/v1
kind: Subscription
metadata: {name: mail}
spec:
  resource: users/0f2e8f59-862a-483b-9ca8-82a10665e17d/messages
  changeTypes: [created]
"""


def own_key(stage: Stage) -> None:
    stage.shell("rm manifests/webinars.yaml")
    stage.shell("mkdir secrets renewed")
    stage.run("certificates new rich --out secrets")
    stage.write("manifests/certificate.yaml", CERTIFICATE)
    stage.write("manifests/sink.yaml", SINK)


def takes_over(stage: Stage) -> None:
    stage.stop("listen")
    certificate = "--tls-cert .emulator/receiver.pem --tls-key .emulator/receiver.key"
    addresses = f"--listen 127.0.0.1:{stage.receiver_port} {certificate} --private 127.0.0.1:{stage.private_port}"
    stage.serve(f"daemon {addresses}", port=stage.receiver_port, logged=True)
    wait_until_moved(stage, OtherHand(stage))
    stage.show_log(stage.server("daemon"))


def manifest_added(stage: Stage) -> None:
    somebody = OtherHand(stage)
    stage.write("manifests/mail.yaml", MAIL)
    stage.wait_until("the daemon has created mail", lambda: "mail" in somebody.live() and passed(stage, "full"))
    stage.show_log(stage.server("daemon"))


def removed(stage: Stage) -> None:
    somebody = OtherHand(stage)
    old = somebody.find("mail")
    somebody.tell("mail", "subscriptionRemoved")

    def is_back() -> bool:
        mail = somebody.live().get("mail")
        return mail not in {None, old} and passed(stage, "narrow")

    stage.wait_until("the daemon has created mail anew", is_back)
    stage.show_log(stage.server("daemon"))
    show_resync(stage, old, cause="removed")


def missed(stage: Stage) -> None:
    somebody = OtherHand(stage)
    mail = somebody.find("mail")
    somebody.tell("mail", "missed")
    stage.wait_until("the daemon has noted a gap", lambda: stage.server("daemon").said("(missed)"))
    stage.show_log(stage.server("daemon"))
    show_resync(stage, mail, cause="missed")


def show_resync(stage: Stage, subscription_id: str, *, cause: str) -> None:
    def is_it(event: Event) -> bool:
        data = event["data"]
        told = (event["type"], data["subscriptionId"])
        return told == (RESYNC, subscription_id) and data["resourceData"]["cause"] == cause

    wait_for_event(stage, f"the resync of what was {cause}", is_it)
    stage.shell("tail -n 1 events.jsonl")


def rotated(stage: Stage) -> None:
    somebody, old = OtherHand(stage), thumbprint(stage)
    stage.run("certificates new rich --out renewed", shown=False)
    somebody.hold_up(HELD_UP)
    somebody.rename_team(LATE)
    somebody.hold_up(0)
    stage.shell("mv renewed/rich.pem renewed/rich.key secrets")
    wait_until_moved(stage, somebody)
    stage.show_log(stage.server("daemon"))
    check_certificates(stage, old=old)


def both_opened(stage: Stage) -> None:
    wait_for_event(stage, "what was encrypted for the old key", lambda event: is_opened(event, LATE))
    OtherHand(stage).rename_team(PROMPT)
    wait_for_event(stage, "what was encrypted for the new key", lambda event: is_opened(event, PROMPT))
    stage.shell('grep -o \'"displayName":"Told for [^"]*"\' events.jsonl')


def is_opened(event: Event, display_name: str) -> bool:
    content = event["data"]["content"]
    return content is not None and content.get("displayName") == display_name


def ended(stage: Stage) -> None:
    somebody = OtherHand(stage)
    before = sorted(somebody.live())
    daemon = stage.stop("daemon")
    if not daemon.said("nothing is deleted"):
        raise NotAsTold(f"the daemon has said at its end: {daemon.news}")
    stage.show_log(daemon)
    if (after := sorted(somebody.live())) != before:
        raise NotAsTold(f"Graph had {before} before the daemon's end, and has {after}")
    print(f"\n{len(after)} subscriptions are at Graph, as before.", flush=True)


def all_is_well(stage: Stage) -> None:
    stage.run("status")
    stage.run("status --check")
    # The first is that of what somebody else has deleted, before the daemon.
    check_gaps(stage, ("channels-hr", "removed"), ("mail", "removed"), ("mail", "missed"))


DAEMON_STEPS: tuple[tuple[str, Callable[[Stage], None]], ...] = (
    ("A key of our own for resource data, and a file for the events", own_key),
    ("The daemon takes the place of the receiver, and moves what was encrypted for a key that nobody has", takes_over),
    ("A manifest is added while it runs", manifest_added),
    ("Graph removes a subscription: it is created anew, and the sink is told what to read again", removed),
    ("Graph has missed notifications: the sink is told that, too", missed),
    ("The certificate is renewed in its files, while Graph still has something for the old key on its way", rotated),
    ("What comes for the old key is opened, and what comes for the new one", both_opened),
    ("The daemon is ended, and nothing with it", ended),
    ("How all stands, and when something may have been missed", all_is_well),
)
