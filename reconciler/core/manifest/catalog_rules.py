"""What the catalog says of clouds, of change types that come in vain, and of the query of a resource: rule by rule."""

from collections.abc import Iterator, Mapping

from reconciler.core.catalog import ChangeType, Entry
from reconciler.core.manifest.resolved import Subject
from reconciler.core.resource import Resource
from reconciler.core.segments import cut, decode
from reconciler.core.source import Problem, Severity

__all__ = ["asks_for_me", "option_values", "query_option", "query_options_in_vain", "refused_change", "where_it_is"]


def asks_for_me(each: Subject) -> Iterator[Problem]:
    """``me/…`` can always be written ``users/{id}/…`` (facts 2.1), and an application must."""
    first, _, rest = each.resource.path.partition("/")
    if first.lower() == "me":
        message = (
            f"'me' is whoever is signed in, and an application is nobody: name the user, as in users/{{id}}/{rest}"
        )
        yield each.item.problem("signed-in-user", message, "spec", "resource")


def where_it_is(each: Subject, entry: Entry) -> Iterator[Problem]:
    """National clouds lack some resources (facts 1.3, 2.4)."""
    if lacking := sorted(each.clouds - entry.clouds):
        message = f"{entry.path} exists in the {' and '.join(sorted(entry.clouds))} cloud only, not in {lacking[0]}"
        yield each.item.problem("resource-not-in-cloud", message, "spec", "resource")
    elif unread := sorted(each.clouds - entry.read_clouds):
        message = (
            f"what {entry.path} tells of can be read in the {' and '.join(sorted(entry.read_clouds))} cloud only,"
            f" not in {unread[0]}"
        )
        place = each.item.document.place("spec", "resource")
        yield Problem(place, "resource-not-in-cloud", message, Severity.WARNING)


def refused_change(entry: Entry, change_type: ChangeType, *, beside_others: bool) -> str:
    """Why a change type is an error: Graph refuses it, or takes it and never sends one (facts 1.1, 3.5)."""
    instead = entry.created_as if change_type is ChangeType.CREATED else None
    if change_type in entry.accepted_in_vain:
        leave = "leave it out:" if beside_others else f"ask for {instead},"
        which = f"{instead} comes" if beside_others else "which comes"
        return (
            f"Graph takes {change_type} for {entry.path} and never sends one, {leave} {which} for what is created, too"
        )
    known = ", ".join(each for each in ChangeType if each in entry.change_types)
    also = ", for what is created, too" if instead else ""
    return f"{entry.path} has no {change_type} notifications, Graph sends {known}{also}"


def query_option(each: Subject, entry: Entry) -> Iterator[Problem]:
    given = each.resource.options
    if not given and not entry.required_options:
        return
    for option in sorted(given - entry.query_options):
        known = f"Graph takes {', '.join(sorted(spelled(entry)))}" if entry.query_options else "Graph takes none"
        message = f"{entry.path} does not take the option {option}, {known}"
        yield each.item.problem("query-option", message, "spec", "resource")
    for option in sorted(entry.required_options - given):
        message = f"{entry.path.partition('?')[0]} is only allowed with ?{option}="
        yield each.item.problem("query-option", message, "spec", "resource")
    for option in sorted(each for each in entry.delegated_options if each.lower() in given):
        message = f"the option {option} needs the token of a signed-in user, which is not supported yet"
        yield each.item.problem("delegated-only", message, "spec", "resource")


def spelled(entry: Entry) -> frozenset[str]:
    """The options as Graph's documentation spells them, each once."""
    return (entry.options or entry.query_options) - {f"${option}" for option in entry.options}


def option_values(each: Subject, entry: Entry) -> Iterator[Problem]:
    """What ``$select`` and ``$expand`` may not name (facts 2.2)."""
    if not each.resource.options or not (entry.forbidden_select or entry.expandable):
        return
    options = values_of(each.resource)
    forbidden = {name.lower(): name for name in entry.forbidden_select}
    for name in names_in(options.get("$select", "")):
        if name in forbidden:
            message = (
                f"{entry.path} does not take {forbidden[name]} in $select: name other properties, or read it after"
            )
            yield each.item.problem("query-option", message, "spec", "resource")
    expandable = entry.expandable or frozenset()
    for name in names_in(options.get("$expand", "")):
        if entry.expandable is not None and name not in {known.lower() for known in expandable}:
            message = f"{entry.path} does not take {name} in $expand, Graph takes {' and '.join(sorted(expandable))}"
            yield each.item.problem("query-option", message, "spec", "resource")


def values_of(resource: Resource) -> Mapping[str, str]:
    """By the name of the option, in lower case."""
    pairs = (part.partition("=") for part in cut(resource.canonical.partition("?")[2], "&"))
    return {name: value if name == "$filter" else decode(value) for name, _, value in pairs}


def names_in(text: str) -> Iterator[str]:
    """``a,b($filter=…)`` names a and b, here in lower case."""
    names = (part.partition("(")[0].strip().lower() for part in cut(text, ","))
    return filter(None, names)


def query_options_in_vain(each: Subject, entry: Entry) -> Iterator[Problem]:
    """Documented for Universal Print, used for alerts of health monitoring (facts 1.1)."""
    if each.item.manifest.spec.notification_query_options and not entry.takes_query_options:
        message = f"nothing says that {entry.path} heeds notificationQueryOptions: print and health monitoring do"
        place = each.item.document.place("spec", "notificationQueryOptions")
        yield Problem(place, "query-options-in-vain", message, Severity.WARNING)
