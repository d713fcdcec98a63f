"""No secret is told, logged or stored where it should not be."""

from reconciler.emulator.notifications.encryption import encrypted
from reconciler.store.letters import Choice
from tests.emulator.notifications.opening import reader
from tests.receiver.hostile.support import (
    BODY,
    GOOD,
    HIDDEN,
    Ring,
    assert_kept,
    content_of,
    good_tokens,
    private_keys,
    rich,
)
from tests.receiver.hostile.whole import RIGHT, receiving, spelled
from tests.receiver.sending import (
    ELSEWHERE,
    FABRIKAM,
    TENANT,
    Served,
    item,
    token,
)


def test_no_secret_is_told_or_shown(tmp_path, noticing):
    """One of each kind; the module's own receiver is looked through when its tests are over."""
    noticing.lines.clear()
    with receiving(tmp_path, keys=private_keys(), served=Served(Ring()), room=10_000_000) as whole:  # type: ignore[arg-type]
        damaged = rich()["encryptedContent"] | {"dataSignature": "AAAA"}
        unsealed = encrypted(f'["{HIDDEN}"'.encode(), reader(2048).sent, certificate_id="rich")
        whole.post(rich(), item(), item(clientState="x"), RIGHT[TENANT], tokens=good_tokens())
        whole.post(rich(), item(tenantId=ELSEWHERE), tokens=[token(), GOOD + "A"])
        whole.post(rich(), rich(FABRIKAM), tokens=[token()])
        whole.post(item(encryptedContent=damaged), item(encryptedContent=unsealed), tokens=[token()])
        whole.post(item(lifecycleEvent="missed"))
        whole.ask(spelled({"value": RIGHT[TENANT]}))
        whole.ask(f'{{"value": [{{"clientState": "{RIGHT[TENANT]}"'.encode())
        whole.ask(BODY, path="/nowhere", query=RIGHT[TENANT].encode())
        fates = whole.fates()
        inbox = whole.inbox
        entries = whole.run(inbox.inbox.page("a", after=0, limit=1))
        made = [inbox.verifier, inbox.admission, inbox.taker, inbox.means, inbox.preparing.opener, inbox.wishes]
        made += [inbox.verifier.validation_tokens.trusts, inbox.verifier.client_states.rings, entries]
        shown = " ".join(map(repr, [*made, *inbox.sink.events, inbox.telling.told_of, *whole.shown]))
        letters = whole.run(inbox.letters.list(Choice(), limit=100))
        assert len(letters) == 7
        assert_kept(shown + " ".join(map(repr, letters)) + " ".join(fate.message or "" for fate in fates))
        assert noticing.lines
        assert_kept("\n".join(noticing.lines))
        kept = [fate for fate in fates if fate.state == "done"]
        assert [(fate.body, fate.tokens) for fate in kept] == [(b"", None)] * 4
        assert inbox.sink.events[0].content.count(HIDDEN.encode()) + inbox.sink.events[1].content.count(HIDDEN.encode())
    assert HIDDEN.encode() not in content_of(tmp_path)
