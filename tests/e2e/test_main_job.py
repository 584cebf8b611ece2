"""The main job on real parts: a push to a real registry ends as a commit on a real Git server."""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import textwrap
import time
import unittest

import real_parts
from real_parts import git, run, wait_until

APP = "acme/app"


def manifests(host, tag="1.0.0"):
    """A few applications, two environments, comments, several documents in a file."""
    return {
        "clusters/prod/app.yaml": textwrap.dedent(
            f"""\
            # The shop's front end.
            apiVersion: apps/v1
            kind: Deployment
            metadata:
              name: app   # aligned by hand

            spec:
              template:
                spec:
                  containers:
                    - name: app
                      image: "{host}/{APP}:{tag}"   # keep me
                      env: [ {{name: A, value: "1"}} ]
            ---

            apiVersion: v1
            kind: ConfigMap
            metadata: {{name: app}}
            data:
              image: {host}/{APP}:{tag}
            """
        ),
        "clusters/prod/kustomization.yaml": textwrap.dedent(
            f"""\
            apiVersion: kustomize.config.k8s.io/v1beta1
            kind: Kustomization
            resources:
            - app.yaml
            images:
            - name: {host}/{APP}
              newTag: {tag} # {{"$imagepolicy": "flux-system:app:tag"}}
            """
        ),
        "clusters/staging/app.yaml": textwrap.dedent(
            f"""\
            apiVersion: batch/v1
            kind: CronJob
            metadata:
              name: report
            spec:
              jobTemplate:
                spec:
                  template:
                    spec:
                      containers:
                      - image: {host}/{APP}:{tag}
                        name: report
            """
        ),
        "README.md": "Not a manifest.\n",
    }


class Fleet(unittest.TestCase):
    """Base: a registry, a repository, and whatever else a test starts; all of it ends with the test."""

    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="linkspan-e2e-"))
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        os.chmod(self.directory, 0o755)
        self.linkspan_port = real_parts.free_port()

    def started(self, part):
        self.addCleanup(part.end)
        return part

    def registry(self, notify=True):
        url = f"http://127.0.0.1:{self.linkspan_port}/hooks/registry" if notify else None
        try:
            return self.started(real_parts.Registry(self.directory / "registry", notify_url=url))
        except real_parts.MissingProgram as missing:
            self.skipTest(str(missing))

    def repository(self, host, files=None):
        return real_parts.ManifestRepository(
            self.directory / "git", manifests(host) if files is None else files
        )

    def config(self, registry, url, **repository):
        return {
            # The registry tells of a tag before it has written it, and takes its time on a slow machine.
            "retry": {"initial": "100ms", "longest": "1s", "missing_tag": "60s"},
            "registries": [{"host": registry.host, "insecure": True}],
            "repositories": [
                {"name": "fleet", "url": url, "branch": "main",
                 "author": {"name": "Linkspan", "email": "linkspan@example.com"}, **repository}
            ],
            "policies": [
                {"name": "app", "namespace": "flux-system", "image": f"{registry.host}/{APP}",
                 "select": {"semver": ">=1.0.0 <2.0.0"}}
            ],
            "targets": [
                {"name": "prod", "repository": "fleet", "paths": ["clusters/prod"], "policies": ["app"],
                 "deliver": "commit"}
            ],
        }

    def linkspan(self, config):
        service = real_parts.Linkspan(self.directory / "linkspan", config, port=self.linkspan_port)
        self.addCleanup(service.end)
        return service.start()

    def settled(self, service, tag):
        """The trail of the first delivery that names the tag, once it has ended."""

        def found():
            for row in service.deliveries():
                if row["ignored"] is None and row["events"]:
                    trail = service.trail(row["id"], wait="1s")
                    if trail["settled"] and any(e["tag"] == tag for e in trail["events"]):
                        return trail
            return None

        try:
            return wait_until(found, what=f"an outcome for {tag}")
        except TimeoutError as late:
            self.fail(f"{late}\n{service.process.tail()}")

    def outcome(self, trail):
        return trail["events"][0]["targets"][0]

    def tried_again(self, service, delivery):
        """The delivery's work, once it has been tried and waits for the next try."""

        def waiting():
            work = self.outcome(service.trail(delivery, wait="0s"))
            self.assertIsNone(work["outcome"], work)
            return work if work["attempts"] >= 2 else None

        return wait_until(waiting, what="two attempts in the trail")


class PushToCommit(Fleet):
    def test_a_push_to_the_registry_becomes_a_commit_of_only_the_image_bytes(self):
        registry = self.registry()
        repository = self.repository(registry.host)
        web = self.started(real_parts.WebServer(self.directory / "web", repository))
        service = self.linkspan(self.config(registry, web.url))
        before = {path: repository.show(path) for path in manifests(registry.host)}
        base = repository.tip()

        digest = registry.push(APP, "1.1.0")
        trail = self.settled(service, "1.1.0")

        work = self.outcome(trail)
        self.assertEqual(work["outcome"], "committed", trail)
        self.assertEqual(trail["events"][0]["digest"], digest)
        self.assertEqual(work["decision"]["selected"], "1.1.0")
        self.assertEqual(repository.tip(), work["commit"])
        self.assertEqual(repository.log(), [work["commit"], base])
        # Only the image's bytes, in the target's paths only; the ConfigMap's text is no image field.
        after = {path: repository.show(path) for path in before}
        expected = dict(before)
        expected["clusters/prod/app.yaml"] = before["clusters/prod/app.yaml"].replace(
            f'"{registry.host}/{APP}:1.0.0"', f'"{registry.host}/{APP}:1.1.0"'
        )
        expected["clusters/prod/kustomization.yaml"] = before["clusters/prod/kustomization.yaml"].replace(
            "newTag: 1.0.0 ", "newTag: 1.1.0 "
        )
        self.assertEqual(after, expected)
        stat = git("diff", "--numstat", base, work["commit"], cwd=repository.bare).split("\n")[:-1]
        self.assertEqual(
            sorted(stat), ["1\t1\tclusters/prod/app.yaml", "1\t1\tclusters/prod/kustomization.yaml"]
        )
        message = git("log", "-1", "--format=%an <%ae>%n%B", "main", cwd=repository.bare)
        self.assertIn("Linkspan <linkspan@example.com>\nUpdate app to 1.1.0 in prod\n", message)
        self.assertEqual(
            git("log", "-1", "--format=%(trailers:key=Linkspan-Delivery,valueonly)", "main", cwd=repository.bare).strip(),
            trail["id"],
        )
        self.assertIn('"' + registry.host, work["plan"]["diff"])
        git("fsck", "--strict", cwd=repository.bare)
        self.rendered_names(repository, f"{registry.host}/{APP}:1.1.0")

        # Once more, after a restart: nothing new.
        service.end()
        service.start()
        again = service.ci({"image": f"{registry.host}/{APP}", "tag": "1.1.0"})
        self.assertEqual(again[0], 202, again)
        self.assertEqual(self.outcome(service.trail(again[1]["id"]))["outcome"], "already_current")
        self.assertEqual(repository.log(), [work["commit"], base])

    def rendered_names(self, repository, image):
        kubectl = shutil.which("kubectl") or shutil.which("kustomize")
        if not kubectl:
            return  # not in Debian; where it is installed it has the last word
        clone = self.directory / "rendered"
        clone.mkdir()
        git("archive", "--output", clone / "main.tar", "main", cwd=repository.bare)
        run(["tar", "-xf", clone / "main.tar", "-C", clone])
        command = [kubectl, "kustomize"] if kubectl.endswith("kubectl") else [kubectl, "build"]
        self.assertIn(f"image: {image}", run([*command, clone / "clusters/prod"]).stdout)

    def test_a_multi_platform_push_gives_one_event_for_the_index(self):
        registry = self.registry()
        repository = self.repository(registry.host)
        service = self.linkspan(self.config(registry, f"file://{repository.bare}"))
        digest = registry.push(APP, "1.2.0", platforms=2)
        trail = self.settled(service, "1.2.0")
        self.assertEqual(trail["events"][0]["digest"], digest)
        self.assertEqual(trail["events"][0]["media_type"], "application/vnd.oci.image.index.v1+json")
        tagged = [row for row in service.deliveries() if row["ignored"] is None]
        self.assertEqual(len(tagged), 1, "layers and platform manifests are ignored, with a reason")
        self.assertTrue(all(row["ignored"] for row in service.deliveries() if row not in tagged))

    def test_over_ssh_with_a_known_host(self):
        registry = self.registry()
        repository = self.repository(registry.host)
        ssh = self.started(real_parts.SshServer(self.directory / "ssh", repository))
        credentials = {"ssh_key": str(ssh.directory / "client_key"), "known_hosts": ssh.known_hosts}
        service = self.linkspan(self.config(registry, ssh.url, credentials=credentials))
        registry.push(APP, "1.1.0")
        work = self.outcome(self.settled(service, "1.1.0"))
        self.assertEqual(work["outcome"], "committed", work)
        self.assertEqual(repository.tip(), work["commit"])

    def test_an_unknown_ssh_host_is_refused_and_nothing_is_pushed(self):
        registry = self.registry()
        repository = self.repository(registry.host)
        ssh = self.started(real_parts.SshServer(self.directory / "ssh", repository))
        credentials = {"ssh_key": str(ssh.directory / "client_key"), "known_hosts": ssh.wrong_known_hosts}
        service = self.linkspan(self.config(registry, ssh.url, credentials=credentials))
        base = repository.tip()
        registry.push(APP, "1.1.0")
        work = self.outcome(self.settled(service, "1.1.0"))
        self.assertEqual(work["outcome"], "failed", work)
        self.assertIn("host key", work["reason"].lower())
        self.assertEqual(repository.tip(), base)

    def test_basic_authentication_from_a_file(self):
        registry = self.registry()
        repository = self.repository(registry.host)
        web = self.started(real_parts.WebServer(self.directory / "web", repository, password=real_parts.TEST_SECRET))
        credentials = {"username": "linkspan", "password": {"file": "secret"}}
        service = self.linkspan(self.config(registry, web.url, credentials=credentials))
        registry.push(APP, "1.1.0")
        work = self.outcome(self.settled(service, "1.1.0"))
        self.assertEqual(work["outcome"], "committed", work)


class Durability(Fleet):
    def test_the_same_delivery_twice_gives_one_commit_and_the_first_answer(self):
        registry = self.registry(notify=False)
        repository = self.repository(registry.host)
        service = self.linkspan(self.config(registry, f"file://{repository.bare}"))
        registry.push(APP, "1.1.0")
        body = {"image": f"{registry.host}/{APP}", "tag": "1.1.0"}
        first = service.ci(body, headers={"Idempotency-Key": "one"})
        second = service.ci(body, headers={"Idempotency-Key": "one"})
        self.assertEqual((first[0], second[0]), (202, 200))
        self.assertEqual(first[1], second[1])
        self.assertEqual(self.outcome(service.trail(first[1]["id"]))["outcome"], "committed")
        self.assertEqual(len(repository.log()), 2)

    def test_killed_between_202_and_commit_then_restarted_gives_one_commit(self):
        registry = self.registry(notify=False)
        repository = self.repository(registry.host)
        web = self.started(real_parts.WebServer(self.directory / "web", repository))
        service = self.linkspan(self.config(registry, web.url))
        registry.push(APP, "1.1.0")
        web.end()  # so that the commit can't happen before the kill
        status, answer, _ = service.ci({"image": f"{registry.host}/{APP}", "tag": "1.1.0"})
        self.assertEqual(status, 202)
        service.kill()
        self.assertEqual(len(repository.log()), 1)
        web.start()
        service.start()
        work = self.outcome(service.trail(answer["id"]))
        self.assertEqual(work["outcome"], "committed", work)
        self.assertEqual(len(repository.log()), 2)

    def test_killed_at_any_moment_gives_one_commit_for_each_tag(self):
        registry = self.registry(notify=False)
        repository = self.repository(registry.host)
        web = self.started(real_parts.WebServer(self.directory / "web", repository))
        service = self.linkspan(self.config(registry, web.url))
        accepted = []
        for number in range(1, 9):
            registry.push(APP, f"1.{number}.0")
            status, answer, _ = service.ci({"image": f"{registry.host}/{APP}", "tag": f"1.{number}.0"})
            self.assertEqual(status, 202)
            accepted.append(answer["id"])
            # A different point of the line each time.
            time.sleep(0.012 * number)
            service.kill()
            service.start()
        for delivery in accepted:
            work = self.outcome(service.trail(delivery))
            self.assertIn(work["outcome"], ("committed", "already_current", "refused"), work)
        self.assertIn(f"{APP}:1.8.0", repository.show("clusters/prod/app.yaml"))
        subjects = git("log", "--format=%s", "main", cwd=repository.bare).split("\n")[:-1]
        self.assertEqual(len(subjects), len(set(subjects)), "no change is committed twice")

    def test_a_remote_that_is_down_for_a_while_gets_its_commit_later(self):
        registry = self.registry()
        repository = self.repository(registry.host)
        web = self.started(real_parts.WebServer(self.directory / "web", repository))
        service = self.linkspan(self.config(registry, web.url))
        web.end()
        registry.push(APP, "1.1.0")

        def waiting():
            for row in service.deliveries():
                if row["pending"]:
                    work = self.outcome(service.trail(row["id"], wait="0s"))
                    return work if work["attempts"] >= 2 else None

        work = wait_until(waiting, what="two attempts in the trail")
        self.assertIn("fleet", work["last_error"])
        self.assertTrue(work["next_attempt_at"])
        web.start()
        self.assertEqual(self.outcome(self.settled(service, "1.1.0"))["outcome"], "committed")

    def test_a_registry_that_is_down_for_a_while_is_asked_again(self):
        registry = self.registry(notify=False)
        repository = self.repository(registry.host)
        service = self.linkspan(self.config(registry, f"file://{repository.bare}"))
        registry.push(APP, "1.1.0")
        registry.end()
        _, answer, _ = service.ci({"image": f"{registry.host}/{APP}", "tag": "1.1.0"})
        wait_until(
            lambda: self.outcome(service.trail(answer["id"], wait="0s"))["attempts"] >= 1, what="an attempt in the trail"
        )
        registry.process = real_parts.Process(registry.process.command, registry.directory / "registry.log")
        registry.process.wait_port(registry.port)
        self.assertEqual(self.outcome(service.trail(answer["id"]))["outcome"], "committed")

    def test_sigterm_answers_a_long_poll_at_once(self):
        registry = self.registry(notify=False)
        repository = self.repository(registry.host)
        web = self.started(real_parts.WebServer(self.directory / "web", repository))
        service = self.linkspan({**self.config(registry, web.url), "server": {"drain_timeout": "10m"}})
        web.end()
        registry.push(APP, "1.1.0")
        _, answer, _ = service.ci({"image": f"{registry.host}/{APP}", "tag": "1.1.0"})
        with socket.create_connection(("127.0.0.1", service.port)) as waiter:
            waiter.sendall(f"GET /v1/deliveries/{answer['id']}?wait=60s HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            wait_until(lambda: service.request("GET", "/healthz")[0] == 200)  # what came before was read before
            service.process.child.send_signal(signal.SIGTERM)
            waiter.settimeout(45)  # well before the poll's end and the drain's patience
            self.assertIn(b'"settled":false', waiter.recv(65536))
        self.assertEqual(service.process.child.wait(real_parts.PATIENCE), 0)

    def test_sigterm_answers_what_is_in_flight_and_exits_0(self):
        registry = self.registry(notify=False)
        repository = self.repository(registry.host)
        limits = {"drain_timeout": "10m", "body_timeout": "5m"}
        service = self.linkspan({**self.config(registry, f"file://{repository.bare}"), "server": limits})
        with socket.create_connection(("127.0.0.1", service.port)) as slow:
            # Half a request is in flight when the signal comes.
            slow.sendall(b"POST /hooks/ci HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345")
            wait_until(lambda: service.request("GET", "/healthz")[0] == 200)
            service.process.child.send_signal(signal.SIGTERM)
            wait_until(lambda: not real_parts.port_answers(service.port), what="no new connection")
            slow.sendall(b"67890")
            answer = slow.recv(65536).decode()
            self.assertTrue(answer.startswith("HTTP/1.1 401"), answer)
        self.assertEqual(service.process.child.wait(real_parts.PATIENCE), 0)


class Recovery(Fleet):
    """What a review found, each once."""

    def test_a_reload_while_a_batch_waits_ends_the_work_with_the_reason(self):
        registry = self.registry(notify=False)
        repository = self.repository(registry.host)
        config = self.config(registry, f"file://{repository.bare}")
        # Long enough for the reload to come first, on every machine.
        config["targets"][0]["batch"] = "15s"
        service = self.linkspan(config)
        registry.push(APP, "1.1.0")
        _, answer, _ = service.ci({"image": f"{registry.host}/{APP}", "tag": "1.1.0"})
        wait_until(lambda: 'linkspan_step_seconds_count{step="confirm"}' in service.request("GET", "/metrics")[1])
        config["repositories"][0]["name"] = config["targets"][0]["repository"] = "renamed"
        service.write_config(config)
        service.reload()
        work = self.outcome(service.trail(answer["id"]))
        self.assertEqual(work["outcome"], "refused", work)
        self.assertIn("no longer in the configuration", work["reason"])
        self.assertEqual(service.request("GET", "/healthz")[0], 200)

    def test_corrected_credentials_count_after_a_reload(self):
        registry = self.registry(notify=False)
        repository = self.repository(registry.host)
        web = self.started(real_parts.WebServer(self.directory / "web", repository, password=real_parts.TEST_SECRET))
        wrong = {"username": "nobody", "password": {"file": "secret"}}
        config = self.config(registry, web.url, credentials=wrong)
        service = self.linkspan(config)
        registry.push(APP, "1.1.0")
        event = {"image": f"{registry.host}/{APP}", "tag": "1.1.0"}
        _, answer, _ = service.ci(event, headers={"Idempotency-Key": "1"})
        work = self.outcome(service.trail(answer["id"]))
        self.assertEqual(work["outcome"], "failed", work)
        config["repositories"][0]["credentials"]["username"] = "linkspan"
        service.write_config(config)
        service.reload()
        _, answer, _ = service.ci(event, headers={"Idempotency-Key": "2"})
        self.assertEqual(self.outcome(service.trail(answer["id"]))["outcome"], "committed")

    def test_a_damaged_mirror_heals_within_the_turn(self):
        registry = self.registry(notify=False)
        repository = self.repository(registry.host)
        web = self.started(real_parts.WebServer(self.directory / "web", repository))
        service = self.linkspan(self.config(registry, web.url))
        for tag in ("1.1.0", "1.2.0"):
            registry.push(APP, tag)
            _, answer, _ = service.ci({"image": f"{registry.host}/{APP}", "tag": tag})
            work = self.outcome(service.trail(answer["id"]))
            self.assertEqual(work["outcome"], "committed", work)
            service.end()
            for part in (self.directory / "linkspan/data/mirrors/fleet.git/objects").glob("pack/*"):
                part.unlink()
            for part in (self.directory / "linkspan/data/mirrors/fleet.git/objects").glob("??/*"):
                part.unlink()
            service.start()

    def test_callers_cannot_invent_metrics_labels(self):
        registry = self.registry(notify=False)
        service = self.linkspan(self.config(registry, f"file://{self.repository(registry.host).bare}"))
        for number in range(5):
            service.request(f"INVENTED{number}", "/healthz")
        text = service.request("GET", "/metrics")[1]
        self.assertNotIn("INVENTED", text)
        self.assertIn('method="other"', text)

    def test_a_message_template_that_does_not_read_is_found_by_check(self):
        registry = self.registry(notify=False)
        config = self.config(registry, "file:///nowhere.git", message="{{nope}}")
        service = real_parts.Linkspan(self.directory / "linkspan", config)
        done = subprocess.run(
            [real_parts.linkspan_binary(), "check", str(service.config_file)], capture_output=True, text=True
        )
        self.assertEqual(done.returncode, 1)
        self.assertIn('unknown name "nope"', done.stdout)


class PeopleWin(Fleet):
    def test_a_human_push_between_look_and_push_keeps_both_commits(self):
        registry = self.registry()
        repository = self.repository(registry.host)
        web = self.started(self.web_with_a_racing_human(repository))
        service = self.linkspan(self.config(registry, web.url))
        base = repository.tip()
        flag = repository.directory / "race"
        flag.write_text("")
        repository.give_to_server()
        if os.geteuid() == 0:
            run(["chown", "www-data", str(flag), str(repository.directory)])
        registry.push(APP, "1.1.0")
        work = self.outcome(self.settled(service, "1.1.0"))
        self.assertEqual(work["outcome"], "committed", work)
        self.assertFalse(flag.exists(), "the human did push in between")
        log = repository.log()
        self.assertEqual(len(log), 3)
        self.assertEqual(log[2], base)
        subjects = git("log", "--format=%s", "main", cwd=repository.bare).split("\n")
        self.assertEqual(subjects[1], "A human was faster")
        metrics = service.request("GET", "/metrics")[1]
        self.assertIn('linkspan_retries_total{step="moved"} 1', metrics)

    def web_with_a_racing_human(self, repository):
        """A web server whose CGI, after it told a pusher the refs, moves the branch once, as a human's push would.
        Told a pusher, not a fetcher: a service that knows the tip already does not fetch before it pushes."""
        web = real_parts.WebServer(self.directory / "web", repository)
        web.end()
        wrapper = self.directory / "web/race.sh"
        wrapper.write_text(
            textwrap.dedent(
                f"""\
                #!/bin/bash
                /usr/lib/git-core/git-http-backend
                case "$QUERY_STRING" in *git-receive-pack*)
                  if rm {repository.directory}/race 2>/dev/null; then
                    export GIT_AUTHOR_NAME=Ada GIT_AUTHOR_EMAIL=ada@example.com HOME=/nonexistent
                    export GIT_COMMITTER_NAME=Ada GIT_COMMITTER_EMAIL=ada@example.com
                    cd {repository.bare}
                    tip=$(git rev-parse refs/heads/main)
                    new=$(git commit-tree "$tip^{{tree}}" -p "$tip" -m "A human was faster")
                    git update-ref refs/heads/main "$new" "$tip"
                  fi;;
                esac
                """
            )
        )
        wrapper.chmod(0o755)
        file = web.directory / "apache.conf"
        text = file.read_text().replace("/usr/lib/git-core/git-http-backend/", f"{wrapper}/")
        file.write_text(text)
        web.start()
        return web

    def test_a_hook_that_refuses_is_quoted_word_for_word(self):
        registry = self.registry()
        repository = self.repository(registry.host)
        hook = repository.bare / "hooks/pre-receive"
        hook.write_text("#!/bin/sh\necho 'Commits to main need a ticket: see CONTRIBUTING' >&2\nexit 1\n")
        hook.chmod(0o755)
        web = self.started(real_parts.WebServer(self.directory / "web", repository))
        service = self.linkspan(self.config(registry, web.url))
        registry.push(APP, "1.1.0")
        work = self.outcome(self.settled(service, "1.1.0"))
        self.assertEqual(work["outcome"], "refused", work)
        self.assertIn("Commits to main need a ticket: see CONTRIBUTING", work["reason"])

    def test_never_backwards(self):
        registry = self.registry(notify=False)
        repository = self.repository(registry.host, manifests(registry.host, "1.5.0"))
        service = self.linkspan(self.config(registry, f"file://{repository.bare}"))
        base = repository.tip()
        registry.push(APP, "1.1.0")
        _, answer, _ = service.ci({"image": f"{registry.host}/{APP}", "tag": "1.1.0"})
        work = self.outcome(service.trail(answer["id"]))
        self.assertEqual(work["outcome"], "refused", work)
        self.assertIn("1.5.0", work["reason"])
        self.assertEqual(repository.tip(), base)


class BadInput(Fleet):
    """Each with the exact answer that docs/api.md gives."""

    def setUp(self):
        super().setUp()
        self.real_registry = self.registry(notify=False)
        self.git = self.repository(self.real_registry.host)

    def service(self, missing_tag="60s", **repository):
        config = self.config(self.real_registry, f"file://{self.git.bare}")
        config["retry"]["missing_tag"] = missing_tag
        config["repositories"][0].update(repository)
        return self.linkspan(config)

    def event(self, tag="1.1.0"):
        return {"image": f"{self.real_registry.host}/{APP}", "tag": tag}

    def problem(self, answer, status, detail):
        self.assertEqual(answer[0], status, answer)
        self.assertEqual(answer[2].get("Content-Type"), "application/problem+json", answer)
        self.assertEqual(answer[1]["status"], status)
        self.assertIn(detail, answer[1]["detail"])

    def test_unknown_receiver(self):
        self.problem(
            self.service().request("POST", "/hooks/nobody", b"{}"), 404, 'there is no receiver "nobody"'
        )

    def test_wrong_method(self):
        answer = self.service().request("GET", "/hooks/ci")
        self.problem(answer, 405, "deliveries are sent with POST")
        self.assertEqual(answer[2]["Allow"], "POST")

    def test_wrong_secret_learns_nothing(self):
        service = self.service()
        self.problem(service.ci(self.event(), secret="test-wrong-secret"), 401, "the delivery is not authentic")
        self.problem(service.request("POST", "/hooks/ci", b"{}"), 401, "the delivery is not authentic")
        self.assertIn(
            'linkspan_deliveries_total{receiver="ci",result="unauthorized"} 2', service.request("GET", "/metrics")[1]
        )

    def test_truncated_json(self):
        self.problem(self.service().ci(b'{"image": "x", "ta'), 400, "JSON")

    def test_a_10_mb_body(self):
        answer = self.service().ci(b"x" * 10_000_000)
        self.problem(answer, 413, "1048576")

    def test_100_000_headers(self):
        service = self.service()
        with socket.create_connection(("127.0.0.1", service.port), timeout=real_parts.PATIENCE) as client:
            client.sendall(b"POST /hooks/ci HTTP/1.1\r\nHost: x\r\n")
            try:
                for number in range(100_000):
                    client.sendall(b"X-%d: y\r\n" % number)
                client.sendall(b"\r\n")
            except OSError:
                pass  # refused in the middle: just what should happen
            received = client.recv(4096)
        self.assertTrue(received.startswith(b"HTTP/1.1 431"), received)
        self.assertEqual(service.request("GET", "/healthz")[0], 200)

    def test_a_tag_that_is_not_in_the_registry(self):
        service = self.service(missing_tag="1s")
        _, answer, _ = service.ci(self.event("1.9.9"))
        work = self.outcome(service.trail(answer["id"]))
        self.assertEqual(work["outcome"], "refused", work)
        self.assertIn(f"{self.real_registry.host}/{APP}:1.9.9 is not in the registry", work["reason"])

    def test_a_repository_that_cannot_be_cloned(self):
        service = self.service(url=f"file://{self.directory}/nowhere.git")
        self.real_registry.push(APP, "1.1.0")
        _, answer, _ = service.ci(self.event())
        # It may be made yet, or be back.
        self.assertIn("nowhere.git", self.tried_again(service, answer["id"])["last_error"])

    def test_a_branch_that_does_not_exist(self):
        service = self.service(branch="release")
        self.real_registry.push(APP, "1.1.0")
        _, answer, _ = service.ci(self.event())
        self.assertIn("release", self.tried_again(service, answer["id"])["last_error"])

    def test_a_file_that_does_not_parse_is_reported_and_the_rest_is_done(self):
        self.git.human_commit(
            {"clusters/prod/broken.yaml": f"apiVersion: v1\nkind: Pod\nspec: [\n image: {self.event()['image']}:1.0.0\n"},
            "A broken file",
        )
        service = self.service()
        self.real_registry.push(APP, "1.1.0")
        _, answer, _ = service.ci(self.event())
        work = self.outcome(service.trail(answer["id"]))
        self.assertEqual(work["outcome"], "committed", work)
        self.assertTrue(any(p.startswith("clusters/prod/broken.yaml") for p in work["problems"]), work["problems"])

    def test_a_link_out_of_the_repository_is_neither_read_nor_written(self):
        outside = self.directory / "outside.yaml"
        text = manifests(self.real_registry.host)["clusters/prod/app.yaml"]
        outside.write_text(text)
        self.git.human_commit({"clusters/prod/link.yaml": ("link", str(outside))}, "A link")
        service = self.service()
        self.real_registry.push(APP, "1.1.0")
        _, answer, _ = service.ci(self.event())
        work = self.outcome(service.trail(answer["id"]))
        self.assertEqual(work["outcome"], "committed", work)
        self.assertEqual(outside.read_text(), text)
        self.assertTrue(any("link.yaml: skipped: a symbolic link" in p for p in work["problems"]), work["problems"])
        tree = git("ls-tree", "main", "clusters/prod/link.yaml", cwd=self.git.bare)
        self.assertTrue(tree.startswith("120000"))

    def test_a_target_whose_only_path_is_a_link_finds_no_place(self):
        outside = self.directory / "outside"
        outside.mkdir()
        (outside / "app.yaml").write_text(manifests(self.real_registry.host)["clusters/prod/app.yaml"])
        self.git.human_commit({"clusters/linked": ("link", str(outside))}, "A link to a directory")
        config = self.config(self.real_registry, f"file://{self.git.bare}")
        config["targets"][0]["paths"] = ["clusters/linked"]
        service = self.linkspan(config)
        self.real_registry.push(APP, "1.1.0")
        _, answer, _ = service.ci(self.event())
        work = self.outcome(service.trail(answer["id"]))
        self.assertEqual(work["outcome"], "refused", work)
        self.assertIn("no place found", work["reason"])

    def test_an_image_that_nobody_watches(self):
        service = self.service()
        status, answer, _ = service.ci({"image": "registry.example.com/other/thing", "tag": "1"})
        self.assertEqual(status, 202)
        trail = service.trail(answer["id"])
        self.assertEqual(trail["events"][0]["outcome"], "unwatched")
        self.assertTrue(trail["settled"])

    def test_a_layer_push_is_ignored_with_the_reason(self):
        service = self.service()
        event = {
            "action": "push",
            "target": {
                "mediaType": "application/octet-stream",
                "digest": "sha256:" + "a" * 64,
                "repository": APP,
                "url": f"http://{self.real_registry.host}/v2/{APP}/blobs/sha256:{'a' * 64}",
            },
            "request": {"host": self.real_registry.host},
        }
        headers = {
            "Authorization": f"Bearer {real_parts.TEST_SECRET}",
            "Content-Type": "application/vnd.docker.distribution.events.v1+json",
        }
        status, answer, _ = service.request(
            "POST", "/hooks/registry", json.dumps({"events": [event]}).encode(), headers
        )
        self.assertEqual(status, 200, answer)
        self.assertIn("layer", answer["ignored"])


class CommandLine(Fleet):
    def notify(self, service, *arguments, secret=real_parts.TEST_SECRET):
        command = [
            real_parts.linkspan_binary(), "notify", "--url", f"http://127.0.0.1:{service.port}/hooks/ci", *arguments
        ]
        return subprocess.run(
            command, capture_output=True, text=True, timeout=real_parts.PATIENCE,
            env={**os.environ, "LINKSPAN_SECRET": secret},
        )

    def test_notify_waits_and_prints_the_commit(self):
        registry = self.registry(notify=False)
        repository = self.repository(registry.host)
        config = self.config(registry, f"file://{repository.bare}")
        config["retry"]["missing_tag"] = "1s"
        service = self.linkspan(config)
        digest = registry.push(APP, "1.1.0")
        image = ["--image", f"{registry.host}/{APP}", "--wait"]
        done = self.notify(service, *image, "--tag", "1.1.0", "--digest", digest, "--revision", "f" * 40)
        self.assertEqual(done.returncode, 0, done)
        self.assertIn(f"commit {repository.tip()}", done.stdout)
        self.assertIn(f"Linkspan-Source-Revision: {'f' * 40}", git("log", "-1", "--format=%B", "main", cwd=repository.bare))
        self.assertEqual(self.notify(service, *image, "--tag", "1.1.7").returncode, 1)
        self.assertEqual(self.notify(service, *image, "--tag", "1.1.0", secret="test-wrong-secret").returncode, 3)
        unwatched = self.notify(service, "--image", "registry.example.com/x/y", "--tag", "1", "--wait")
        self.assertEqual(unwatched.returncode, 4, unwatched)
        service.end()
        gone = self.notify(service, *image, "--tag", "1.1.0", "--timeout", "1")
        self.assertEqual(gone.returncode, 69, gone)

    def test_sighup_reloads_or_keeps_the_old_config_with_the_reason(self):
        registry = self.registry(notify=False)
        repository = self.repository(registry.host)
        config = self.config(registry, f"file://{repository.bare}")
        service = self.linkspan(config)
        service.config_file.write_text("recievers: []\n")
        service.process.child.send_signal(signal.SIGHUP)
        wait_until(lambda: "not reloaded" in service.process.output(), what="the refusal in the log")
        self.assertIn('unknown key "recievers"', service.process.output())
        config["targets"][0]["name"] = "production"
        service.write_config(config)
        service.process.child.send_signal(signal.SIGHUP)

        def names():
            return [t["name"] for t in service.request("GET", "/v1/targets")[1]["targets"]]

        wait_until(lambda: names() == ["production"], what="the new target")

    def test_a_changed_file_is_noticed_however_it_changes(self):
        registry = self.registry(notify=False)
        repository = self.repository(registry.host)
        config = self.config(registry, f"file://{repository.bare}")
        service = real_parts.Linkspan(self.directory / "linkspan", config, port=self.linkspan_port)
        self.addCleanup(service.end)
        folder = service.config_file.parent

        def named(name):
            config["targets"][0]["name"] = name
            service.write_config(config)  # in place
            return service.config_file.read_text()

        def names():
            return [t["name"] for t in service.request("GET", "/v1/targets")[1]["targets"]]

        # As Kubernetes mounts a ConfigMap: the file is a link into a folder that is a link.
        texts = {version: named(version) for version in ("one", "two")}
        for version, text in texts.items():
            (folder / f"..{version}").mkdir()
            (folder / f"..{version}" / "linkspan.yaml").write_text(text)
        service.config_file.unlink()
        os.symlink("..one", folder / "..data")
        os.symlink("..data/linkspan.yaml", service.config_file)
        service.start()
        self.assertEqual(names(), ["one"])
        os.symlink("..two", folder / "..next")
        os.rename(folder / "..next", folder / "..data")
        wait_until(lambda: names() == ["two"], what="the swapped folder")
        # As editors do: another file takes its name.
        (folder / "new").write_text(texts["two"].replace('"name": "two"', '"name": "three"'))
        os.rename(folder / "new", service.config_file)
        wait_until(lambda: names() == ["three"], what="the file that took its place")
        service.config_file.write_text("recievers: []\n")
        wait_until(lambda: "not reloaded" in service.process.output(), what="the refusal in the log")
        self.assertEqual(names(), ["three"])
        named("four")
        wait_until(lambda: names() == ["four"], what="the file written in place")


if __name__ == "__main__":
    unittest.main(verbosity=2)
