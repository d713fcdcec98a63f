"""The whole life of a subscription, by a client that knows nothing of this project: httpx, msal, and what msal brings.

    eval "$(reconcile emulator env)"
    SSL_CERT_FILE="$GRAPH_CA_FILE" REQUESTS_CA_BUNDLE="$GRAPH_CA_FILE" python life.py

The emulator must have a world (``--world small``). Prints one line for each step, and ends with 1 where one fails.
"""

import base64
import datetime as dt
import hashlib
import hmac
import http.server
import json
import os
import pathlib
import queue
import ssl
import threading
import urllib.parse

import httpx
import jwt
import msal
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

GRAPH, AUTHORITY = os.environ["GRAPH"], os.environ["AUTHORITY"]
TENANT, CLIENT = os.environ["AZURE_TENANT_ID"], os.environ["AZURE_CLIENT_ID"]
PUBLISHER = "0bf30f3b-4a52-48df-9a82-234910c4a086"
CLIENT_STATE = "what-only-graph-knows"
PATIENCE = 15


def main():
    receiver = Receiver()
    private_key, certificate = self_signed()
    graph = httpx.Client(base_url=GRAPH, timeout=PATIENCE)
    for kind, credential in credentials().items():
        graph.headers["Authorization"] = f"Bearer {token(credential)}"
        assert graph.get("/v1.0/subscriptions").json()["value"] == []
        done(f"a token by {kind}")

    team = graph.get("/v1.0/teams").raise_for_status().json()["value"][0]
    answer = graph.post("/v1.0/subscriptions", json=wanted(graph, receiver, certificate))
    assert answer.status_code == 201, answer.text
    subscription = answer.json()
    own = f"/v1.0/subscriptions/{subscription['id']}"
    assert sorted(receiver.validated) == ["/lifecycle?who=me", "/notifications?who=me"]
    done("created, after both endpoints were asked")

    graph.patch(f"/v1.0/teams/{team['id']}", json={"displayName": "Renamed"}).raise_for_status()
    path, body = receiver.next()
    assert path == "/notifications?who=me"
    assert publisher(body["validationTokens"]) == {TENANT}
    (item,) = body["value"]
    assert (item["clientState"], item["changeType"], item["tenantId"]) == (CLIENT_STATE, "updated", TENANT)
    content = item["encryptedContent"]
    assert content["encryptionCertificateId"] == "rich-1"
    assert content["encryptionCertificateThumbprint"] == certificate.fingerprint(hashes.SHA1()).hex().upper()
    assert decrypted(content, private_key)["displayName"] == "Renamed"
    assert graph.get(f"/v1.0/{item['resource']}").json()["displayName"] == "Renamed"
    done("a rich notification: its token verified, its data decrypted")

    answer = graph.patch(own, json={"expirationDateTime": soon(graph, hours=70)})
    assert answer.status_code == 200, answer.text
    assert instant(answer.json()["expirationDateTime"]) > instant(subscription["expirationDateTime"])
    done("renewed")

    advance(graph, minutes=50)
    path, body = receiver.next()
    assert path == "/lifecycle?who=me"
    (item,) = body["value"]
    assert (item["lifecycleEvent"], item["subscriptionId"]) == ("reauthorizationRequired", subscription["id"])
    assert item["clientState"] == CLIENT_STATE
    assert "resource" not in item
    done("told to reauthorize, as the token is about to lapse")

    graph.headers["Authorization"] = f"Bearer {token(os.environ['AZURE_CLIENT_SECRET'])}"
    assert graph.post(f"{own}/reauthorize").status_code == 204
    advance(graph, minutes=30)
    graph.patch(f"/v1.0/teams/{team['id']}", json={"displayName": "Renamed again"}).raise_for_status()
    path, body = receiver.next()
    assert decrypted(body["value"][0]["encryptedContent"], private_key)["displayName"] == "Renamed again"
    done("reauthorized: notifications go on after the first token's time")

    assert graph.delete(own).status_code == 204
    for method in ("GET", "PATCH", "DELETE"):
        answer = graph.request(
            method, own, json={"expirationDateTime": soon(graph, hours=1)} if method == "PATCH" else None
        )
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "ResourceNotFound"), answer.text
    assert graph.get("/v1.0/subscriptions").json()["value"] == []
    done("deleted, and gone")


def wanted(graph, receiver, certificate):
    der = certificate.public_bytes(serialization.Encoding.DER)
    return {
        "changeType": "created,updated,deleted",
        "resource": "/teams",
        "notificationUrl": f"{receiver.origin}/notifications?who=me",
        "lifecycleNotificationUrl": f"{receiver.origin}/lifecycle?who=me",
        "expirationDateTime": soon(graph, hours=48),
        "clientState": CLIENT_STATE,
        "includeResourceData": True,
        "encryptionCertificate": base64.b64encode(der).decode(),
        "encryptionCertificateId": "rich-1",
    }


# Who we are


def credentials():
    """A secret; and a certificate, which the emulator keeps in its home."""
    home = json.loads((pathlib.Path(os.environ["RECONCILER_EMULATOR_HOME"]) / "emulator.json").read_text())
    certificate = {
        "private_key": pathlib.Path(home["clientKey"]).read_text(),
        "public_certificate": pathlib.Path(home["clientCertificate"]).read_text(),
    }
    return {"secret": os.environ["AZURE_CLIENT_SECRET"], "certificate": certificate}


def token(credential):
    app = msal.ConfidentialClientApplication(
        CLIENT, authority=f"{AUTHORITY}/{TENANT}", client_credential=credential, instance_discovery=False
    )
    result = app.acquire_token_for_client(["https://graph.microsoft.com/.default"])
    assert "access_token" in result, result
    return result["access_token"]


# What is received


class Receiver:
    """Takes everything at https://localhost:{a free port}, in a thread."""

    def __init__(self):
        self.validated = []
        self.bodies: queue.Queue[tuple[str, dict]] = queue.Queue()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.environ["RECEIVER_CERTIFICATE"], os.environ["RECEIVER_KEY"])
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        server.socket = context.wrap_socket(server.socket, server_side=True)
        self.origin = f"https://localhost:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()

    def next(self):
        """Path and body of the next delivery."""
        return self.bodies.get(timeout=PATIENCE)

    def handler(self):
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"] or 0))
                query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
                asked = query.get("validationToken", [""])[0]
                self.send_response(200 if asked else 202)
                self.send_header("Content-Type", "text/plain")
                self.end_headers()
                self.wfile.write(asked.encode())
                if asked:
                    receiver.validated.append(self.path.partition("&validationToken=")[0])
                else:
                    receiver.bodies.put((self.path, json.loads(body)))

            def log_message(self, *_):
                pass

        return Handler


def publisher(tokens):
    """The tenants that they speak for; each has to be signed by Graph, for us."""
    metadata = httpx.get(f"{AUTHORITY}/common/v2.0/.well-known/openid-configuration").raise_for_status().json()
    keys = {key["kid"]: jwt.PyJWK(key) for key in httpx.get(metadata["jwks_uri"]).raise_for_status().json()["keys"]}
    tenants = set()
    for each in tokens:
        key = keys[jwt.get_unverified_header(each)["kid"]]
        claims = jwt.decode(each, key.key, algorithms=["RS256"], audience=CLIENT)
        assert claims.get("azp" if claims["ver"] == "2.0" else "appid") == PUBLISHER
        assert claims["iss"] in {
            f"https://login.microsoftonline.com/{claims['tid']}/v2.0",
            f"https://sts.windows.net/{claims['tid']}/",
        }
        tenants.add(claims["tid"])
    return tenants


def decrypted(content, private_key):
    sha1 = padding.OAEP(mgf=padding.MGF1(hashes.SHA1()), algorithm=hashes.SHA1(), label=None)
    key = private_key.decrypt(base64.b64decode(content["dataKey"]), sha1)
    data = base64.b64decode(content["data"])
    signature = hmac.digest(key, data, hashlib.sha256)
    assert hmac.compare_digest(signature, base64.b64decode(content["dataSignature"]))
    cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
    unpadder = PKCS7(128).unpadder()
    return json.loads(unpadder.update(cipher.update(data) + cipher.finalize()) + unpadder.finalize())


def self_signed():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "rich")])
    now = dt.datetime.now(dt.UTC)
    certificate = x509.CertificateBuilder(
        issuer_name=name,
        subject_name=name,
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=now,
        not_valid_after=now + dt.timedelta(days=30),
    ).sign(key, hashes.SHA256())
    return key, certificate


# What time it is: the emulator's, as its Date header would tell, too


def soon(graph, **span):
    now = instant(graph.get("/emulator/clock").json()["now"])
    return (now + dt.timedelta(**span)).strftime("%Y-%m-%dT%H:%M:%S.0000000Z")


def advance(graph, **span):
    graph.post("/emulator/clock", json={"advance": dt.timedelta(**span).total_seconds()}).raise_for_status()


def instant(text):
    return dt.datetime.fromisoformat(text)


def done(step):
    print(step, flush=True)


if __name__ == "__main__":
    main()
