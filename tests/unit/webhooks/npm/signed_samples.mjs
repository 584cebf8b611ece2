// Requests that other people's libraries signed or wrote, one JSON object a line:
//   name     what it is
//   type     the receiver's type; auth: its scheme; secrets
//   headers, body, now (Unix seconds)
//   jwks, oidc   for auth "oidc": the key set as text, and {issuer, audience, subject}
//   verdict  "ok", "unauthorized" or "not_found"
//   images   "host/repository:tag" of every event, when the verdict is ok
import { sign } from "@octokit/webhooks-methods";
import { CloudEvent, HTTP } from "cloudevents";
import * as jose from "jose";
import { Webhook } from "standardwebhooks";

const now = 1767323045;
const at = new Date(now * 1000);
const secret = "test-secret-not-real";
const bodies = [
  '{"image":"registry.example.com/acme/app","tag":"1.4.2"}',
  '{ "image" : "registry.example.com/acme/app:1.4.2" }\n',
  '{"image":"registry.example.com/acme/app","tag":"1.4.2","actor":"Zoë \\u00e9 日本"}',
];
const images = ["registry.example.com/acme/app:1.4.2"];
const print = (sample) => console.log(JSON.stringify({ now, secrets: [], images: [], ...sample }));

function standardWebhooks() {
  const keys = ["test key, not real, 24 bytes", "another test key, not real one"].map(
    (key) => "whsec_" + Buffer.from(key).toString("base64"),
  );
  const headers = (signature, time = now) => ({
    "webhook-id": "msg_1",
    "webhook-timestamp": String(time),
    "webhook-signature": signature,
  });
  for (const body of bodies) {
    const signatures = keys.map((key) => new Webhook(key).sign("msg_1", at, body));
    const base = { type: "ci", auth: "standard-webhooks", body };
    print({ ...base, name: "signed", secrets: [keys[0]], headers: headers(signatures[0]), verdict: "ok", images });
    print({ ...base, name: "two keys here", secrets: keys, headers: headers(signatures[1]), verdict: "ok", images });
    print({ ...base, name: "two keys there", secrets: [keys[1]], headers: headers(signatures.join(" ")), verdict: "ok", images });
    print({ ...base, name: "another key", secrets: [keys[0]], headers: headers(signatures[1]), verdict: "unauthorized" });
    const late = new Webhook(keys[0]).sign("msg_1", new Date((now - 301) * 1000), body);
    print({ ...base, name: "too old", secrets: [keys[0]], headers: headers(late, now - 301), verdict: "unauthorized" });
  }
}

async function github() {
  const body = JSON.stringify({
    action: "published",
    package: {
      name: "App", namespace: "Acme", package_type: "CONTAINER",
      package_version: { container_metadata: { tag: { name: "1.4.2" } } },
    },
    sender: { login: "Zoë" },
  });
  const headers = { "X-GitHub-Event": "package", "X-Hub-Signature-256": await sign(secret, body) };
  const base = { type: "github", auth: "own", body, headers };
  print({ ...base, name: "package", secrets: [secret], verdict: "ok", images: ["ghcr.io/acme/app:1.4.2"] });
  print({ ...base, name: "another secret", secrets: ["other-test-secret-not-real"], verdict: "unauthorized" });
}

function cloudEvents() {
  const event = new CloudEvent({
    id: "1", source: "/registry/%C3%BC", type: "container.image.push", subject: "app:1.4.2 \"ü\"",
    time: at.toISOString(), datacontenttype: "application/json",
    data: { repository: "acme/app", tag: "1.4.2", registryUrl: "registry.example.com" },
  });
  for (const [name, message] of [["binary", HTTP.binary(event)], ["structured", HTTP.structured(event)]]) {
    const body = typeof message.body === "string" ? message.body : JSON.stringify(message.body);
    print({ name, type: "cloudevents", auth: "none", headers: message.headers, body, verdict: "ok", images });
  }
  const batch = JSON.stringify([event.toJSON(), event.toJSON()]);
  print({
    name: "batch", type: "cloudevents", auth: "none", body: batch,
    headers: { "content-type": "application/cloudevents-batch+json" },
    verdict: "ok", images: [...images, ...images],
  });
}

async function oidc() {
  const rules = { issuer: "https://issuer.example.com", audience: "linkspan", subject: "repo:acme/*:ref:refs/heads/main" };
  const algorithms = ["RS256", "RS384", "RS512", "ES256", "ES384", "EdDSA", "PS256", "ES512"];
  const known = new Set(algorithms.slice(0, 6));
  const pairs = {};
  for (const algorithm of algorithms) {
    pairs[algorithm] = await jose.generateKeyPair(algorithm, { extractable: true });
  }
  const jwks = JSON.stringify({
    keys: await Promise.all(algorithms.map(async (algorithm) => ({
      ...(await jose.exportJWK(pairs[algorithm].publicKey)), kid: algorithm, use: "sig",
    }))),
  });
  const body = bodies[0];
  const base = { type: "ci", auth: "oidc", body, jwks, oidc: rules };
  const bearer = (token) => ({ Authorization: `Bearer ${token}` });
  const claims = (change = {}) => ({
    iss: rules.issuer, aud: rules.audience, sub: "repo:acme/app:ref:refs/heads/main",
    iat: now - 5, nbf: now - 5, exp: now + 300, ...change,
  });
  const token = (algorithm, change, header = {}) =>
    new jose.SignJWT(claims(change))
      .setProtectedHeader({ alg: algorithm, kid: algorithm, typ: "JWT", ...header })
      .sign(pairs[algorithm].privateKey);

  for (const algorithm of algorithms) {
    const verdict = known.has(algorithm) ? "ok" : "unauthorized";
    print({ ...base, name: algorithm, headers: bearer(await token(algorithm)), verdict, images: verdict === "ok" ? images : [] });
  }
  print({ ...base, name: "audience in a list", headers: bearer(await token("ES256", { aud: ["x", "linkspan"] })), verdict: "ok", images });
  const lies = {
    "another audience": { aud: "other" },
    "another issuer": { iss: "https://evil.example.com" },
    "another subject": { sub: "repo:evil/app:ref:refs/heads/main" },
    expired: { exp: now - 61 },
    "not yet valid": { nbf: now + 120 },
    "no expiry": { exp: undefined },
  };
  for (const [name, change] of Object.entries(lies)) {
    print({ ...base, name, headers: bearer(await token("RS256", change)), verdict: "unauthorized" });
  }
  print({ ...base, name: "unknown key", headers: bearer(await token("ES256", {}, { kid: "gone" })), verdict: "not_found" });
  print({ ...base, name: "key of another algorithm", headers: bearer(await token("ES256", {}, { kid: "RS256" })), verdict: "unauthorized" });

  const unsecured = new jose.UnsecuredJWT(claims()).encode();
  print({ ...base, name: "none", headers: bearer(unsecured), verdict: "unauthorized" });
  for (const format of ["pem", "jwk"]) {
    const text = format === "pem"
      ? await jose.exportSPKI(pairs.RS256.publicKey)
      : JSON.stringify(await jose.exportJWK(pairs.RS256.publicKey));
    const confused = await new jose.SignJWT(claims())
      .setProtectedHeader({ alg: "HS256", kid: "RS256" })
      .sign(new TextEncoder().encode(text));
    print({ ...base, name: `HMAC with the public key (${format})`, headers: bearer(confused), verdict: "unauthorized" });
  }
  const embedded = await new jose.SignJWT(claims())
    .setProtectedHeader({ alg: "ES256", jwk: await jose.exportJWK(pairs.ES256.publicKey) })
    .sign((await jose.generateKeyPair("ES256")).privateKey);
  print({ ...base, name: "a stranger's key", headers: bearer(embedded), verdict: "unauthorized" });
}

standardWebhooks();
await github();
cloudEvents();
await oidc();
