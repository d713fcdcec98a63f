"""What is pasted, and what it is explained as. The texts are read from the facts themselves."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.errors import Unsorted
from reconciler.core.refusals import TOKEN_REMEDIES, Refusal, sort_refusal
from reconciler.core.remedies import explain
from reconciler.core.remedies.causes import CAUSES
from reconciler.core.remedies.tokens import TOKENS

FACTS = (Path(__file__).parents[2] / "docs" / "graph-facts.md").read_text(encoding="utf-8")
ID = "7f105c7d-2dc5-4530-97cd-4e7ae6534c07"
KINDS = {
    "timed out": "EndpointRefused",
    "must respond": "EndpointRefused",
    "must exactly match": "EndpointRefused",
    "'changeType'": "Invalid",
    "is not supported.": "Invalid",
    "lifecycleNotificationUrl is a required": "Invalid",
    "expirationDateTime is a required": "Invalid",
    "10070 minutes": "LifetimeRefused",
    "beyond allowed max": "LifetimeRefused",
    "must contain either": "Invalid",
    "Certificate validation error": "Invalid",
    "rich notifications": "Invalid",
    "Unsupported workload": "Invalid",
    "not found in the store": "Invalid",
    "Status Code: Unauthorized": "Denied",
    "Reason: Forbidden]": "Denied",
    "reached its limit": "Full",
    "Maximum number": "Full",
    "already exists for the requested": "Conflict",
    "A subscripton already exists": "Conflict",
    "SubscriptionCountReached": "Full",
    "Please retry again later": "Throttled",
    "Specified method": "Invalid",
    "backend 'Unknown'": "Transient",
    "The object was not found": "Gone",
    "'Resource' is invalid": "Invalid",
    "Caller does not have access": "Denied",
    "not authorized for this user": "Denied",
    "expired or is not yet valid": "CredentialRefused",
    "Too many requests from Identifier": "Throttled",
    "A task was canceled": "Transient",
    "quarantined": "Transient",
    "Get Subscriptions list": "Transient",
}
"""A part of each text of facts 3.5, and the class that it is sorted into."""


def rows():
    """Status, code and text of each row of the table; of several codes the first."""
    section = FACTS[FACTS.index("### 3.5 ") : FACTS.index("- **Ghost subscription hazard**")]
    for line in section.splitlines():
        if found := re.match(r"\| (\d{3})[^|]*\|([^|]*)\| `([^`]+)`", line):
            code = re.search(r"[A-Z]\w{9,}", found[2])
            yield int(found[1]), code[0] if code else "", found[3]


ROWS = sorted(set(rows()))


def expected(text):
    return next(kind for part, kind in KINDS.items() if part in text)


def test_the_table_of_the_facts_is_read_whole():
    section = FACTS[FACTS.index("### 3.5 ") : FACTS.index("- **Ghost subscription hazard**")]
    assert len(list(rows())) == sum(re.match(r"\| \d{3}", line) is not None for line in section.splitlines()) > 30


@pytest.mark.parametrize(("status", "code", "text"), ROWS, ids=[row[2][:60] for row in ROWS])
def test_every_text_of_facts_3_5(status, code, text):
    """By itself, with its status, in Graph's JSON and in our own words: it is the same."""
    body = {"error": {"code": code, "message": text, "innerError": {"request-id": ID}}}
    operation = f"PATCH subscription {ID}"
    ours = str(sort_refusal(Refusal(operation=operation, status=status, code=code, text=text, subscription_id=ID)))
    forms = {
        "alone": explain(text),
        "status": explain(text, status=status),
        "json": explain(json.dumps(body)),
        "ours": explain(ours),
        "log": explain(json.dumps({"level": "warning", "event": "renew failed", "error": ours})),
        "line": explain(f"2026-03-01T12:00:00Z [warning] renew failed error={ours!r}"),
    }
    kinds = {form: found.kind.__name__ for form, found in forms.items()}
    assert kinds == dict.fromkeys(forms, expected(text))
    for found in forms.values():
        assert found.known
        assert found.cause
        assert found.remedy
        assert "3.5" in found.source
        assert found.cause == forms["alone"].cause
    assert forms["json"].refusal.request_id == ID


def test_every_cause_is_needed():
    """One that explains no text of the facts is either dead or shadowed."""
    texts = [text for _, _, text in ROWS]
    seen = {explain(text).cause for text in [*texts, "quotaLimitReached"]}
    assert [each.cause for each in CAUSES if each.cause not in seen] == []


IN_A_BATCH = (
    '{"id": "1", "status": 404, "body": {"error": {"code": "ResourceNotFound", "message": "It was not found."}}}'
)
NUMBERS = {
    "50196": "CredentialRefused",
    "500011": "CredentialRefused",
    "53003": "CredentialRefused",
    "530032": "CredentialRefused",
    "70011": "CredentialRefused",
    "70021": "CredentialRefused",
    "700016": "CredentialRefused",
    "700024": "CredentialRefused",
    "700027": "CredentialRefused",
    "700211": "CredentialRefused",
    "700213": "CredentialRefused",
    "7000112": "CredentialRefused",
    "7000215": "CredentialRefused",
    "7000218": "CredentialRefused",
    "7000222": "CredentialRefused",
    "7000229": "CredentialRefused",
    "90002": "CredentialRefused",
    "90006": "Transient",
    "90012": "Transient",
    "90024": "Transient",
    "90033": "Transient",
    "90038": "CredentialRefused",
    "900023": "CredentialRefused",
    "900382": "CredentialRefused",
}


@pytest.mark.parametrize("number", sorted({*NUMBERS, *TOKEN_REMEDIES}))
def test_the_token_endpoint(number):
    """Each number has a cause of its own, alone, in its JSON, and in our own words."""
    alone = explain(f"AADSTS{number}: whatever it says. Trace ID: 1")
    body = {"error": "invalid_client", "error_description": f"AADSTS{number}: x", "error_codes": [int(number)]}
    assert alone.kind.__name__ == NUMBERS.get(number, "CredentialRefused")
    assert alone.known
    assert alone.cause
    assert alone.remedy
    assert explain(json.dumps(body)).cause == alone.cause
    assert [each.cause for each in TOKENS if each.text.search(f"AADSTS{number}")] == [alone.cause]


@pytest.mark.parametrize(
    ("text", "status", "kind"),
    [
        ("AADSTS9999999: news", None, "CredentialRefused"),
        ('{"error": "temporarily_unavailable", "error_description": "busy"}', None, "Transient"),
        ('{"error": "temporarily_unavailable", "error_description": ""}', None, "Transient"),
        ("HTTP/1.1 503 Service Unavailable", None, "Transient"),
        ("HTTP 429", None, "Throttled"),
        ('{"status": 429, "message": "slow down"}', None, "Throttled"),
        ("something else", 403, "Denied"),
        ("something else", 409, "Conflict"),
        ("quotaLimitReached", None, "Full"),
        (f"DELETE subscription {ID}: Graph answered 404", None, "Gone"),
        ("POST subscriptions: Graph answered 404: no such team", None, "Invalid"),
        (IN_A_BATCH, None, "Gone"),
    ],
    ids=[
        "number", "busy", "busy-without-words", "http", "throttled", "json-status", "denied", "conflict", "quota",
        "gone", "not-of-a-subscription", "batch",
    ],
)  # fmt: skip
def test_the_rest(text, status, kind):
    found = explain(text, status=status)
    assert found.kind.__name__ == kind
    assert found.known


@pytest.mark.parametrize(
    "text", ["", "what?", "{", "{}", "[]", "{" * 5000, '{"error": ' * 3000, "\x00", "HTTP 200", "null"]
)
def test_unknown(text):
    found = explain(text)
    assert found.kind is Unsorted
    assert not found.known
    assert "tried again" in found.next


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("AADSTS7000222: x", "a probe"),
        ("Subscription validation request timed out.", "30s"),
        ("reached its limit of '1'", "every 1h"),
        ("File Services workload is not enabled for rich notifications.", "when the manifest changes"),
        ("Caller does not have access", "said once"),
        ("The object was not found.", "at once"),
        ("Please retry again later.", "as long as Graph says"),
        ("already exists for the requested combination", "Blocked"),
        ("A task was canceled", "a tenth of the lifetime"),
    ],
    ids=["credential", "endpoint", "full", "invalid", "denied", "gone", "throttled", "conflict", "transient"],
)
def test_what_is_done_by_itself(text, words):
    assert words in explain(text).next


fragments = st.sampled_from(
    ["{", "}", '"error":', "Graph answered ", "403 ", "AADSTS", "7000222", ": ", "\\", "\n", "request-id ", ID,
     "[Status Code: ", "Forbidden; Reason: ", "HTTP/", "status", "٤٠٣", "\ud800"]
)  # fmt: skip


@given(
    st.one_of(st.text(), st.lists(st.one_of(fragments, st.text(max_size=5))).map("".join)), st.none() | st.integers()
)
def test_whatever_the_text_is(text, status):
    found = explain(text, status=status)
    assert found.cause
    assert found.remedy
    assert found.next


keys = st.sampled_from(["error", "message", "code", "status", "body", "innerError", "error_description", "x"])
bodies = st.recursive(
    st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(keys, inner)
)


@given(bodies)
def test_whatever_the_json_is(body):
    assert explain(json.dumps(body)).next
