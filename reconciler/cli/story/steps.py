"""The story, step by step: what is typed, and how it must turn out. ``daemon_steps`` tells how it goes on."""

from collections.abc import Callable

from reconciler.cli.story.daemon_steps import DAEMON_STEPS
from reconciler.cli.story.other_hand import OtherHand
from reconciler.cli.story.stage import Stage

__all__ = ["STEPS"]

DRY = "--dry-run --detailed-exitcode"
CLEAN, PENDING, INVALID = 0, 2, 4

MISTAKES = """\
apiVersion: reconciler/v1
kind: Subscription
metadata: {name: one-webinar}
spec:
  resource: solutions/virtualEvents/webinars/f7a1b2c3-0d4e-4f5a-8b6c-7d8e9f0a1b2c
  changeTypes: [updated, deleted]
  certificate: rich
  expirey: {lifetime: 1d}
"""


def start(stage: Stage) -> None:
    print("export RECONCILER_EMULATOR_HOME=.emulator RECONCILER_STATE=.state")
    print(f"export RECONCILER_VAR_RECEIVER_PORT={stage.receiver_port} RECONCILER_CLIENT_STATE_KEY=<a random key>")
    print("# This Graph takes a new certificate by PATCH, which the facts leave open (1.4), and does not throttle.")
    behaviours = "--behaviour certificate-patch=taken --behaviour throttling=off"
    options = f"--listen 127.0.0.1:{stage.graph_port} --home .emulator --world small {behaviours}"
    stage.serve(f"emulator {options}", port=stage.graph_port)
    certificate = "--tls-cert .emulator/receiver.pem --tls-key .emulator/receiver.key"
    stage.serve(f"listen --listen 127.0.0.1:{stage.receiver_port} {certificate}", port=stage.receiver_port)


def first_dry_run(stage: Stage) -> None:
    stage.plan(DRY, exits=PENDING, create=11)


def first_apply(stage: Stage) -> None:
    stage.run("")


def second_dry_run(stage: Stage) -> None:
    stage.plan(DRY, exits=CLEAN, unchanged=11)


def other_hand(stage: Stage) -> None:
    somebody = OtherHand(stage)
    somebody.delete("channels-hr")
    somebody.overwrite_url("all-teams")
    somebody.add_foreign()


def drift(stage: Stage) -> None:
    stage.plan(DRY, exits=PENDING, create=1, update=1, unchanged=9, foreign=1)
    stage.run("")
    stage.plan(DRY, exits=CLEAN, unchanged=11, foreign=1)


def renewal(stage: Stage) -> None:
    stage.plan(f"{DRY} --renew-within 24h", exits=CLEAN, renew=6, unchanged=5, foreign=1)
    stage.run("--renew-within 24h")


def prune(stage: Stage) -> None:
    stage.shell("rm manifests/meetings.yaml")
    stage.plan(DRY, exits=PENDING, delete=1, unchanged=10, foreign=1)
    stage.run("")
    stage.expect(DRY, unchanged=10, foreign=1)


def mistakes(stage: Stage) -> None:
    stage.write("manifests/webinars.yaml", MISTAKES)
    stage.run("validate", exits=INVALID)


STEPS: tuple[tuple[str, Callable[[Stage], None]], ...] = (
    ("A local Graph, and a receiver that answers its validation requests", start),
    ("What would be done: everything is to be created", first_dry_run),
    ("Do it: Graph validates both URLs in the middle of each creation", first_apply),
    ("What would be done now: nothing", second_dry_run),
    ("Somebody else's hand: one deleted, one redirected, a foreign one added", other_hand),
    ("The plan shows exactly that, heals it, and leaves the foreign one alone", drift),
    ("Renew whatever ends within a day", renewal),
    ("A manifest is removed, and its subscription with it", prune),
    ("A manifest with three mistakes is reported in full, and changes nothing", mistakes),
    *DAEMON_STEPS,
)
