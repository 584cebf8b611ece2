"""HTTPS of our own: certificates, and clients that prove who they are with theirs."""

import http.client
import json
import pathlib
import shutil
import ssl
import tempfile
import unittest

import real_parts
from real_parts import run


class Authority:
    """A CA of OpenSSL's making, for this test alone."""

    def __init__(self, directory, name):
        self.directory, self.name = pathlib.Path(directory), name
        self.certificate = self.directory / f"{name}.crt"
        run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}",
             "-keyout", str(self.directory / f"{name}.key"), "-out", str(self.certificate)]
        )

    def issue(self, file, subject, extension="subjectAltName=IP:127.0.0.1"):
        key, request, certificate = (self.directory / f"{file}.{kind}" for kind in ("key", "csr", "crt"))
        run(["openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", subject, "-keyout", str(key), "-out", str(request)])
        extensions = self.directory / f"{file}.ext"
        extensions.write_text(extension + "\n")
        run(
            ["openssl", "x509", "-req", "-days", "2", "-in", str(request), "-CA", str(self.certificate),
             "-CAkey", str(self.directory / f"{self.name}.key"), "-CAcreateserial", "-extfile", str(extensions),
             "-out", str(certificate)]
        )
        return str(certificate), str(key)


class ClientCertificates(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = pathlib.Path(tempfile.mkdtemp(prefix="linkspan-tls-"))
        cls.addClassCleanup(shutil.rmtree, cls.directory, ignore_errors=True)
        cls.ours = Authority(cls.directory, "test-ca-not-real")
        cls.theirs = Authority(cls.directory, "test-other-ca-not-real")
        certificate, key = cls.ours.issue("server", "/CN=127.0.0.1")
        cls.service = real_parts.Linkspan(
            cls.directory / "linkspan",
            {
                "server": {"tls": {"certificate": certificate, "key": key, "client_ca": str(cls.ours.certificate)}},
                "receivers": [
                    {"name": "ci", "type": "ci", "auth": "client-certificate", "certificate_names": ["builder-*"]}
                ],
            },
        )
        cls.addClassCleanup(cls.service.end)
        cls.service.start()

    def post(self, client=None):
        context = ssl.create_default_context(cafile=str(self.ours.certificate))
        if client:
            context.load_cert_chain(*client)
        connection = http.client.HTTPSConnection("127.0.0.1", self.service.port, context=context, timeout=real_parts.PATIENCE)
        try:
            body = json.dumps({"image": "registry.example.com/acme/app", "tag": "1"})
            connection.request("POST", "/hooks/ci", body, {"Content-Type": "application/json"})
            return connection.getresponse().status
        finally:
            connection.close()

    def test_a_certificate_of_our_ca_with_a_known_name_is_let_in(self):
        self.assertIn(self.post(self.ours.issue("good", "/O=Acme/CN=builder-1")), (200, 202))

    def test_another_name_is_not(self):
        self.assertEqual(self.post(self.ours.issue("other", "/CN=somebody")), 401)

    def test_a_name_inside_of_another_attribute_is_not(self):
        self.assertEqual(self.post(self.ours.issue("sly", "/CN=somebody/O=Acme,CN=builder-1")), 401)

    def test_no_certificate_is_not(self):
        self.assertEqual(self.post(), 401)

    def test_a_certificate_of_another_ca_ends_the_handshake(self):
        with self.assertRaises((ssl.SSLError, ConnectionError, http.client.RemoteDisconnected)):
            self.post(self.theirs.issue("stranger", "/CN=builder-1"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
