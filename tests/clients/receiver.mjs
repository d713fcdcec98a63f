// A receiver of Microsoft Graph's change notifications, with nothing but Node 18 or later.
//
//   eval "$(reconcile emulator env)"        where Graph is, whom to trust, a server certificate for this machine
//   CLIENT_STATE=… PRIVATE_KEY=rich.key PORT=9443 node receiver.mjs
//
// Prints one line of JSON for each notification. PRIVATE_KEY (PEM) is only needed for rich ones.

import { constants, createDecipheriv, createHmac, createPublicKey, privateDecrypt, timingSafeEqual, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";

const { AUTHORITY, AZURE_CLIENT_ID, CLIENT_STATE, PORT = "9443", PRIVATE_KEY } = process.env;
const PUBLISHER = "0bf30f3b-4a52-48df-9a82-234910c4a086"; // Microsoft Graph Change Tracking
const KEYS = `${AUTHORITY ?? "https://login.microsoftonline.com"}/common/discovery/v2.0/keys`;

const tls = { cert: readFileSync(process.env.RECEIVER_CERTIFICATE), key: readFileSync(process.env.RECEIVER_KEY) };
const server = createServer(tls, (request, response) => {
  answer(request, response).catch((error) => {
    // Whoever reaches us can send anything, or half of it: that must not end the process.
    print({ refused: error.message });
    if (!response.headersSent) response.writeHead(400);
    response.end();
  });
});

async function answer(request, response) {
  const token = new URL(request.url, "https://localhost").searchParams.get("validationToken");
  if (token !== null) {
    // Graph asks whether we are there: the token comes back, decoded once, as plain text.
    response.writeHead(200, { "Content-Type": "text/plain" }).end(token);
    return;
  }
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  // Graph waits for 3 seconds, and an attacker need not know what we think of it: first the answer, then the work.
  // A real receiver stores the body before it answers.
  response.writeHead(202).end();
  await take(Buffer.concat(chunks));
}

async function take(body) {
  const { value, validationTokens } = JSON.parse(body);
  const tenants = new Set();
  for (const token of validationTokens ?? []) tenants.add(await tenantOf(token));
  for (const notification of value) {
    try {
      print(opened(notification, tenants));
    } catch (error) {
      print({ subscriptionId: notification.subscriptionId, refused: error.message });
    }
  }
}

function opened(notification, tenants) {
  const { subscriptionId, changeType, lifecycleEvent, resource, encryptedContent, tenantId } = notification;
  if (notification.clientState !== CLIENT_STATE) throw new Error("the clientState is not ours");
  if (encryptedContent && !tenants.has(tenantId)) throw new Error("no validation token is from this tenant");
  return { subscriptionId, changeType, lifecycleEvent, resource, data: encryptedContent && decrypted(encryptedContent) };
}

// The data is encrypted with a key of its own, which is encrypted with our certificate's.
function decrypted({ dataKey, data, dataSignature }) {
  const padding = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha1" };
  const key = privateDecrypt({ key: readFileSync(PRIVATE_KEY), ...padding }, Buffer.from(dataKey, "base64"));
  const bytes = Buffer.from(data, "base64");
  const signature = createHmac("sha256", key).update(bytes).digest();
  const signed = Buffer.from(dataSignature, "base64");
  if (signature.length !== signed.length || !timingSafeEqual(signature, signed)) throw new Error("the signature is wrong");
  const decipher = createDecipheriv("aes-256-cbc", key, key.subarray(0, 16));
  return JSON.parse(Buffer.concat([decipher.update(bytes), decipher.final()]));
}

// The tenant that a validation token speaks for, once it has proved that Graph sent it to this application.
async function tenantOf(token) {
  const [header, payload, signature] = token.split(".");
  const { alg, kid } = decoded(header);
  const { keys } = await (await fetch(KEYS)).json(); // a real receiver keeps them for a day
  const jwk = keys.find((key) => key.kid === kid);
  const signed = Buffer.from(`${header}.${payload}`);
  if (alg !== "RS256" || !jwk) throw new Error("a validation token is signed with an unknown key");
  if (!verify("RSA-SHA256", signed, createPublicKey({ key: jwk, format: "jwk" }), Buffer.from(signature, "base64url")))
    throw new Error("the signature of a validation token is wrong");
  const { aud, azp, appid, exp, iss, tid } = decoded(payload);
  const issuers = [`https://login.microsoftonline.com/${tid}/v2.0`, `https://sts.windows.net/${tid}/`];
  if (aud !== AZURE_CLIENT_ID) throw new Error("a validation token is for another application");
  if ((azp ?? appid) !== PUBLISHER || !issuers.includes(iss)) throw new Error("a validation token is not from Graph");
  if (exp * 1000 < Date.now()) throw new Error("a validation token has expired");
  return tid;
}

function decoded(part) {
  return JSON.parse(Buffer.from(part, "base64url"));
}

function print(line) {
  console.log(JSON.stringify(line));
}

server.listen(Number(PORT), "127.0.0.1", () => console.error(`listening on https://localhost:${server.address().port}`));
