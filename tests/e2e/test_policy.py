"""Which tag is promoted and when, on a real registry and a real Git server: known tags, gates, polling."""

import base64
import hashlib
import json
import pathlib
import re
import socket
import time
import unittest

import real_parts
from real_parts import run, wait_until
from test_main_job import APP, Fleet

MANIFEST = "application/vnd.oci.image.manifest.v1+json"


class Policies(Fleet):
    def fleet(self, policy=None, registry=None, notify=True, retry=None, target=None):
        """Registry, repository and service; the policy and registry entries take what is given."""
        self.images = self.registry(notify=notify)
        self.git = self.repository(self.images.host)
        web = self.started(real_parts.WebServer(self.directory / "web", self.git))
        config = self.config(self.images, web.url)
        config["policies"][0].update(policy or {})
        config["registries"][0].update(registry or {})
        config["retry"].update(retry or {})
        config["targets"][0].update(target or {})
        self.settings = config
        return self.linkspan(config)

    def asked(self):
        """The requests of the service so far: "HEAD /v2/acme/app/manifests/1.1.0"."""
        log = (self.images.directory / "registry.log").read_text(errors="replace")
        found = re.findall(r'"([A-Z]+) (/v2/\S*) HTTP/1.1" (\d+) .*"linkspan/', log)
        return [f"{method} {path}" for method, path, _ in found]

    def waiting(self, service, tag):
        def found():
            for row in service.deliveries():
                trail = service.trail(row["id"], wait="0s")
                for event in trail["events"]:
                    if event["tag"] == tag and event["targets"] and event["targets"][0]["state"] == "waiting":
                        # The list may be older than the trail.
                        now = next(r for r in service.deliveries() if r["id"] == row["id"])
                        return {**trail, "waiting": now["waiting"]}
            return None

        return wait_until(found, what=f"{tag} waiting")

    def reference(self, reference, repository=APP):
        return f"/v2/{repository}/manifests/{reference}"

    def api(self, method, path, body=None, headers=None):
        import http.client

        connection = http.client.HTTPConnection("127.0.0.1", self.images.port, timeout=real_parts.PATIENCE)
        connection.request(method, path, body=body, headers=headers or {})
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        return answer.status, data, dict(answer.getheaders())

    def blob(self, data, repository=APP):
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        _, _, headers = self.api("POST", f"/v2/{repository}/blobs/uploads/")
        place = headers["Location"].split(self.images.host, 1)[-1]
        status, body, _ = self.api(
            "PUT", f"{place}&digest={digest}", data, {"Content-Type": "application/octet-stream"}
        )
        self.assertEqual(status, 201, body)
        return digest

    def manifest(self, tag, document):
        status, body, _ = self.api("PUT", self.reference(tag), json.dumps(document).encode(), {"Content-Type": document["mediaType"]})
        self.assertEqual(status, 201, body)

    def tag(self, digest, tag):
        """Another name for a manifest that is there."""
        status, data, headers = self.api("GET", self.reference(digest), headers={"Accept": MANIFEST})
        self.assertEqual(status, 200, data)
        status, data, _ = self.api("PUT", self.reference(tag), data, {"Content-Type": headers["Content-Type"]})
        self.assertEqual(status, 201, data)

    def image(self, tag, labels=None, created=None, seed=""):
        """A single manifest with the config that a test wants; returns its digest."""
        layer = f"{tag} {seed}".encode()
        config = {
            "architecture": "amd64", "os": "linux", "config": {"Labels": labels or {}},
            "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]},
        }
        if created:
            config["created"] = created
        data = json.dumps(config).encode()
        self.manifest(tag, {
            "schemaVersion": 2, "mediaType": MANIFEST,
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "size": len(data), "digest": self.blob(data)},
            "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar", "size": len(layer), "digest": self.blob(layer)}],
        })
        return self.images.digest(APP, tag)


class KnownTags(Policies):
    def test_an_event_costs_one_head_after_the_first_list(self):
        service = self.fleet()
        self.images.push(APP, "1.1.0")
        self.settled(service, "1.1.0")
        first = self.asked()
        self.assertEqual([r for r in first if "tags/list" in r], [f"GET /v2/{APP}/tags/list?n=1000"])
        for tag in ("1.2.0", "1.3.0", "1.4.0"):
            before, began = len(self.asked()), time.monotonic()
            self.images.push(APP, tag)
            self.assertEqual(self.outcome(self.settled(service, tag))["outcome"], "committed")
            # Distribution calls before it writes the tag: what was too early is asked again, now and then.
            heads = self.asked()[before:]
            self.assertEqual(set(heads), {f"HEAD {self.reference(tag)}"})
            self.assertLessEqual(len(heads), 2 + (time.monotonic() - began) / 0.15)
        # An older one: the selected tag is another, known from a moment ago.
        before = len(self.asked())
        self.images.push(APP, "1.0.5")
        work = self.outcome(self.settled(service, "1.0.5"))
        self.assertEqual((work["outcome"], work["decision"]["selected"]), ("already_current", "1.4.0"))
        asked = set(self.asked()[before:])
        if time.monotonic() - began > 9:  # the moment may be over
            asked.discard(f"HEAD {self.reference('1.4.0')}")
        self.assertEqual(asked, {f"HEAD {self.reference('1.0.5')}"})
        # What is known survives a restart.
        service.end()
        service.start()
        before = len(self.asked())
        self.images.push(APP, "1.5.0")
        self.assertEqual(self.outcome(self.settled(service, "1.5.0"))["decision"]["considered"], 6)
        self.assertEqual({r.split()[0] for r in self.asked()[before:]}, {"HEAD"})

    def test_ten_thousand_tags(self):
        service = self.fleet(policy={"select": {"semver": ">=1.0.0"}})
        digest = self.images.push(APP, "1.0.0")
        self.settled(service, "1.0.0")
        tags = self.images.directory / f"data/docker/registry/v2/repositories/{APP}/_manifests/tags"
        for i in range(10_000):
            current = tags / f"1.{i // 100}.{i % 100}" / "current"
            current.mkdir(parents=True, exist_ok=True)
            (current / "link").write_text(digest)
        # The same image under another configuration: known tags are of the store, so a fresh one.
        service.end()
        for file in pathlib.Path(service.directory).glob("linkspan.db*"):
            file.unlink()
        service.start()
        before = len(self.asked())
        self.images.push(APP, "2.0.0")
        work = self.outcome(self.settled(service, "2.0.0"))
        self.assertEqual(work["outcome"], "committed")
        self.assertEqual(work["decision"]["considered"], 10_001)
        # In one page or in eleven: that is the registry's choice.
        self.assertTrue([r for r in self.asked()[before:] if "tags/list" in r])
        before = len(self.asked())
        self.images.push(APP, "2.0.1")
        self.assertEqual(self.outcome(self.settled(service, "2.0.1"))["decision"]["considered"], 10_002)
        self.assertEqual(set(self.asked()[before:]), {f"HEAD {self.reference('2.0.1')}"})

    def test_a_tag_that_vanished_is_passed_over_and_one_that_moved_is_followed(self):
        service = self.fleet(policy={"digest": "pin"})
        gone = self.images.push(APP, "1.2.0")
        self.settled(service, "1.2.0")
        self.images.push(APP, "1.1.0")
        self.settled(service, "1.1.0")
        self.assertEqual(self.api("DELETE", self.reference(gone))[0], 202)
        service.end()  # what was asked a moment ago is forgotten
        service.start()
        self.images.push(APP, "1.1.1")
        work = self.outcome(self.settled(service, "1.1.1"))
        self.assertEqual(work["decision"]["selected"], "1.1.1", work)
        self.assertIn('tag "1.2.0" was known, but is gone; passed over', work["notes"])
        self.assertEqual(work["outcome"], "refused", work)  # Git has 1.2.0: never backwards
        self.images.push(APP, "1.3.0", seed="a")
        self.settled(service, "1.3.0")
        moved = self.images.push(APP, "1.3.0", seed="b")
        wait_until(lambda: moved in self.git.show("clusters/prod/app.yaml"), what="the new digest in Git")

    def test_newest_goes_by_the_images_own_time(self):
        service = self.fleet(policy={"select": {"newest": {}}}, notify=False)
        self.image("zz-old", created="2024-01-01T00:00:00Z")
        digest = self.image("aa-new", created="2026-03-01T00:00:00Z")
        self.image("bb-middle", created="2025-01-01T00:00:00Z")
        status, body, _ = service.ci({"image": f"{self.images.host}/{APP}", "tag": "bb-middle"})
        self.assertEqual(status, 202, body)
        work = self.outcome(self.settled(service, "bb-middle"))
        self.assertEqual((work["outcome"], work["decision"]["selected"]), ("committed", "aa-new"), work)
        self.assertIn("created 2026-03-01T00:00:00Z", work["decision"]["why"])
        self.assertTrue(digest)
        # One that does not say: by when it was first seen, and the answer says so.
        self.image("cc-silent")
        before = len(self.asked())
        service.ci({"image": f"{self.images.host}/{APP}", "tag": "cc-silent"})
        work = self.outcome(self.settled(service, "cc-silent"))
        self.assertEqual(work["decision"]["selected"], "cc-silent", work)
        self.assertIn("first seen", work["decision"]["why"])
        # Only the new image was asked.
        self.assertFalse([r for r in self.asked()[before:] if "zz-old" in r or "tags/list" in r])


class NewPolicies(Policies):
    def test_a_policy_that_joins_for_a_listed_image_is_decided_once(self):
        service = self.fleet(notify=False)
        self.images.push(APP, "1.1.0")
        service.ci({"image": f"{self.images.host}/{APP}", "tag": "1.1.0"})
        self.assertEqual(self.outcome(self.settled(service, "1.1.0"))["outcome"], "committed")
        self.assertIn(":1.0.0", self.git.show("clusters/staging/app.yaml"))
        # By a reload, and by a restart.
        for name in ("staging", "once-more"):
            self.settings["policies"].append({"name": name, "image": f"{self.images.host}/{APP}", "select": {"semver": "*"}})
            self.settings["targets"].append(
                {"name": name, "repository": "fleet", "paths": ["clusters/staging"], "policies": [name], "deliver": "commit"}
            )
            service.write_config(self.settings)
            if name == "staging":
                service.reload()
                wait_until(lambda: ":1.1.0" in self.git.show("clusters/staging/app.yaml"), what="the new policy in Git")
            else:
                service.end()
                service.start()

        def of(target):
            found = []
            for row in service.deliveries():
                for event in service.trail(row["id"], wait="0s")["events"]:
                    found += [work for work in event["targets"] if work["target"] == target]
            return found

        wait_until(lambda: of("once-more"), what="the decision of the policy that came with the restart")
        wait_until(lambda: all(r["pending"] == 0 for r in service.deliveries()), what="all settled")
        service.end()
        service.start()
        service.ci({"image": f"{self.images.host}/{APP}", "tag": "1.1.0", "revision": "a" * 40})
        wait_until(lambda: len(of("prod")) == 2, what="the event after the restart")
        wait_until(lambda: all(r["pending"] == 0 for r in service.deliveries()), what="all settled")
        self.assertEqual({t: len(of(t)) for t in ("prod", "staging", "once-more")}, {"prod": 2, "staging": 2, "once-more": 2})


class Gates(Policies):
    def gates(self, work):
        return {line["gate"]: line for line in work["decision"]["gates"]}

    def test_platforms_of_an_index(self):
        service = self.fleet(policy={"platforms": ["linux/amd64", "linux/arm64"]})
        self.images.push(APP, "1.1.0")
        work = self.outcome(self.settled(service, "1.1.0"))
        self.assertEqual(work["outcome"], "refused", work)
        self.assertIn("not there for linux/arm64", work["reason"])
        self.assertEqual(self.gates(work)["platforms"]["outcome"], "refused")
        self.images.push(APP, "1.2.0", platforms=2)
        work = self.outcome(self.settled(service, "1.2.0"))
        self.assertEqual(work["outcome"], "committed", work)
        self.assertEqual(self.gates(work)["platforms"]["outcome"], "passed")

    def test_labels_are_asked_for_once_for_each_image(self):
        service = self.fleet(policy={"labels": {"team": "shop"}}, notify=False)
        self.image("1.1.0", labels={"team": "other"})
        for _ in range(2):
            service.ci({"image": f"{self.images.host}/{APP}", "tag": "1.1.0"}, headers={"X-Test": "again"})
        work = self.outcome(self.settled(service, "1.1.0"))
        self.assertEqual(work["outcome"], "refused", work)
        self.assertIn('label "team" is "other", not "shop"', work["reason"])
        self.image("1.2.0", labels={"team": "shop"})
        service.ci({"image": f"{self.images.host}/{APP}", "tag": "1.2.0"})
        self.assertEqual(self.outcome(self.settled(service, "1.2.0"))["outcome"], "committed")
        before = len(self.asked())
        service.ci({"image": f"{self.images.host}/{APP}", "tag": "1.2.0", "revision": "a" * 40})
        wait_until(lambda: all(r["pending"] == 0 for r in service.deliveries()), what="all settled")
        self.assertFalse([r for r in self.asked()[before:] if r.startswith("GET")])

    def test_a_soak_survives_a_restart_and_a_moved_tag_begins_anew(self):
        service = self.fleet(policy={"soak": "1h", "digest": "pin"})
        self.images.push(APP, "1.1.0", seed="a")
        trail = self.waiting(service, "1.1.0")
        work = self.outcome(trail)
        self.assertEqual(work["attempts"], 0)
        self.assertIn("soaks for 1h", work["reason"])
        self.assertEqual(trail["waiting"], 1)
        self.assertFalse(trail["settled"])
        until = work["waiting_until"]
        service.kill()
        service.start()
        self.assertEqual(self.outcome(self.waiting(service, "1.1.0"))["waiting_until"][:19], until[:19])
        moved = self.images.push(APP, "1.1.0", seed="b")
        wait_until(
            lambda: self.outcome(self.waiting(service, "1.1.0"))["waiting_until"] > until, what="the soak that begins anew"
        )
        self.settings["policies"][0]["soak"] = "1s"
        service.write_config(self.settings)
        service.reload()
        wait_until(lambda: all(r["pending"] == 0 for r in service.deliveries()), what="all settled")
        self.assertIn(moved, self.git.show("clusters/prod/app.yaml"))
        commits = self.git.log()
        self.assertEqual(len(commits), 2, "the digest that moved away was never promoted")

    def test_a_better_tag_that_nobody_called_about_soaks_and_is_promoted(self):
        service = self.fleet(policy={"soak": "2s"}, notify=False)
        for tag in ("1.5.1", "1.9.0"):
            self.images.push(APP, tag)
        status, body, _ = service.ci({"image": f"{self.images.host}/{APP}", "tag": "1.5.1"})
        self.assertEqual(status, 202, body)
        wait_until(lambda: ":1.9.0" in self.git.show("clusters/prod/app.yaml"), what="the tag that was only listed in Git")
        wait_until(lambda: all(r["pending"] == 0 for r in service.deliveries()), what="all settled")

    def test_a_closed_window_waits_and_a_reload_decides_anew(self):
        year = time.gmtime().tm_year + 2
        service = self.fleet(target={"windows": [f"{year}-01-01/{year}-02-01 UTC"]})
        self.images.push(APP, "1.1.0")
        work = self.outcome(self.waiting(service, "1.1.0"))
        self.assertTrue(work["waiting_until"].startswith(f"{year}-01-01"), work)
        del self.settings["targets"][0]["windows"]
        service.write_config(self.settings)
        service.reload()
        self.assertEqual(self.outcome(self.settled(service, "1.1.0"))["outcome"], "committed")

    def test_signatures(self):
        for name in ("good", "wrong"):
            key = self.directory / f"{name}.pem"
            run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", str(key)])
            run(["openssl", "pkey", "-in", str(key), "-pubout", "-out", str(self.directory / f"{name}.pub")])
        service = self.fleet(
            policy={"signature": {"keys": [str(self.directory / "good.pub")]}},
            retry={"missing_signature": "2s"},
        )
        cases = [
            ("1.1.0", None, None, "refused", "no signature"),
            ("1.2.0", "wrong", None, "refused", "none good"),
            ("1.3.0", "good", "sha256:" + "0" * 64, "refused", "none good"),
            ("1.4.0", "good", None, "committed", None),
        ]
        for tag, key, other, outcome, reason in cases:
            with self.subTest(tag=tag):
                # Signed under a name that nobody follows, so that no time passes between the tag and its signature.
                digest = self.images.push(APP, f"build-{tag}")
                if key:
                    self.sign(digest, key, other or digest)
                self.tag(digest, tag)
                work = self.outcome(self.settled(service, tag))
                # The signature is news too, and may be the first to see the image signed.
                outcomes = ("committed", "already_current") if outcome == "committed" else (outcome,)
                self.assertIn(work["outcome"], outcomes, work)
                if outcome == "committed":
                    self.assertIn(f":{tag}", self.git.show("clusters/prod/app.yaml"))
                line = self.gates(work)["signature"]
                self.assertEqual(line["outcome"], "refused" if reason else "passed")
                if reason:
                    self.assertIn(reason, work["reason"])

    def test_a_signature_that_comes_late_wakes_what_was_refused(self):
        key = self.directory / "good.pem"
        run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", str(key)])
        run(["openssl", "pkey", "-in", str(key), "-pubout", "-out", str(self.directory / "good.pub")])
        service = self.fleet(policy={"signature": {"keys": [str(self.directory / "good.pub")]}}, retry={"missing_signature": "0s"})
        digest = self.images.push(APP, "1.1.0")
        self.assertEqual(self.outcome(self.settled(service, "1.1.0"))["outcome"], "refused")
        self.sign(digest, "good", digest)
        wait_until(lambda: ":1.1.0" in self.git.show("clusters/prod/app.yaml"), what="the signed image in Git")

    def test_what_git_names_already_waits_for_no_window(self):
        year = time.gmtime().tm_year + 2
        service = self.fleet(target={"windows": [f"{year}-01-01/{year}-02-01 UTC"]})
        self.images.push(APP, "1.0.0")
        work = self.outcome(self.settled(service, "1.0.0"))
        self.assertEqual(work["outcome"], "already_current", work)

    def sign(self, digest, key, claimed):
        payload = json.dumps({
            "critical": {
                "identity": {"docker-reference": f"{self.images.host}/{APP}"},
                "image": {"docker-manifest-digest": claimed},
                "type": "cosign container image signature",
            },
            "optional": None,
        }).encode()
        message = self.directory / "payload"
        message.write_bytes(payload)
        signed = self.directory / "signature"
        run(["openssl", "dgst", "-sha256", "-sign", str(self.directory / f"{key}.pem"), "-out", str(signed), str(message)])
        config = b"{}"
        self.manifest(digest.replace(":", "-") + ".sig", {
            "schemaVersion": 2, "mediaType": MANIFEST,
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "size": len(config), "digest": self.blob(config)},
            "layers": [{
                "mediaType": "application/vnd.dev.cosign.simplesigning.v1+json",
                "size": len(payload), "digest": self.blob(payload),
                "annotations": {"dev.cosignproject.cosign/signature": base64.b64encode(signed.read_bytes()).decode()},
            }],
        })


class RepositoryPolicies(Policies):
    """Policies in .linkspan/policies/ of the branch: they narrow what the configuration allows, and nothing else."""

    def told(self, service, tag):
        self.images.push(APP, tag)
        key = {"Idempotency-Key": f"{tag}-{time.monotonic()}"}
        status, body, _ = service.ci({"image": f"{self.images.host}/{APP}", "tag": tag}, headers=key)
        self.assertEqual(status, 202, body)
        return service.trail(body["id"])["events"][0]["targets"][0]

    def rules(self, text):
        self.git.human_commit({".linkspan/policies/app.yaml": text}, "Rules")

    def started_with_rules(self):
        self.images = self.registry(notify=False)
        self.git = self.repository(self.images.host)
        config = self.config(self.images, f"file://{self.git.bare}")
        config["repositories"][0]["repository_policies"] = True
        return self.linkspan(config)

    def test_the_branch_narrows_and_its_changes_count_at_once(self):
        service = self.started_with_rules()
        self.assertEqual(self.told(service, "1.1.0")["outcome"], "committed")
        self.rules("name: app\nnamespace: flux-system\ntags: { ignore: ['1.2.*'] }\n")
        work = self.told(service, "1.2.0")
        self.assertEqual(work["outcome"], "already_current", work)
        self.assertEqual(work["decision"]["selected"], "1.1.0")
        self.assertIn(".linkspan/policies/app.yaml", work["decision"]["rejected"]["1.2.0"])
        self.assertEqual(self.told(service, "1.3.0")["outcome"], "committed")

    def test_a_file_that_would_widen_changes_nothing_and_is_reported(self):
        service = self.started_with_rules()
        self.rules("name: app\nnamespace: flux-system\nallow_downgrade: true\n")
        work = self.told(service, "1.1.0")
        self.assertEqual(work["outcome"], "committed", work)
        self.assertIn(".linkspan/policies/app.yaml", " ".join(work["notes"]))

    def test_what_is_too_large_to_be_meant_is_reported_and_changes_nothing(self):
        service = self.started_with_rules()
        small = "name: app\nnamespace: flux-system\ntags: { ignore: ['1.2.*'] }\n"
        self.git.human_commit({
            ".linkspan/policies/app.yaml": small,
            ".linkspan/policies/large.yaml": small + "#" * (300 << 10),
        }, "Rules")
        work = self.told(service, "1.1.0")
        self.assertEqual(work["outcome"], "committed", work)
        self.assertIn("not followed: .linkspan/policies/large.yaml:1:1: is not read", " ".join(work["notes"]))
        many = {f".linkspan/policies/b/{i}.yaml": f"# {i}\n" for i in range(200)}
        self.git.human_commit(many, "More rules than anybody has")
        work = self.told(service, "1.2.0")
        self.assertEqual((work["outcome"], work["decision"]["selected"]), ("already_current", "1.1.0"), work)
        self.assertIn("more than 200 files", " ".join(work["notes"]))

    def test_a_dead_repository_holds_up_no_other(self):
        self.images = self.registry(notify=False)
        self.git = self.repository(self.images.host)
        config = self.config(self.images, f"file://{self.git.bare}")
        config["repositories"][0]["repository_policies"] = True
        # One refuses connections, the other takes them and says nothing.
        refusing, silent = socket.socket(), socket.socket()
        for name, one in (("refusing", refusing), ("silent", silent)):
            self.addCleanup(one.close)
            one.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{one.getsockname()[1]}/git/{name}.git"
            config["repositories"].insert(0, {**config["repositories"][0], "name": name, "url": url, "timeout": "10m"})
            config["targets"].insert(0, {**config["targets"][0], "name": name, "repository": name})
        silent.listen()
        service = self.linkspan(config)
        self.images.push(APP, "1.1.0")
        status, body, _ = service.ci({"image": f"{self.images.host}/{APP}", "tag": "1.1.0"})
        self.assertEqual(status, 202, body)

        def states():
            return {t["target"]: t for t in service.trail(body["id"], wait="0s")["events"][0]["targets"]}

        wait_until(lambda: states()["prod"].get("outcome"), what="an outcome where the repository is alive")
        self.assertEqual(states()["prod"]["outcome"], "committed", states())
        wait_until(lambda: "policies: refusing:" in json.dumps(states()["refusing"]), what="a retry with its reason")
        self.assertIsNone(states()["refusing"].get("outcome"))
        self.assertIsNone(states()["silent"].get("outcome"))

    def test_without_the_configuration_s_leave_they_are_not_read(self):
        self.images = self.registry(notify=False)
        self.git = self.repository(self.images.host)
        service = self.linkspan(self.config(self.images, f"file://{self.git.bare}"))
        self.rules("name: app\nnamespace: flux-system\ntags: { ignore: ['*'] }\n")
        self.assertEqual(self.told(service, "1.1.0")["outcome"], "committed")


class Polling(Policies):
    def test_a_push_is_found_without_a_call(self):
        service = self.fleet(registry={"poll": "500ms"}, notify=False)
        self.images.push(APP, "1.1.0")
        trail = self.settled(service, "1.1.0")
        self.assertEqual((trail["receiver"], trail["sender"]), ("poll", "poll"))
        self.assertEqual(self.outcome(trail)["outcome"], "committed")
        self.images.push(APP, "1.2.0")
        self.assertEqual(self.outcome(self.settled(service, "1.2.0"))["outcome"], "committed")
        service.end()
        self.images.push(APP, "1.3.0")
        service.start()
        self.assertEqual(self.outcome(self.settled(service, "1.3.0"))["outcome"], "committed")
        tags = [self.event_of(service, row)["tag"] for row in service.deliveries()]
        self.assertEqual(sorted(tags), ["1.1.0", "1.2.0", "1.3.0"])

    def event_of(self, service, row):
        return service.trail(row["id"])["events"][0]

    def test_the_first_list_decides_once_and_a_followed_tag_is_asked_for_its_digest(self):
        service = self.fleet(
            policy={"select": {"digest": "stable"}}, registry={"poll": "500ms"}, notify=False
        )
        service.end()
        for file in pathlib.Path(service.directory).glob("linkspan.db*"):
            file.unlink()
        for tag in ("1.1.0", "1.2.0"):
            self.images.push(APP, tag)
        first = self.images.push(APP, "stable", seed="a")
        service.start()
        work = self.outcome(self.settled(service, "stable"))
        self.assertEqual(work["outcome"], "committed", work)
        self.assertIn(first, self.git.show("clusters/prod/app.yaml"))
        self.assertEqual(len(service.deliveries()), 1)
        second = self.images.push(APP, "stable", seed="b")
        wait_until(lambda: second in self.git.show("clusters/prod/app.yaml"), what="the moved digest in Git")
        self.assertEqual(len(service.deliveries()), 2)


if __name__ == "__main__":
    unittest.main()
