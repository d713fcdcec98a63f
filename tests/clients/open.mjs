// Opens a delivery of Graph with nothing but Node's own crypto: each validation token is verified, then each item's
// signature, then its data are decrypted.
//
//   in  (JSON on stdin):   {delivery, jwks, appIds, keys: {certificate id: {privateKey, certificate}}, now?}
//   out (JSON on stdout):  {"tokens": [claims], "items": [data or null]}, or {"error": "why"} and exit code 1
//
// `delivery` is the body of the POST; keys are PEM; `now` is in seconds since 1970, the machine's time if it is missing.

import crypto from "node:crypto";
import { text } from "node:stream/consumers";

const PUBLISHER = "0bf30f3b-4a52-48df-9a82-234910c4a086"; // the app "Microsoft Graph Change Tracking"

// The issuer and the claim that names the publisher, by the token's version.
const VERSIONS = {
  "1.0": { issuer: (tenant) => `https://sts.windows.net/${tenant}/`, publisher: "appid" },
  "2.0": { issuer: (tenant) => `https://login.microsoftonline.com/${tenant}/v2.0`, publisher: "azp" },
};

function check(condition, why) {
  if (!condition) throw new Error(why);
}

function parse(base64url) {
  return JSON.parse(Buffer.from(base64url, "base64url").toString("utf8"));
}

function verify(token, { jwks, appIds, now }) {
  const [head, body, signature] = token.split(".");
  const { alg, kid } = parse(head);
  check(alg === "RS256", `the token is signed with ${alg}`);
  const jwk = jwks.keys.find((key) => key.kid === kid);
  check(jwk, "the token is signed with an unknown key");
  const key = crypto.createPublicKey({ key: jwk, format: "jwk" });
  const signed = Buffer.from(`${head}.${body}`);
  check(crypto.verify("RSA-SHA256", signed, key, Buffer.from(signature, "base64url")), "the token's signature is wrong");
  const claims = parse(body);
  const version = VERSIONS[claims.ver];
  check(version, `the token has the version ${claims.ver}`);
  check(claims.iss === version.issuer(claims.tid), "the token has another issuer");
  check(claims[version.publisher] === PUBLISHER, "the token is not for Graph's publisher");
  check(appIds.includes(claims.aud), "the token is for another app");
  check(claims.nbf <= now && now < claims.exp, "the token is not valid now");
  return claims;
}

function open(content, keys) {
  const pair = keys[content.encryptionCertificateId];
  check(pair, "the certificate is unknown");
  const thumbprint = new crypto.X509Certificate(pair.certificate).fingerprint.replaceAll(":", "");
  check(thumbprint === content.encryptionCertificateThumbprint, "the thumbprint is of another certificate");
  const wrapped = Buffer.from(content.dataKey, "base64");
  const padding = crypto.constants.RSA_PKCS1_OAEP_PADDING;
  const key = crypto.privateDecrypt({ key: pair.privateKey, padding, oaepHash: "sha1" }, wrapped);
  const data = Buffer.from(content.data, "base64");
  const signature = crypto.createHmac("sha256", key).update(data).digest();
  const sent = Buffer.from(content.dataSignature, "base64");
  check(sent.length === signature.length && crypto.timingSafeEqual(sent, signature), "the data's signature is wrong");
  const decipher = crypto.createDecipheriv("aes-256-cbc", key, key.subarray(0, 16));
  return JSON.parse(Buffer.concat([decipher.update(data), decipher.final()]).toString("utf8"));
}

function openAll({ delivery, jwks, appIds, keys, now = Date.now() / 1000 }) {
  const tokens = (delivery.validationTokens ?? []).map((token) => verify(token, { jwks, appIds, now }));
  const tenants = new Set(tokens.map((claims) => claims.tid));
  const items = delivery.value.map((item) => {
    if (!item.encryptedContent) return null;
    check(tenants.has(item.tenantId), "no token is for the item's tenant");
    return open(item.encryptedContent, keys);
  });
  return { tokens, items };
}

try {
  console.log(JSON.stringify(openAll(JSON.parse(await text(process.stdin)))));
} catch (error) {
  console.log(JSON.stringify({ error: error.message }));
  process.exitCode = 1;
}
