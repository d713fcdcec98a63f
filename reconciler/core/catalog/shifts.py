"""Shifts: the schedules of teams (facts 1.3, 1.6, 2.2). Six hours at most; change types are not verified."""

import datetime as dt

from reconciler.core.catalog.model import ALL_CHANGES, Entry, LifecycleUrl, Permissions, Quota, Workload

SIX_HOURS = dt.timedelta(minutes=360)
SCHEDULE_READ = ("Schedule.Read.All", "Schedule.ReadWrite.All")

COLLECTIONS = {
    "shifts": "the shifts of one team",
    "offerShiftRequests": "the offers of shifts to others in one team",
    "openShiftChangeRequests": "the requests for open shifts of one team",
    "swapShiftsChangeRequests": "the requests to swap shifts in one team",
    "timeOffRequests": "the requests for time off in one team",
}
IDS = {
    "shifts": "shifts",
    "offerShiftRequests": "offer-shift-requests",
    "openShiftChangeRequests": "open-shift-change-requests",
    "swapShiftsChangeRequests": "swap-shifts-change-requests",
    "timeOffRequests": "time-off-requests",
}

ENTRIES = tuple(
    Entry(
        id=IDS[collection],
        path=f"teams/{{team-id}}/schedule/{collection}",
        summary=summary,
        workload=Workload.SHIFTS,
        change_types=ALL_CHANGES,
        change_types_verified=False,
        lifetime=SIX_HOURS,
        lifecycle_url=LifecycleUrl.OPEN,
        permissions=Permissions(delegated=SCHEDULE_READ, application=SCHEDULE_READ),
        exclusive=True,
        quotas=(Quota(limit=10, per="user and path"),),
        facts=("1.3", "1.6", "2.2", "11.4"),
    )
    for collection, summary in COLLECTIONS.items()
)
