import sys; sys.path.insert(0,"/tmp")
from explore import show
import pytest, collections, datetime as dt
from tests.daemon.household import Household, live

async def settled(home, **more):
    home.want(home.mail("a", 1), home.team("b", 2))
    await home.live(seconds=5)
    assert home.held() == ["a", "b"]
    home.writes()
    home.forget_lines()

async def test_secret(home, monkeypatch):
    home.interval=dt.timedelta(hours=1)
    await settled(home)
    home.token_requests()
    home.emulator.register(tenantId=home.emulator.info["tenantId"], clientId=home.emulator.info["clientId"], clientSecret="other")
    home.emulator.control("POST","keys/rotate",{"keep":False})
    await home.live(hours=5, every=10)
    show(home,"secret wrong 5h")
    print(collections.Counter(home.asked()), collections.Counter(home.token_requests()), home.document["credentialRefused"], home.troubles())
    home.secret="other"
    await home.live(minutes=6, every=1)
    show(home,"right again")
    print(collections.Counter(home.asked()), collections.Counter(home.token_requests()), home.document["credentialRefused"])

async def test_secret_many(home, monkeypatch):
    home.interval=dt.timedelta(hours=1)
    home.want(*(home.team(f"t{n}", n) for n in range(40)))
    await home.live(seconds=20)
    print(len(home.held()))
    await home.live(hours=47, every=600)
    home.forget_lines(); home.asked(); home.token_requests()
    home.emulator.register(tenantId=home.emulator.info["tenantId"], clientId=home.emulator.info["clientId"], clientSecret="other")
    home.emulator.control("POST","keys/rotate",{"keep":False})
    await home.live(hours=5, every=30)
    show(home,"secret wrong 5h")
    print(collections.Counter(home.asked()), collections.Counter(home.token_requests()), home.document["credentialRefused"], home.troubles())
    home.secret="other"
    await home.live(minutes=6, every=1)
    show(home,"right again")
    print(collections.Counter(home.asked()), collections.Counter(home.token_requests()), home.document["credentialRefused"])

async def test_revoked(home):
    home.interval=dt.timedelta(hours=1)
    home.want(*(home.team(f"t{n}", n) for n in range(20)))
    await home.live(seconds=20)
    print(len(home.held()))
    await home.live(hours=46, every=600)
    home.forget_lines(); home.asked(); home.token_requests()
    info=home.emulator.info
    home.emulator.register(tenantId=info["tenantId"], clientId=info["clientId"], clientSecret=info["clientSecret"], roles=[])
    home.emulator.control("POST","keys/rotate",{"keep":False})
    await home.live(hours=8, every=30)
    show(home,"revoked 5h")
    print(collections.Counter(home.asked()), len(home.troubles()), home.troubles().get("t1"))
    home.emulator.register(tenantId=info["tenantId"], clientId=info["clientId"], clientSecret=info["clientSecret"])
    home.emulator.control("POST","keys/rotate",{"keep":False})
    await home.live(hours=1.2, every=10)
    show(home,"given back")
    print(collections.Counter(home.asked()), home.troubles())
