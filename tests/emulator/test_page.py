"""The page at /emulator, in a real browser: what it shows, that it goes on looking, that nobody's words become code."""

import re
from collections.abc import Iterator

import httpx
import pytest

from tests.emulator.conftest import Create
from tests.support.browser import Browser, browsing, chromium
from tests.support.emulator import RunningEmulator
from tests.support.receiver import ValidationReceiver

TEAM = "0a1b2c3d-0000-4000-8000-00000000000b"
HOSTILE = "/teams/<img src=x onerror=document.title=1>"


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    program = chromium()
    if program is None:
        pytest.skip("there is no Chromium on this machine: apt-get install chromium")
    with browsing(program, tmp_path_factory.mktemp("browser")) as browser:
        yield browser


@pytest.fixture
def page(emulator: RunningEmulator, window: Browser) -> Iterator[Browser]:
    """Open, and without a complaint to the end."""
    window.open(f"{emulator.graph}/emulator")
    window.wait_for("document.getElementById('state')?.textContent == 'live'")
    yield window
    complaints = [*window.complaints]
    window.open("about:blank")
    window.complaints.clear()
    assert complaints == []


def rows(section: str) -> str:
    return f"[...document.querySelectorAll('#{section} tbody tr')].map(tr => tr.innerText).join('\\n')"


def at_once(expression: str) -> str:
    """With a look of the page beside those that it takes each second."""
    return f"(document.dispatchEvent(new Event('visibilitychange')), {expression})"


def shows(section: str, text: str) -> str:
    return f"{rows(section)}.includes({text!r})"


def test_it_shows_a_subscription_and_who_asked(page: Browser, create: Create) -> None:
    made = create(resource=f"/teams/{TEAM}", changeType="updated,deleted").json()
    page.wait_for(at_once(shows("subscriptions", made["resource"])))
    row = page.evaluate(rows("subscriptions"))
    for text in ("updated,deleted", made["applicationId"][:8], "in 1 h 59 min", "/notifications?who=me"):
        assert text in row
    page.wait_for(at_once(shows("requests", "/v1.0/subscriptions")))
    assert "201" in page.evaluate(rows("requests"))


def test_it_goes_on_looking_by_itself(page: Browser, create: Create, client: httpx.Client) -> None:
    made = create(resource=f"/teams/{TEAM}").json()
    page.wait_for(shows("subscriptions", made["resource"]))
    assert page.evaluate("document.querySelector('#subscriptions .count').textContent") == "1"
    client.delete(f"/v1.0/subscriptions/{made['id']}")
    page.wait_for(f"!{shows('subscriptions', made['resource'])}")


def test_it_shows_each_attempt_of_a_delivery_and_the_endpoint(
    page: Browser, emulator: RunningEmulator, create: Create, receiver: ValidationReceiver
) -> None:
    create(resource="/teams", changeType="created", notificationUrl=receiver.url("/busy?a=b"))
    receiver.turns = ["refuse"]
    emulator.write("POST", "/v1.0/teams", {"displayName": "new"})
    page.wait_for(at_once(shows("deliveries", "retrying")))
    assert re.search(r"\d\d:\d\d:\d\d 503 in \d+ ms\s+in \d+ s", page.evaluate(rows("deliveries")))
    emulator.advance(60)
    page.wait_for(at_once(shows("deliveries", "delivered")))
    assert re.search(r" 503 in .* 202 in ", page.evaluate(rows("deliveries")).replace("\n", " "))
    page.wait_for(at_once(shows("endpoints", "/busy")))
    assert "items: 2, POSTs: 2" in page.evaluate(rows("endpoints"))
    assert "good" in page.evaluate(rows("subscriptions"))


def test_words_of_others_stay_words(page: Browser, create: Create, receiver: ValidationReceiver) -> None:
    url = receiver.url("/<script>document.title='taken'</script>?a=%3Cb%3E&b=<b>")
    assert create(resource=HOSTILE, notificationUrl=url).status_code == 201
    page.wait_for(at_once(shows("subscriptions", HOSTILE)))
    page.wait_for(at_once(shows("subscriptions", url.removeprefix("https://"))))
    assert page.evaluate("document.querySelectorAll('img, td script, td b').length") == 0
    assert page.evaluate("document.title") == "Emulator"


@pytest.mark.parametrize(
    "mistake",
    [
        "document.body.innerHTML = '<b>x</b>'",
        "document.body.setAttribute('onclick', 'document.title = 1')",
        "document.body.appendChild(document.createElement('script')).textContent = 'document.title = 1'",
    ],
    ids=["markup", "handler", "script"],
)
def test_the_policy_stops_a_mistake(page: Browser, mistake: str) -> None:
    """Were a text ever taken for more than a text, the browser would refuse it."""
    assert page.evaluate(f"try {{ {mistake}; 'taken' }} catch (error) {{ error.name }}") == "TypeError"
    assert page.evaluate("document.title") == "Emulator"
    assert all("requires 'Trusted" in each for each in page.complaints)
    page.complaints.clear()  # these were the point


def test_it_moves_the_clock(page: Browser, emulator: RunningEmulator, create: Create) -> None:
    create()
    page.wait_for(at_once("document.querySelector('#subscriptions tbody tr')"))
    page.evaluate("document.querySelector('[data-advance=\"86400\"]').click()")
    page.wait_for(at_once("document.getElementById('offset').textContent == 'moved by 1 d'"))
    assert emulator.control("GET", "clock")["offset"] == 86400
    page.wait_for(at_once("!document.querySelector('#subscriptions tbody tr')"))


def test_it_shows_what_is_out_of_the_ordinary(page: Browser, emulator: RunningEmulator) -> None:
    assert not page.evaluate("document.querySelector('#faults dl').innerText")
    emulator.faults({"granted": 600, "answers": [{"method": "POST", "status": 429, "retryAfter": 7}]})
    emulator.behave(twins="conflict")
    page.wait_for(at_once("document.querySelector('#faults').innerText.includes('method POST, status 429')"))
    assert "granted\n600" in page.evaluate("document.querySelector('#faults').innerText")
    assert "twins\nconflict" in page.evaluate("document.querySelector('#behaviours').innerText")


def test_it_is_one_answer_that_needs_no_other(client: httpx.Client) -> None:
    first, second = client.get("/emulator"), client.get("/emulator")
    policy = first.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'nonce-")
    assert policy != second.headers["Content-Security-Policy"], "a nonce is for one answer"
    for loading in ("src=", 'href="http', "@import", "url("):
        assert loading not in first.text
    assert "{{" not in first.text
