import pytest

from reconciler.core.hosts import on_loopback


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost", "emulator.localhost"])
def test_this_machine(host):
    assert on_loopback(host)


@pytest.mark.parametrize(
    "host",
    ["graph.microsoft.com", "10.0.0.1", "0.0.0.0", "localhost.contoso.com", "notlocalhost", "127.0.0.1.nip.io", ""],
)
def test_another(host):
    assert not on_loopback(host)
