"""Manifests in, the public URLs that our receiver must answer at out, each with whom to trust there."""

import argparse
import datetime as dt
from collections.abc import Iterator

from reconciler.cli.examination import Examination
from reconciler.cli.loading import Loaded
from reconciler.core.mark import takes_query
from reconciler.daemon.opening import OwnUrl

__all__ = ["own_urls"]


def own_urls(loaded: Loaded, options: argparse.Namespace, now: dt.datetime) -> Iterator[OwnUrl]:
    """As ``doctor`` asks them. Each URL once."""
    examination = Examination(loaded, options, now)
    seen = set()
    for item in loaded.wanted.manifests.endpoints:
        if item.manifest.spec.receiver != "self":
            continue
        endpoint = examination.endpoint(item)
        for url in dict.fromkeys((endpoint.notification_url, endpoint.lifecycle_url)):
            if takes_query(url) and url not in seen:
                seen.add(url)
                yield OwnUrl(item.name, url, endpoint.ca_file)
