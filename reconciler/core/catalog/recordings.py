"""Recordings and transcripts of online meetings (facts 1.3, 1.5, 1.6, 2.2)."""

from reconciler.core.catalog.model import BOTH_VERSIONS, CREATED, Entry, Permissions, Quota, Version, Workload
from reconciler.core.catalog.teamwork import FACTS, ORGANIZATION, PER_USER
from reconciler.core.catalog.teamwork import entry as teams_entry

MEETINGS = "Scheduled meetings only, and none of channels"
TRANSCRIPTION = "Subscribe before the transcription starts, or there is no notification"
ASSUMED = "No table names its permission: that of the other paths is assumed"


def entries(kind: str, function: str, permission: str, *notes: str) -> tuple[Entry, ...]:
    """The four paths of ``recordings`` or ``transcripts``."""
    read = (permission,)

    def entry(
        name: str,
        path: str,
        summary: str,
        *more: str,
        delegated: tuple[str, ...] = (),
        quotas: tuple[Quota, ...] = (ORGANIZATION,),
        versions: tuple[Version, ...] = BOTH_VERSIONS,
    ) -> Entry:
        return teams_entry(
            id=f"{name}-{kind}",
            path=path,
            summary=f"the {kind} of {summary}",
            workload=Workload.MEETINGS,
            change_types=CREATED,
            permissions=Permissions(delegated=delegated, application=read),
            quotas=quotas,
            versions=versions,
            resync=(f"users/{{user-id}}/onlineMeetings/{function}",),
            notes=(MEETINGS, *notes, *more),
            facts=FACTS,
        )

    return (
        entry("all", f"communications/onlineMeetings/{function}", "every online meeting of the tenant"),
        entry(
            "meeting",
            f"communications/onlineMeetings/{{meeting-id}}/{kind}",
            "one online meeting",
            delegated=read,
        ),
        entry(
            "user",
            f"users/{{user-id}}/onlineMeetings/{function}",
            "every online meeting that one user organizes",
            delegated=read,
            quotas=(PER_USER, ORGANIZATION),
        ),
        entry(
            "installed",
            f"appCatalogs/teamsApps/{{app-id}}/installedToOnlineMeetings/{function}",
            "every online meeting in which one Teams app is installed",
            ASSUMED,
            versions=(Version.BETA,),
        ),
    )


ENTRIES = (
    *entries("recordings", "getAllRecordings", "OnlineMeetingRecording.Read.All"),
    *entries("transcripts", "getAllTranscripts", "OnlineMeetingTranscript.Read.All", TRANSCRIPTION),
)
