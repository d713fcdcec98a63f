"""The doctor's checks that cost little, made by the daemon of itself now and then: news of them in the log out."""

import argparse
import logging

from reconciler.cli.examination import Examination
from reconciler.cli.loading import Loaded
from reconciler.daemon.checks.finding import Finding, Level
from reconciler.daemon.checks.running import run
from reconciler.engine.ports import Clock

__all__ = ["SelfExamination"]

WRONG = frozenset({Level.FAILURE, Level.WARNING})

logger = logging.getLogger(__name__)


class SelfExamination:
    """Of the endpoints that are ours to serve, as Graph gets to them, and of the encryption certificates."""

    def __init__(self, options: argparse.Namespace, clock: Clock) -> None:
        self.options, self.clock = options, clock
        self.findings: tuple[Finding, ...] = ()
        """Those of the last time that are not well."""

    async def look(self, loaded: Loaded) -> None:
        """Say what was well the last time and is not now, and the other way round."""
        found = await run(list(Examination(loaded, self.options, self.clock.now()).cheap_checks()))
        wrong = {(each.check, each.subject): each for each in found if each.level in WRONG}
        before = {(each.check, each.subject) for each in self.findings}
        for key, finding in wrong.items():
            if key not in before:
                tell(finding)
        for check, subject in before - wrong.keys():
            logger.info("%s: %s is well again", subject, check)
        self.findings = tuple(wrong.values())


def tell(finding: Finding) -> None:
    level = logging.ERROR if finding.level is Level.FAILURE else logging.WARNING
    words = (finding.verdict.found, finding.verdict.cause, finding.verdict.remedy)
    said = "; ".join(filter(None, words))
    logger.log(level, "%s: %s: %s", finding.subject, finding.check, said, extra={"check": finding.check})
