"""Receivers from outside: what is let in, what is answered, and what never reaches the log."""

import json
import pathlib
import shutil
import subprocess
import tempfile
import time
import unittest

import real_parts
from real_parts import TEST_SECRET

TOKEN = "test-path-token-not-real"
BEARER = {"Authorization": f"Bearer {TEST_SECRET}", "Content-Type": "application/vnd.docker.distribution.events.v1+json"}


def push(repository, tag, digest="a", host="registry.example.com"):
    target = {
        "mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": "sha256:" + digest * 64,
        "repository": repository, "tag": tag, "url": f"https://{host}/v2/{repository}/manifests/{tag}",
    }
    return {"id": f"{repository}:{tag}:{digest}", "action": "push", "target": target, "request": {"host": host}}


class Receivers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = pathlib.Path(tempfile.mkdtemp(prefix="linkspan-receivers-"))
        cls.addClassCleanup(shutil.rmtree, cls.directory, ignore_errors=True)
        (cls.directory / "linkspan").mkdir()
        (cls.directory / "linkspan/token").write_text(TOKEN)
        (cls.directory / "linkspan/old").write_text("test-old-secret-not-real")
        both = [{"file": "secret"}, {"file": "old"}]
        cls.service = real_parts.Linkspan(
            cls.directory / "linkspan",
            {
                "receivers": [
                    {"name": "registry", "type": "distribution", "secrets": both, "images": ["registry.example.com/acme/**"]},
                    {"name": "quay", "type": "quay", "auth": "token", "secret": {"file": "token"}},
                    {"name": "azure", "type": "acr", "auth": "header", "header": "X-Key", "secret": {"file": "secret"}},
                    {"name": "far", "type": "ci", "auth": "hmac", "secret": {"file": "secret"}, "networks": ["10.9.9.0/24"]},
                    {"name": "proxied", "type": "ci", "auth": "hmac", "secret": {"file": "secret"},
                     "networks": ["10.9.9.0/24"], "trusted_proxies": ["127.0.0.0/8"]},
                    {"name": "aws", "type": "ecr", "auth": "sns", "topics": ["arn:aws:sns:eu-west-1:123456789012:images"]},
                ]
            },
        )
        cls.addClassCleanup(cls.service.end)
        cls.service.start()

    def post(self, path, body, headers=None):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.service.request("POST", path, data, headers or {})

    def test_two_secrets_are_valid_during_a_rotation(self):
        for number, secret in enumerate((TEST_SECRET, "test-old-secret-not-real")):
            headers = {**BEARER, "Authorization": f"Bearer {secret}"}
            answer = self.post("/hooks/registry", {"events": [push("acme/rotation", f"1.{number}")]}, headers)
            self.assertEqual(answer[0], 202, answer)
        headers = {**BEARER, "Authorization": "Bearer test-third-secret"}
        self.assertEqual(self.post("/hooks/registry", {"events": []}, headers)[0], 401)

    def test_a_stranger_in_an_envelope_does_not_block_the_others(self):
        events = [push("acme/app", "1.0"), push("other/app", "1.0")]
        status, answer, _ = self.post("/hooks/registry", {"events": events}, BEARER)
        self.assertEqual(status, 202, answer)
        self.assertEqual([e["image"] for e in answer["events"]], ["registry.example.com/acme/app"])
        self.assertEqual(
            answer["ignored"],
            [{"image": "registry.example.com/other/app", "tag": "1.0", "reason": "this receiver may not speak for it"}],
        )
        self.assertEqual(self.post("/hooks/registry", {"events": [push("other/app", "2.0")]}, BEARER)[0], 403)
        metrics = self.service.request("GET", "/metrics")[1]
        self.assertIn('linkspan_deliveries_total{receiver="registry",result="forbidden"}', metrics)

    def test_a_token_in_the_path_lets_in_as_a_hint_and_is_never_logged(self):
        body = {"name": "app", "repository": "acme/app", "docker_url": "quay.io/acme/app", "updated_tags": ["v1", "v2"]}
        status, answer, _ = self.post(f"/hooks/quay/{TOKEN}", body, {"Content-Type": "application/json"})
        self.assertEqual(status, 202, answer)
        self.assertEqual([e["tag"] for e in answer["events"]], ["v1", "v2"], "all tags of a delivery are events")
        self.assertFalse(self.service.trail(answer["id"])["proven"])
        self.assertEqual(self.post("/hooks/quay/test-wrong-token", body)[0], 401)
        self.assertEqual(self.post("/hooks/quay", body)[0], 401)
        self.assertEqual(self.post(f"/hooks/quay/{TOKEN}/more", body)[0], 404)
        self.assertNotIn(TOKEN, self.service.process.log.read_text())

    def test_event_grid_is_answered_as_it_wants(self):
        event = {
            "id": "1", "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent", "subject": "",
            "data": {"validationCode": "test-code"}, "dataVersion": "1",
        }
        headers = {"X-Key": TEST_SECRET, "aeg-event-type": "SubscriptionValidation", "Content-Type": "application/json"}
        status, answer, _ = self.post("/hooks/azure", [event], headers)
        self.assertEqual((status, answer), (200, {"validationResponse": "test-code"}))
        self.assertEqual(self.post("/hooks/azure", [event], {**headers, "X-Key": "test-wrong"})[0], 401)

    def test_cloud_events_ask_before_they_send(self):
        status, _, headers = self.service.request(
            "OPTIONS", "/hooks/azure", headers={"WebHook-Request-Origin": "eventgrid.example.com"}
        )
        self.assertEqual(status, 200)
        self.assertEqual(headers["WebHook-Allowed-Origin"], "eventgrid.example.com")
        status, _, headers = self.service.request("GET", "/hooks/azure")
        self.assertEqual((status, headers["Allow"]), (405, "POST, OPTIONS"))

    def test_a_media_type_that_is_no_json_is_415(self):
        headers = {**BEARER, "Content-Type": "image/png"}
        self.assertEqual(self.post("/hooks/registry", b"x", headers)[0], 415)
        self.assertEqual(self.post("/hooks/registry", b"x", {"Content-Type": "image/png"})[0], 401)

    def test_source_networks_and_trusted_proxies(self):
        import hashlib
        import hmac

        body = json.dumps({"image": "registry.example.com/acme/far", "tag": "1"}).encode()
        signature = "sha256=" + hmac.new(TEST_SECRET.encode(), body, hashlib.sha256).hexdigest()
        headers = {"X-Linkspan-Signature-256": signature, "X-Forwarded-For": "10.9.9.7"}
        self.assertEqual(self.post("/hooks/far", body, headers)[0], 401, "nobody is trusted to say who called")
        status, answer, _ = self.post("/hooks/proxied", body, headers)
        self.assertEqual(status, 202)
        self.assertEqual(self.service.trail(answer["id"])["remote_address"], "10.9.9.7")
        headers["X-Forwarded-For"] = "10.9.9.7, 192.0.2.1"
        self.assertEqual(self.post("/hooks/proxied", body, headers)[0], 401, "the nearest stranger counts")

    def test_sns_messages_of_other_topics_cause_no_call(self):
        message = {
            "Type": "Notification", "MessageId": "1", "TopicArn": "arn:aws:sns:eu-west-1:999999999999:evil", "Message": "{}",
            "Timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()), "SignatureVersion": "2",
            "Signature": "AAAA", "SigningCertURL": "https://sns.eu-west-1.amazonaws.com/x.pem",
        }
        headers = {"x-amz-sns-message-type": "Notification", "Content-Type": "text/plain; charset=UTF-8"}
        self.assertEqual(self.post("/hooks/aws", message, headers)[0], 401)
        self.assertNotIn("amazonaws", self.service.process.log.read_text(), "the certificate was not asked for")

    def test_webhook_parse_takes_a_receiver_of_the_configuration(self):
        body = self.directory / "body.json"
        body.write_text(json.dumps({"events": [push("acme/app", "9.0")]}))
        done = subprocess.run(
            [real_parts.linkspan_binary(), "webhook", "parse", "--config", str(self.service.config_file),
             "--receiver", "registry", str(body)],
            capture_output=True, text=True,
        )
        self.assertEqual(done.returncode, 0, done)
        self.assertEqual(json.loads(done.stdout)["events"][0]["image"], "registry.example.com/acme/app")


class CiWebhooks(unittest.TestCase):
    """config/examples/ci-webhooks.yaml reads what the systems really send."""

    def test_the_example_reads_real_bodies(self):
        payloads = real_parts.SOURCE.parent / "shared/payloads"
        if not payloads.is_dir():
            self.skipTest("../shared/payloads is not there")
        with tempfile.TemporaryDirectory() as directory:
            text = (real_parts.SOURCE / "config/examples/ci-webhooks.yaml").read_text()
            for name in ("circleci", "buildkite", "drone", "azure-devops", "gitlab", "github", "tekton", "git"):
                (pathlib.Path(directory) / name).write_text(TEST_SECRET)
            config = pathlib.Path(directory) / "linkspan.yaml"
            config.write_text(text.replace("/run/secrets/", directory + "/"))
            cases = [
                ("circleci", "circleci/workflow_completed_github.json", [], r"registry.example.com/acme/", 7),
                ("azure-devops", "azuredevops/build_complete.json", [], r"registry.example.com/acme/app", None),
                ("gitlab", "gitlab/pipeline_success.json", ["X-Gitlab-Event: Pipeline Hook"],
                 "registry.gitlab.example.com/gitlab-org/gitlab-test", 8),
                ("github", "github/workflow_run_completed_success.json", ["X-GitHub-Event: workflow_run"],
                 "ghcr.io/octo-org/octo-repo", 11),
                ("circleci-gitlab", "circleci/workflow_completed_gitlab.json", [], None, None),  # it failed there
                ("buildkite", "buildkite/build_finished_blocked_docs.json", [], None, None),  # it waits there
            ]
            for receiver, file, headers, image, tag_length in cases:
                with self.subTest(receiver):
                    command = [real_parts.linkspan_binary(), "webhook", "parse", "--config", str(config), "--receiver", receiver]
                    for header in headers:
                        command += ["--header", header]
                    done = subprocess.run([*command, "--no-verify", str(payloads / file)], capture_output=True, text=True)
                    self.assertEqual(done.returncode, 0, done)
                    answer = json.loads(done.stdout)
                    if image is None:
                        self.assertEqual(answer["events"], [])
                        self.assertTrue(answer["ignored"])
                        continue
                    self.assertEqual(len(answer["events"]), 1, answer)
                    self.assertTrue(answer["events"][0]["image"].startswith(image), answer)
                    if tag_length:
                        self.assertEqual(len(answer["events"][0]["tag"]), tag_length)


if __name__ == "__main__":
    unittest.main(verbosity=2)
