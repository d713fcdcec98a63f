"""Done when: in a month with weekly outages nothing lapses that they do not force, and all is back soon, on record.

``make test`` runs the small form; ``make soak`` the full one. ``SOAK_MONTH_SUBSCRIPTIONS`` (of three days and of one),
``SOAK_MONTH_HOURLY``, ``SOAK_MONTH_DAYS``, ``SOAK_MONTH_INTERVAL`` (hours) and ``SOAK_MONTH_SEED`` say how much;
``SOAK_MONTH_FOLDER`` where the store and the emulator's home are, best where nothing is flushed to a disk.
"""

import datetime as dt
import os
import random
import tempfile
from pathlib import Path

from tests.soak.month import Month, Population
from tests.soak.promises import broken, figures

SUBSCRIPTIONS = int(os.environ.get("SOAK_MONTH_SUBSCRIPTIONS", "120"))
HOURLY = int(os.environ.get("SOAK_MONTH_HOURLY", "10"))
DAYS = float(os.environ.get("SOAK_MONTH_DAYS", "3.65"))  # then the outage comes while some of each kind are due
INTERVAL = dt.timedelta(hours=float(os.environ.get("SOAK_MONTH_INTERVAL", "2")))
SEED = int(os.environ.get("SOAK_MONTH_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)


async def test_nothing_lapses_that_the_outages_do_not_force(tmp_path: Path) -> None:
    print(f"SOAK_MONTH_SEED={SEED}", flush=True)
    population = Population(SUBSCRIPTIONS - SUBSCRIPTIONS // 2, SUBSCRIPTIONS // 2, HOURLY)
    with tempfile.TemporaryDirectory(dir=os.environ.get("SOAK_MONTH_FOLDER", tmp_path)) as folder:
        lived = await Month(Path(folder), population=population, days=DAYS, interval=INTERVAL, seed=SEED).run()
    print(figures(lived))
    found = broken(lived)
    for name, problems in found.items():
        print(f"{name}: {len(problems)}, as {problems[:3]}")
    assert found == {}
    assert lived.mistakes == []
