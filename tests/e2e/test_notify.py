"""Telling others, and being told: real HTTP sinks of every temper, and controllers' reports."""

import base64
import hashlib
import hmac
import http.server
import json
import subprocess
import threading
import time
import unittest

import real_parts
from real_parts import TEST_SECRET, wait_until
from test_main_job import APP, Fleet

WEBHOOK_KEY = b"test key, not real, 24 b"
WEBHOOK_SECRET = "whsec_" + base64.b64encode(WEBHOOK_KEY).decode()
SECRET_PATH = "/hook/test-secret-path-not-real"


class Sink:
    """An HTTP server that answers what it was told to, in order (the last for ever), and remembers what it was asked."""

    def __init__(self, answers=((200, {}),), port=0):
        self.requests = []
        self.lock = threading.Lock()
        self.answers = list(answers)
        sink = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                with sink.lock:
                    sink.requests.append((time.monotonic(), self.path, dict(self.headers.items()), body))
                    answer = sink.answers[min(len(sink.requests), len(sink.answers)) - 1]
                if answer == "hang":
                    sink.released.wait()
                    self.close_connection = True
                    return
                status, headers = answer
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.released = threading.Event()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}{SECRET_PATH}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def wait(self, count, seconds=real_parts.PATIENCE):
        wait_until(lambda: len(self.requests) >= count, seconds, f"{count} requests at {self.server.server_address}")
        return self.requests

    def end(self):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()


def hmac_sha256(body, key=TEST_SECRET.encode()):
    return "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest()


def flux_event(revision, reason="ReconciliationSucceeded", severity="info", name="apps"):
    return {
        "involvedObject": {
            "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization", "name": name,
            "namespace": "flux-system",
        },
        "metadata": {"revision": f"main@sha1:{revision}"},
        "severity": severity, "reason": reason, "message": f"{reason} of a test",
        "reportingController": "kustomize-controller",
        "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


class Notify(Fleet):
    def service(self, registry, url, notifications, **more):
        config = {**self.config(registry, url), "notifications": notifications, **more}
        # The pause lets both share a commit.
        both = {"repository": "fleet", "policies": ["app"], "batch": "2s"}
        config["targets"] = [
            {"name": name, "paths": [f"clusters/{name}"], **both} for name in ("prod", "staging")
        ]
        config["receivers"] = [
            {"name": "ci", "type": "ci", "auth": "hmac", "secret": {"file": "secret"}},
            {"name": "flux", "type": "flux", "secret": {"file": "secret"}},
            {"name": "argocd", "type": "argocd", "secret": {"file": "secret"}},
        ]
        service = real_parts.Linkspan(self.directory / "linkspan", config, port=self.linkspan_port)
        (service.directory / "whsec").write_text(WEBHOOK_SECRET + "\n")
        return self.started(service).start()

    def sink(self, *answers, **options):
        return self.started(Sink(answers or ((200, {}),), **options))

    def parts(self):
        registry = self.registry(notify=False)
        repository = self.repository(registry.host)
        web = self.started(real_parts.WebServer(self.directory / "web", repository))
        return registry, repository, web.url

    def promote(self, service, registry, tag, **facts):
        registry.push(APP, tag)
        status, answer, _ = service.ci({"image": f"{registry.host}/{APP}", "tag": tag, **facts})
        self.assertEqual(status, 202, answer)
        return service.trail(answer["id"])

    def commit_of(self, trail):
        outcomes = {t["outcome"] for t in trail["events"][0]["targets"]}
        self.assertEqual(outcomes, {"committed"}, trail)
        commits = {t["commit"] for t in trail["events"][0]["targets"]}
        self.assertEqual(len(commits), 1, "both targets share a commit")
        return commits.pop()


class Telling(Notify):
    def test_everybody_is_told_whatever_the_others_do(self):
        registry, repository, url = self.parts()
        names = ["flux", "argocd", "chat", "events", "portal"]
        sinks = {name: self.sink() for name in names}
        sinks["moody"] = self.sink((500, {}), (500, {}), (500, {}), (200, {}))
        sinks["busy"] = self.sink((429, {"Retry-After": "2"}), (200, {}))
        sinks["hanging"] = self.sink("hang")
        sinks["gone"] = self.sink((410, {}))
        sinks["elsewhere"] = self.sink((302, {"Location": sinks["portal"].url + "/redirected"}))
        types = {"flux": "flux_receiver", "argocd": "argocd", "chat": "slack", "events": "cloudevents"}
        signed = {"flux": "secret", "argocd": "secret", "portal": "whsec", "moody": "whsec"}
        (self.directory / "linkspan").mkdir()
        notifications = []
        for name, sink in sinks.items():
            (self.directory / f"linkspan/{name}-url").write_text(sink.url)
            one = {"name": name, "type": types.get(name, "webhook"), "url": {"file": f"{name}-url"}, "timeout": "2m"}
            if name in signed:
                one["secret"] = {"file": signed[name]}
            notifications.append(one)
        (self.directory / "linkspan/whsec").write_text(WEBHOOK_SECRET)
        (self.directory / "linkspan/secret").write_text(TEST_SECRET)
        service = self.service(registry, url, notifications, server={"drain_timeout": "10m"})
        parent = repository.tip()
        trail = self.promote(service, registry, "1.1.0", actor="ann <!channel>", build_url="https://ci.example.com/7")
        commit = self.commit_of(trail)

        _, path, headers, body = sinks["flux"].wait(1)[0]
        self.assertEqual(path, SECRET_PATH)
        self.assertEqual(headers["X-Signature"], hmac_sha256(body))
        self.assertEqual(json.loads(body)["commit"], commit)

        _, _, headers, body = sinks["argocd"].wait(1)[0]
        self.assertEqual(headers["X-GitHub-Event"], "push")
        self.assertEqual(headers["X-Hub-Signature-256"], hmac_sha256(body))
        push = json.loads(body)
        self.assertEqual((push["ref"], push["before"], push["after"]), ("refs/heads/main", parent, commit))
        self.assertEqual(push["repository"]["html_url"], url.removesuffix(".git"))
        changed = real_parts.git("diff", "--name-only", parent, commit, cwd=repository.bare).split()
        self.assertEqual(sorted(push["commits"][0]["modified"]), sorted(changed), "the files that git says")

        for _, _, headers, body in sinks["chat"].wait(2):
            self.assertNotIn("<!channel>", body.decode())
            self.assertIn("1.1.0", json.loads(body)["text"])

        events = [json.loads(body) for _, _, _, body in sinks["events"].wait(2)]
        self.assertEqual({e["type"] for e in events}, {"dev.linkspan.promotion.committed"})
        self.assertEqual({e["data"]["promotions"][0]["target"] for e in events}, {"prod", "staging"})
        self.assertEqual(len({e["id"] for e in events}), 2)

        for _, _, headers, body in sinks["portal"].wait(2):
            text = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
            code = base64.b64encode(hmac.new(WEBHOOK_KEY, text, hashlib.sha256).digest()).decode()
            self.assertEqual(headers["webhook-signature"], f"v1,{code}")
            self.assertEqual(json.loads(body)["data"]["commit"], commit)

        # Three times 500: the same messages again, with the same ids, until both are there.
        def delivered(name):
            page = service.request("GET", "/v1/notifications?limit=500")[1]["notifications"]
            return [n for n in page if n["notification"] == name and n["state"] == "delivered"]

        wait_until(lambda: len(delivered("moody")) == 2, what="the moody sink is told")
        ids = [headers["webhook-id"] for _, _, headers, _ in sinks["moody"].requests]
        self.assertEqual(len(ids), 5, "three failures and two messages")
        self.assertEqual(len(set(ids)), 2)
        wait_until(lambda: len(delivered("busy")) == 2, what="the busy sink is told")
        times = sorted(when for when, _, _, _ in sinks["busy"].requests)
        first = [h["webhook-id"] for _, _, h, _ in sinks["busy"].requests][0]
        again = [when for when, _, h, _ in sinks["busy"].requests if h["webhook-id"] == first]
        self.assertGreaterEqual(again[1] - times[0], 1.9, "it asked for two seconds")

        dead = service.request("GET", "/v1/notifications?state=dead")[1]["notifications"]
        wait_until(
            lambda: len(service.request("GET", "/v1/notifications?state=dead")[1]["notifications"]) == 4, what="dead letters"
        )
        dead = service.request("GET", "/v1/notifications?state=dead")[1]["notifications"]
        self.assertEqual({(n["notification"], n["last_error"][:12]) for n in dead},
                         {("gone", "answered 410"), ("elsewhere", "answered 302")})
        self.assertFalse(any(path.endswith("redirected") for _, path, _, _ in sinks["portal"].requests))

        # All this time one sink hangs, and the next commit and its messages do not care.
        self.assertGreaterEqual(len(sinks["hanging"].requests), 1)
        self.commit_of(self.promote(service, registry, "1.2.0"))
        sinks["flux"].wait(2)
        sinks["portal"].wait(4)
        self.assertEqual(len(sinks["flux"].requests), 2, "one for a commit, not one for a target")
        self.assertEqual(delivered("hanging"), [])
        metrics = service.request("GET", "/metrics")[1]
        self.assertIn('linkspan_notifications_total{notification="gone",result="dead"}', metrics)
        self.assertEqual(service.end(), 0, "a hanging sink does not keep the service from ending")
        log = service.process.log.read_text()
        for secret in (SECRET_PATH, TEST_SECRET, WEBHOOK_SECRET):
            self.assertNotIn(secret, log)

    def test_what_was_committed_is_told_after_a_crash(self):
        registry, _, url = self.parts()
        port = real_parts.free_port()
        notifications = [{"name": "portal", "type": "webhook", "url": f"http://127.0.0.1:{port}/x"}]
        service = self.service(registry, url, notifications, retry={"initial": "200ms", "longest": "1s"})
        commit = self.commit_of(self.promote(service, registry, "1.1.0"))
        service.kill()
        sink = self.sink(port=port)
        service.start()
        bodies = [json.loads(body) for _, _, _, body in sink.wait(2)]
        self.assertEqual({b["data"]["commit"] for b in bodies}, {commit})
        wait_until(
            lambda: {n["state"] for n in service.request("GET", "/v1/notifications")[1]["notifications"]} == {"delivered"},
            what="everything delivered",
        )
        ids = {headers["webhook-id"] for _, _, headers, _ in sink.requests}
        self.assertEqual(ids, {n["id"] for n in service.request("GET", "/v1/notifications")[1]["notifications"]})
        service.end()
        service.start()
        self.assertEqual(len(sink.requests), 2, "what was delivered is not sent again")

    def test_a_reload_changes_who_is_told(self):
        registry, _, url = self.parts()
        nobody = f"http://127.0.0.1:{real_parts.free_port()}/x"
        service = self.service(registry, url, [{"name": "old", "type": "webhook", "url": nobody}])
        self.commit_of(self.promote(service, registry, "1.1.0"))
        sink = self.sink()
        config = json.loads(service.config_file.read_text())
        config["notifications"] = [{"name": "new", "type": "webhook", "url": sink.url}]
        service.config_file.write_text(json.dumps(config))
        service.reload()
        dead = wait_until(
            lambda: service.request("GET", "/v1/notifications?state=dead")[1]["notifications"], what="dead letters"
        )
        self.assertEqual({(n["notification"], n["last_error"]) for n in dead},
                         {("old", "the notification is no longer in the configuration")})
        # It comes back, and an operator has sent again what was given up on.
        config["notifications"] = [{"name": "old", "type": "webhook", "url": sink.url}]
        config["operators"] = [{"name": "alice", "role": "operator", "token": {"file": "secret"}}]
        service.config_file.write_text(json.dumps(config))
        service.reload()
        operator = {"Authorization": f"Bearer {TEST_SECRET}"}
        path, why = f"/v1/notifications/{dead[0]['id']}/replay", json.dumps({"reason": "the portal was moved"})
        wait_until(lambda: service.request("POST", path, why, operator)[0] == 202, what="it to be sent again")
        self.assertEqual(len(sink.wait(1)), 1)
        wait_until(lambda: len(service.request("GET", "/v1/notifications?state=delivered", headers=operator)[1]["notifications"]) == 1, what="its delivery")
        self.assertEqual(service.request("POST", path, why, operator)[0], 409)
        self.assertEqual(service.request("POST", "/v1/notifications/nothing/replay", why, operator)[0], 404)
        entry = service.request("GET", "/v1/audit", headers=operator)[1]["audit"][0]
        self.assertEqual((entry["who"], entry["action"], entry["subject"]), ("alice", "replay", f"notifications/{dead[0]['id']}"))
        before = len(sink.requests)
        del config["operators"]
        config["notifications"] = [{"name": "new", "type": "webhook", "url": sink.url}]
        service.config_file.write_text(json.dumps(config))
        service.reload()
        commit = self.commit_of(self.promote(service, registry, "1.2.0"))
        self.assertEqual({json.loads(body)["data"]["commit"] for _, _, _, body in sink.wait(before + 2)[before:]}, {commit})

    def test_refusals_are_told_where_they_are_wanted(self):
        registry, _, url = self.parts()
        told, quiet, poked = self.sink(), self.sink(), self.sink()
        service = self.service(
            registry, url,
            [
                {"name": "told", "type": "webhook", "url": told.url, "on": ["refused"]},
                {"name": "quiet", "type": "webhook", "url": quiet.url, "on": ["committed"]},
                {"name": "poked", "type": "flux_receiver", "url": poked.url, "on": ["refused", "committed"]},
            ],
        )
        registry.push(APP, "9.0.0")
        _, answer, _ = service.ci({"image": f"{registry.host}/{APP}", "tag": "9.0.0"})
        service.trail(answer["id"])
        bodies = [json.loads(body) for _, _, _, body in told.wait(1)]
        self.assertEqual(bodies[0]["type"], "promotion.refused")
        self.assertTrue(bodies[0]["data"]["promotions"][0]["reason"])
        self.commit_of(self.promote(service, registry, "1.3.0"))
        quiet.wait(2)
        poked.wait(1)
        self.assertEqual({json.loads(body)["type"] for _, _, _, body in quiet.requests}, {"promotion.committed"})
        self.assertEqual(len(poked.requests), 1, "without a commit there is nothing to look at")


class Reports(Notify):
    def report(self, service, event):
        body = json.dumps(event).encode()
        headers = {"Content-Type": "application/json", "X-Signature": hmac_sha256(body)}
        return service.request("POST", "/hooks/flux", body, headers)

    def test_flux_reports_and_the_trail_shows_it(self):
        registry, _, url = self.parts()
        portal = self.sink()
        service = self.service(
            registry, url,
            [{"name": "portal", "type": "webhook", "url": portal.url, "on": ["applied", "apply_failed"]}],
        )
        first = self.promote(service, registry, "1.1.0")
        one = self.commit_of(first)
        two = self.commit_of(self.promote(service, registry, "1.2.0"))

        unsigned = service.request("POST", "/hooks/flux", json.dumps(flux_event(one)).encode())
        self.assertEqual(unsigned[0], 401)
        self.assertEqual(self.report(service, flux_event(one, "Progressing"))[0], 200)
        trail = service.trail(first["id"])
        self.assertEqual({t["deployed"] for t in trail["events"][0]["targets"]}, {"progressing"})

        # Whoever waits is answered when the report comes, and not before.
        answers = []
        waiter = threading.Thread(
            target=lambda: answers.append(service.request("GET", f"/v1/deliveries/{first['id']}?wait=50s&for=applied")[1])
        )
        waiter.start()
        status, answer, _ = self.report(service, flux_event(two))
        self.assertEqual(status, 200, answer)
        self.assertEqual(answer["deployments"], [
            {"object": "Kustomization/flux-system/apps", "state": "applied", "revision": two}
        ])
        waiter.join(45)
        self.assertEqual(len(answers), 1, "answered before the minute was over")
        target = answers[0]["events"][0]["targets"][0]
        self.assertEqual(target["deployed"], "applied")
        self.assertEqual(target["deployments"][0]["revision"], two, "a later commit contains the earlier one")
        self.assertEqual(target["deployments"][0]["message"], "ReconciliationSucceeded: ReconciliationSucceeded of a test")

        bodies = [json.loads(body) for _, _, _, body in portal.wait(4)]
        self.assertEqual({b["type"] for b in bodies}, {"deployment.applied"})
        self.assertEqual({b["data"]["commit"] for b in bodies}, {one, two})

        failed = self.promote(service, registry, "1.4.0")
        three = self.commit_of(failed)
        self.report(service, flux_event(three, "HealthCheckFailed", "error"))
        trail = service.request("GET", f"/v1/deliveries/{failed['id']}?wait=60s&for=applied")[1]
        self.assertEqual({t["deployed"] for t in trail["events"][0]["targets"]}, {"failed"})
        earlier = service.trail(first["id"])["events"][0]["targets"][0]
        self.assertEqual(earlier["deployed"], "applied", "a later failure is not this commit's")
        # Retries of a controller are recognised.
        event = flux_event(three, "Progressing")
        again = [self.report(service, event)[1]["id"] for _ in range(2)]
        self.assertEqual(again[0], again[1])

    def test_a_persons_commit_on_top_counts_for_what_it_contains(self):
        registry = self.registry(notify=False)
        repository = self.repository(registry.host)
        service = self.service(registry, f"file://{repository.bare}", [])
        first = self.promote(service, registry, "1.1.0")
        before = repository.tip()
        human = repository.human_commit({"NOTES.md": "by hand\n"}, "A person's commit")
        later = self.promote(service, registry, "1.2.0")
        self.assertNotEqual(before, human)
        top = repository.human_commit({"NOTES.md": "by hand, again\n"}, "Another one, which the mirror has not seen")
        # The first one, which only the first promotion is part of.
        self.assertEqual(self.report(service, flux_event(human))[0], 200)
        trail = service.request("GET", f"/v1/deliveries/{first['id']}?wait=60s&for=applied")[1]
        target = trail["events"][0]["targets"][0]
        self.assertEqual((target["deployed"], target["deployments"][0]["revision"]), ("applied", human))
        self.assertIsNone(service.trail(later["id"])["events"][0]["targets"][0]["deployed"])
        self.assertEqual(self.report(service, flux_event(top))[0], 200)
        trail = service.request("GET", f"/v1/deliveries/{later['id']}?wait=60s&for=applied")[1]
        self.assertEqual(trail["events"][0]["targets"][0]["deployments"][0]["revision"], top)
        # Somebody else's repository is nobody's news.
        self.assertEqual(self.report(service, flux_event("f" * 40))[0], 200)

    def notify(self, service, registry, tag, timeout):
        return subprocess.Popen(
            [
                real_parts.linkspan_binary(), "notify", "--url", f"http://127.0.0.1:{service.port}/hooks/ci",
                "--image", f"{registry.host}/{APP}", "--tag", tag, "--secret-file", str(service.directory / "secret"),
                "--wait=applied", "--timeout", str(timeout),
            ],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )

    def test_the_ci_step_waits_until_it_runs(self):
        registry, repository, url = self.parts()
        service = self.service(registry, url, [])
        bearer = {"Authorization": f"Bearer {TEST_SECRET}", "Content-Type": "application/json"}
        for tag, event, code in [("1.1.0", "argocd", 0), ("1.2.0", "failed", 6), ("1.3.0", None, 5)]:
            with self.subTest(tag):
                before = repository.tip()
                registry.push(APP, tag)
                job = self.notify(service, registry, tag, real_parts.PATIENCE if event else 20)
                wait_until(lambda: repository.tip() != before, what="a commit")
                if event == "argocd":
                    report = {
                        "app": "shop", "namespace": "argocd", "revision": repository.tip(), "revisions": None,
                        "branch": "main", "phase": "Succeeded", "sync_status": "Synced", "health_status": "Healthy",
                        "message": "synced", "finished_at": "2026-01-02T03:04:05Z",
                    }
                    wait_until(lambda: "committed" in service.process.log.read_text(), what="the outcome")
                    answer = service.request("POST", "/hooks/argocd", json.dumps(report).encode(), bearer)
                    self.assertEqual(answer[0], 200, answer)
                elif event:
                    self.report(service, flux_event(repository.tip(), "BuildFailed", "error"))
                out, err = job.communicate(timeout=2 * real_parts.PATIENCE)
                self.assertEqual(job.returncode, code, out + err)
                if event == "argocd":
                    self.assertIn("applied by Application/argocd/shop", out)
        # What is current already is waited for too, by the commit that made it so.
        job = self.notify(service, registry, "1.3.0", real_parts.PATIENCE)
        wait_until(lambda: "already_current" in service.process.log.read_text(), what="the outcome")
        self.report(service, flux_event(repository.tip()))
        out, err = job.communicate(timeout=2 * real_parts.PATIENCE)
        self.assertEqual(job.returncode, 0, out + err)
        self.assertIn(f"current since commit {repository.tip()}", out)
        self.assertIn("applied by Kustomization/flux-system/apps", out)

    def test_what_a_person_made_current_is_not_waited_for(self):
        registry, repository, url = self.parts()
        service = self.service(registry, url, [])
        registry.push(APP, "1.0.0")  # as the manifests have it
        job = self.notify(service, registry, "1.0.0", real_parts.PATIENCE)
        out, err = job.communicate(timeout=2 * real_parts.PATIENCE)
        self.assertEqual(job.returncode, 0, out + err)
        self.assertIn("nothing was to be applied", out)


if __name__ == "__main__":
    unittest.main()
