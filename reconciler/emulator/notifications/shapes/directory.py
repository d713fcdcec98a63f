"""Users and whatever else the directory has, as Microsoft shows them for users that come through Event Grid."""

import datetime as dt

from reconciler.emulator.notifications.shapes.shape import Shape, Told, resource_data
from reconciler.emulator.notifications.shapes.spelling import capitalized, singular, steps_of, universal

YEAR_1 = dt.datetime.min.replace(tzinfo=dt.UTC)


def shape(told: Told) -> Shape:
    name, key = steps_of(told.change.path)[-1]
    path = f"{capitalized(name)}/{key}"
    data = resource_data(
        odata_type=f"#Microsoft.Graph.{capitalized(singular(name))}",
        odata_id=path,
        identifier=key or "",
        organizationId=told.change.tenant,
        eventTime=universal(told.now).replace("+00:00", "Z"),
        sequenceNumber=ticks(told.now),
    )
    return Shape(resource=path, data=data, payload=told.change.body, expiration=universal)


def ticks(instant: dt.datetime) -> int:
    """Tenths of a microsecond since the year 1, as .NET counts."""
    return (instant - YEAR_1) // dt.timedelta(microseconds=1) * 10
