"""Keyless CI: tokens of an issuer on loopback that publishes keys, rotates them, and lies in every way we could think of."""

import base64
import functools
import hashlib
import hmac
import http.server
import json
import pathlib
import shutil
import subprocess
import tempfile
import threading
import time
import unittest

import real_parts
from real_parts import run

AUDIENCE = "linkspan"
SUBJECT = "repo:acme/app:ref:refs/heads/main"


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Key:
    """An RSA or P-256 key of OpenSSL's making, and what a JWKS says of it."""

    def __init__(self, directory, kid, kind="RSA"):
        self.kid, self.kind = kid, kind
        self.file = pathlib.Path(directory) / f"{kid}.pem"
        options = ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]
        if kind == "EC":
            options = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
        run(["openssl", "genpkey", "-quiet", *options, "-out", str(self.file)])

    def public_pem(self):
        return run(["openssl", "pkey", "-in", str(self.file), "-pubout"]).stdout.encode()

    @functools.cached_property
    def jwk(self):
        der = base64.b64decode("".join(self.public_pem().decode().strip().split("\n")[1:-1]))
        if self.kind == "EC":
            point = der[-64:]
            return {"kty": "EC", "crv": "P-256", "kid": self.kid, "use": "sig", "x": b64(point[:32]), "y": b64(point[32:])}
        text = run(["openssl", "rsa", "-in", str(self.file), "-noout", "-modulus"]).stdout
        modulus = bytes.fromhex(text.strip().split("=")[1])
        return {"kty": "RSA", "kid": self.kid, "use": "sig", "alg": "RS256", "n": b64(modulus), "e": "AQAB"}

    def sign(self, data):
        done = subprocess.run(
            ["openssl", "dgst", "-sha256", "-sign", str(self.file)], input=data, capture_output=True, check=True
        )
        if self.kind == "RSA":
            return done.stdout
        # DER SEQUENCE of two INTEGERs → the two numbers of 32 bytes that JWS wants (RFC 7518, 3.4).
        der, numbers, at = done.stdout, [], 2
        for _ in range(2):
            length = der[at + 1]
            numbers.append(der[at + 2 : at + 2 + length].lstrip(b"\0").rjust(32, b"\0"))
            at += 2 + length
        return b"".join(numbers)


class Issuer:
    """Discovery and keys over HTTP, counted; `down` makes every answer a 500."""

    def __init__(self):
        self.keys, self.requests, self.down = [], [], False
        self.discovery_issuer = None
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                issuer.requests.append(self.path)
                body = {
                    "/.well-known/openid-configuration": {
                        "issuer": issuer.discovery_issuer or issuer.url,
                        "jwks_uri": f"{issuer.url}/keys",
                    },
                    "/keys": {"keys": [key.jwk for key in issuer.keys]},
                }.get(self.path)
                data = json.dumps(body).encode()
                self.send_response(500 if issuer.down else 200 if body else 404)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def end(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def token(self, key, header=None, signature=None, **claims):
        now = int(time.time())
        whole = {
            "iss": self.url, "aud": AUDIENCE, "sub": SUBJECT, "iat": now, "nbf": now, "exp": now + 300,
            "repository": "acme/app", **claims,
        }
        head = {"alg": "RS256" if key.kind == "RSA" else "ES256", "kid": key.kid, "typ": "JWT", **(header or {})}
        signed = f"{b64(json.dumps(head).encode())}.{b64(json.dumps(whole).encode())}"
        return f"{signed}.{b64(signature(signed.encode()) if signature else key.sign(signed.encode()))}"


class Oidc(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = pathlib.Path(tempfile.mkdtemp(prefix="linkspan-oidc-"))
        cls.addClassCleanup(shutil.rmtree, cls.directory, ignore_errors=True)
        cls.rsa = Key(cls.directory, "rsa-1")
        cls.ec = Key(cls.directory, "ec-1", "EC")
        cls.next = Key(cls.directory, "rsa-2")

    def setUp(self):
        self.issuer = Issuer()
        self.addCleanup(self.issuer.end)
        self.issuer.keys = [self.rsa, self.ec]
        self.service = real_parts.Linkspan(
            tempfile.mkdtemp(dir=self.directory),
            {
                "receivers": [
                    {
                        "name": "ci", "type": "ci", "auth": "oidc", "issuer": self.issuer.url, "audience": AUDIENCE,
                        "subjects": ["repo:acme/*:ref:refs/heads/main"], "claims": {"repository": ["acme/*"]},
                        "images": ["registry.example.com/acme/**"],
                    }
                ]
            },
        )
        self.addCleanup(self.service.end)
        self.service.start()

    def post(self, token, image="registry.example.com/acme/app", key="k"):
        body = json.dumps({"image": image, "tag": "1"}).encode()
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}", "Idempotency-Key": key}
        return self.service.request("POST", "/hooks/ci", body, headers)[0]

    def test_a_job_of_the_named_project_is_let_in(self):
        self.assertEqual(self.post(self.issuer.token(self.rsa), key="1"), 202)
        self.assertEqual(self.post(self.issuer.token(self.ec), key="2"), 202)
        self.assertEqual(self.post(self.issuer.token(self.rsa), key="1"), 200, "a replay is a duplicate")
        self.assertEqual(len(self.issuer.requests), 2, "one discovery and one fetch of the keys serve all")

    def test_it_may_speak_only_for_its_images(self):
        self.assertEqual(self.post(self.issuer.token(self.rsa), image="registry.example.com/other/app"), 403)

    def test_every_lie_is_refused(self):
        now = int(time.time())
        public = self.rsa.public_pem()

        def confused(data):
            return hmac.new(public, data, hashlib.sha256).digest()

        lies = {
            "another issuer": self.issuer.token(self.rsa, iss="https://token.example.com"),
            "another audience": self.issuer.token(self.rsa, aud="somebody"),
            "no audience": self.issuer.token(self.rsa, aud=None),
            "expired": self.issuer.token(self.rsa, exp=now - 120),
            "no expiry": self.issuer.token(self.rsa, exp=None),
            "not yet valid": self.issuer.token(self.rsa, nbf=now + 600),
            "another subject": self.issuer.token(self.rsa, sub="repo:acme/app:ref:refs/heads/feature"),
            "a subject that only begins well": self.issuer.token(self.rsa, sub=SUBJECT + "-evil"),
            "another claim": self.issuer.token(self.rsa, repository="evil/app"),
            "a missing claim": self.issuer.token(self.rsa, repository=None),
            "alg none": self.issuer.token(self.rsa, header={"alg": "none"}, signature=lambda data: b""),
            "alg None": self.issuer.token(self.rsa, header={"alg": "None"}, signature=lambda data: b""),
            "HMAC with the public key": self.issuer.token(self.rsa, header={"alg": "HS256"}, signature=confused),
            "the EC key named, the RSA key used": self.issuer.token(self.rsa, header={"kid": "ec-1"}),
            "another key under a known name": self.issuer.token(self.next, header={"kid": "rsa-1"}),
            "an altered payload": self.altered(self.issuer.token(self.rsa)),
            "an empty signature": self.issuer.token(self.rsa, signature=lambda data: b""),
            "not a token": "test-not-a-token",
            "two dots": "..",
            "its own key inside": self.issuer.token(self.next, header={"kid": None, "jwk": self.next.jwk}),
            "a key elsewhere": self.issuer.token(self.next, header={"jku": "http://127.0.0.1:9/keys"}),
        }
        for name, token in lies.items():
            with self.subTest(name):
                self.assertEqual(self.post(token, key=name), 401)
        self.assertEqual(self.service.deliveries(), [])
        self.assertLessEqual(self.issuer.requests.count("/keys"), 4, "forged tokens can't make us ask without end")

    def altered(self, token):
        head, payload, signature = token.split(".")
        claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
        claims["repository"] = "acme/other"
        return f"{head}.{b64(json.dumps(claims).encode())}.{signature}"

    def test_rotated_keys_are_fetched_and_old_ones_dropped(self):
        self.assertEqual(self.post(self.issuer.token(self.rsa), key="1"), 202)
        self.issuer.keys = [self.next]
        self.assertEqual(self.post(self.issuer.token(self.next), key="2"), 202)
        self.assertEqual(self.post(self.issuer.token(self.rsa), key="3"), 401)

    def test_an_issuer_that_was_never_reached_is_503_and_then_works(self):
        self.issuer.down = True
        self.assertEqual(self.post(self.issuer.token(self.rsa)), 503)
        self.issuer.down = False
        self.assertEqual(self.post(self.issuer.token(self.rsa)), 202)

    def test_an_issuer_that_goes_away_later_does_not_matter(self):
        self.assertEqual(self.post(self.issuer.token(self.rsa), key="1"), 202)
        self.issuer.down = True
        self.assertEqual(self.post(self.issuer.token(self.rsa), key="2"), 202)

    def test_a_discovery_document_for_another_issuer_is_not_believed(self):
        self.issuer.discovery_issuer = "https://token.example.com"
        self.assertEqual(self.post(self.issuer.token(self.rsa)), 503)

    def test_notify_takes_the_token_from_the_environment(self):
        done = subprocess.run(
            [
                real_parts.linkspan_binary(), "notify", "--auth", "oidc",
                "--url", f"http://127.0.0.1:{self.service.port}/hooks/ci",
                "--image", "registry.example.com/acme/app", "--tag", "1",
            ],
            env={"PATH": "/usr/bin:/bin", "LINKSPAN_ID_TOKEN": self.issuer.token(self.rsa)},
            capture_output=True,
            text=True,
        )
        self.assertEqual(done.returncode, 0, done)


if __name__ == "__main__":
    unittest.main(verbosity=2)
