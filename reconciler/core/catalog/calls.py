"""Records of calls (facts 1.3, 1.6, 1.7, 2.2)."""

import datetime as dt

from reconciler.core.catalog.model import CREATED_UPDATED, Entry, LifecycleUrl, Permissions, Quota, Workload

CALL_RECORDS = Entry(
    id="call-records",
    path="communications/callRecords",
    summary="the record of every call of the tenant",
    workload=Workload.CALLS,
    change_types=CREATED_UPDATED,
    lifetime=dt.timedelta(minutes=4230),
    lifecycle_url=LifecycleUrl.OPEN,
    permissions=Permissions(application=("CallRecords.Read.All",)),
    quotas=(Quota(limit=100, per="organization"),),
    options=frozenset({"$filter"}),
    resync=("communications/callRecords",),
    notes=("What is created comes as updated, too", "The first version of a record takes up to 150 minutes"),
    facts=("1.3", "1.6", "1.7", "2.2", "10.2", "11.4"),
)

ENTRIES = (CALL_RECORDS,)
