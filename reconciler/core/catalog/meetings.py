"""Online meetings: their calls (facts 2.5), and the path that older texts had for them (facts 11.2)."""

import datetime as dt

from reconciler.core.catalog.model import (
    UPDATED,
    Entry,
    LifecycleUrl,
    Permissions,
    Rich,
    Status,
    Version,
    Workload,
)

THREE_DAYS = dt.timedelta(minutes=4320)
MEETINGS_READ = Permissions(application=("OnlineMeetings.Read.All", "OnlineMeetings.ReadWrite.All"))

CALL_EVENTS = Entry(
    id="meeting-call-events",
    path="communications/onlineMeetings(joinWebUrl='{joinWebUrl}')/meetingCallEvents",
    summary="the calls of one online meeting: started, ended, roster updated",
    workload=Workload.MEETINGS,
    change_types=UPDATED,
    rich=Rich.OPTIONAL,
    lifetime=THREE_DAYS,
    lifecycle_url=LifecycleUrl.OPEN,
    versions=(Version.BETA,),
    permissions=MEETINGS_READ,
    exclusive=True,
    notes=("The events can be read nowhere: without resource data one only learns that there was one",),
    facts=("1.3", "1.5", "1.6", "2.2", "2.5", "10.2"),
)

DRAFT_CALL_EVENTS = Entry(
    id="draft-meeting-call-events",
    path="communications/onlineMeetings?$filter=JoinWebUrl eq '{joinWebUrl}'",
    summary="the calls of one online meeting: started, ended, roster updated",
    workload=Workload.MEETINGS,
    change_types=UPDATED,
    rich=Rich.OPTIONAL,
    lifetime=THREE_DAYS,
    lifecycle_url=LifecycleUrl.OPEN,
    versions=(Version.BETA,),
    permissions=MEETINGS_READ,
    exclusive=True,
    filter_fields=("joinweburl",),
    filter_limit=1,
    status=Status.DRAFT,
    replaced_by=("communications/onlineMeetings(joinWebUrl='{joinWebUrl}')/meetingCallEvents",),
    facts=("1.3", "2.5", "11.2"),
)

ENTRIES = (CALL_EVENTS, DRAFT_CALL_EVENTS)
