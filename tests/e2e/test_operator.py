"""What operators do, on real parts: holds, resume, replay, rollback, lists, and who may."""

import json
import os
import pathlib
import subprocess
import time
import unittest
import uuid

import real_parts
from real_parts import wait_until
from test_main_job import APP, Fleet as Base

OPERATOR = {"Authorization": "Bearer test-operator-token"}
READER = {"Authorization": "Bearer test-reader-token"}
STAGING = {"Authorization": "Bearer test-staging-token"}
PLACE = "/v1/targets/prod/policies/flux-system%3Aapp"


class Operator(Base):
    def setUp(self):
        super().setUp()
        self.reg = self.registry(notify=False)
        self.repo = self.repository(self.reg.host)
        self.reg.push(APP, "1.0.0")
        config = self.config(self.reg, str(self.repo.bare))
        config["operators"] = [
            {"name": "alice", "role": "operator", "token": {"env": "ALICE"}},
            {"name": "wall", "token": {"env": "WALL"}},
            {"name": "bot", "role": "operator", "token": {"env": "BOT"}, "targets": ["staging-*"]},
        ]
        self.service_config = config
        tokens = {"ALICE": "test-operator-token", "WALL": "test-reader-token", "BOT": "test-staging-token"}
        self.service = self.started(
            real_parts.Linkspan(self.directory / "linkspan", config, self.linkspan_port, env=tokens)
        ).start()

    def post(self, path, body, headers=OPERATOR, status=200):
        got, answer, _ = self.service.request("POST", path, json.dumps(body), headers)
        self.assertEqual(got, status, answer)
        return answer

    def get(self, path, headers=OPERATOR):
        status, answer, _ = self.service.request("GET", path, headers=headers)
        self.assertEqual(status, 200, answer)
        return answer

    def push(self, tag):
        self.reg.push(APP, tag)
        return self.tell(tag)

    def tell(self, tag):
        # Each push is news, also when its body says the same as the one before.
        key = {"Idempotency-Key": str(uuid.uuid4())}
        status, answer, _ = self.service.ci({"image": f"{self.reg.host}/{APP}", "tag": tag}, headers=key)
        self.assertEqual(status, 202, answer)
        return answer["id"]

    def outcome(self, delivery):
        trail = self.service.trail(delivery)
        self.assertTrue(trail["settled"], trail)
        return trail["events"][0]["targets"][0]

    def cli(self, *arguments):
        env = {**os.environ, "LINKSPAN_URL": f"http://127.0.0.1:{self.linkspan_port}", "LINKSPAN_TOKEN": "test-operator-token"}
        return subprocess.run(
            [real_parts.linkspan_binary(), *arguments], env=env, capture_output=True, text=True, timeout=real_parts.PATIENCE
        )


class Holds(Operator):
    def test_held_until_resumed(self):
        held = self.post(PLACE + "/hold", {"reason": "freeze for the audit"})["hold"]
        self.assertEqual((held["target"], held["policy"], held["who"]), ("prod", "flux-system:app", "alice"))
        before = self.repo.tip()
        work = self.outcome(self.push("1.1.0"))
        self.assertEqual(work["outcome"], "held", work)
        self.assertIn("alice: freeze for the audit", work["reason"])
        self.assertEqual(work["decision"]["held"]["by"], "alice")
        self.assertEqual(self.repo.tip(), before)
        # A hold survives a crash.
        self.service.kill()
        self.service.start()
        self.assertEqual(len(self.get("/v1/holds")["holds"]), 1)
        targets = self.get("/v1/targets")["targets"]
        self.assertEqual(targets[0]["policies"][0]["state"]["last"]["outcome"], "held")
        self.assertEqual(len(targets[0]["policies"][0]["state"]["holds"]), 1)

        # The short name means the same policy.
        resumed = self.post("/v1/targets/prod/policies/app/resume", {"reason": "audit is over"})
        self.assertEqual(len(resumed["resumed"]), 1)
        work = self.outcome(resumed["delivery"]["id"])
        self.assertEqual(work["outcome"], "committed", work)
        self.assertIn(":1.1.0", self.repo.show("clusters/prod/app.yaml"))
        self.assertEqual(self.get("/v1/holds")["holds"], [])
        self.assertEqual(
            [(entry["action"], entry["who"], entry["why"]) for entry in self.get("/v1/audit")["audit"]],
            [("resume", "alice", "audit is over"), ("hold", "alice", "freeze for the audit")],
        )
        self.post(PLACE + "/resume", {"reason": "again"}, status=404)

    def test_a_held_tag_leaves_newer_ones_free(self):
        self.post(PLACE + "/hold", {"reason": "login is broken", "tag": "1.1.0"})
        self.assertEqual(self.outcome(self.push("1.1.0"))["outcome"], "held")
        self.assertEqual(self.outcome(self.push("1.1.1"))["outcome"], "committed")
        self.assertIn(":1.1.1", self.repo.show("clusters/prod/app.yaml"))

    def test_runs_out_by_itself(self):
        # Pushed before, so that only the word about it has to come within the moment.
        self.reg.push(APP, "1.1.0")
        self.post(PLACE + "/hold", {"reason": "for a moment", "until": "10s"})
        self.assertEqual(self.outcome(self.tell("1.1.0"))["outcome"], "held")
        self.service.kill()
        self.service.start()
        wait_until(lambda: ":1.1.0" in self.repo.show("clusters/prod/app.yaml"), what="the commit after the hold")
        self.assertEqual(self.get("/v1/audit")["audit"][0]["who"], "linkspan")
        made = self.get("/v1/deliveries?receiver=operator")["deliveries"]
        self.assertEqual(len(made), 1)


class Access(Operator):
    def test_who_may_do_what(self):
        body = json.dumps({"reason": "r"})
        for headers, status in [({}, 401), (READER, 403), (STAGING, 403), ({"Authorization": "Bearer x"}, 401)]:
            self.assertEqual(self.service.request("POST", PLACE + "/hold", body, headers)[0], status, headers)
        for headers, status in [({}, 401), (READER, 200), (STAGING, 200), (OPERATOR, 200)]:
            self.assertEqual(self.service.request("GET", "/v1/holds", None, headers)[0], status, headers)
        self.assertEqual(self.get("/v1/audit")["audit"], [])

    def test_what_is_wrong_is_said(self):
        for path, body, status, said in [
            (PLACE + "/hold", {}, 400, "reason"),
            (PLACE + "/hold", {"reason": " "}, 400, "reason"),
            (PLACE + "/hold", {"reason": "r", "untill": "1h"}, 400, "not known"),
            (PLACE + "/hold", {"reason": "r", "until": "yesterday"}, 400, "until"),
            (PLACE + "/hold", {"reason": "r", "tag": "no tag"}, 400, "tag"),
            ("/v1/targets/nowhere/policies/app/hold", {"reason": "r"}, 404, "no such target"),
            ("/v1/targets/prod/policies/other/hold", {"reason": "r"}, 404, "no such policy"),
            (PLACE + "/rollback", {"reason": "r"}, 409, "to"),
            ("/v1/deliveries/none/replay", {"reason": "r"}, 404, "no delivery"),
        ]:
            self.assertIn(said, self.post(path, body, status=status)["detail"])
        self.assertEqual(self.service.request("GET", PLACE + "/hold", headers=OPERATOR)[2]["Allow"], "POST")


class Again(Operator):
    def test_replay_decides_anew(self):
        first = self.push("1.1.0")
        self.outcome(first)
        again = self.post(f"/v1/deliveries/{first}/replay", {"reason": "to be sure"}, status=202)
        self.assertEqual(self.outcome(again["id"])["outcome"], "already_current")
        self.assertEqual(self.service.trail(again["id"])["receiver"], "operator")
        self.assertEqual(self.get(f"/v1/audit?subject=deliveries/{first}")["audit"][0]["action"], "replay")

    def test_a_dead_letter_is_listed_and_replayed(self):
        moved = self.repo.bare.with_name("moved.git")
        self.repo.bare.rename(moved)
        dead = self.push("1.1.0")
        self.assertEqual(self.outcome(dead)["outcome"], "failed")
        self.assertEqual([d["id"] for d in self.get("/v1/deliveries?state=failed")["deliveries"]], [dead])
        moved.rename(self.repo.bare)
        done = self.cli("replay", dead, "--reason", "the repository is back", "--wait")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("committed", done.stdout)

    def test_a_rollback_holds_the_bad_tag(self):
        self.outcome(self.push("1.0.0"))
        self.assertEqual(self.outcome(self.push("1.1.0"))["outcome"], "committed")
        answer = self.post(PLACE + "/rollback", {"reason": "login is broken"}, status=202)
        trail = self.service.trail(answer["id"])
        self.assertEqual((trail["sender"], trail["events"][0]["tag"]), ("rollback", "1.0.0"))
        (held,) = self.get("/v1/holds")["holds"]
        self.assertEqual((held["tag"], held["who"], held["why"]), ("1.1.0", "alice", "login is broken"))
        work = self.outcome(answer["id"])
        self.assertEqual(work["outcome"], "committed", work)
        self.assertIn("alice asked for it: login is broken", work["reason"])
        self.assertIn(f'{APP}:1.0.0"', self.repo.show("clusters/prod/app.yaml"))
        message = real_parts.git("log", "-1", "--format=%B", "main", cwd=self.repo.bare)
        self.assertIn("Roll back app to 1.0.0 in prod", message)
        self.assertIn("alice asked for it: login is broken", message)
        # The bad tag stays away, the next one comes, and a second rollback can name its tag.
        self.assertEqual(self.outcome(self.push("1.1.0"))["outcome"], "held")
        self.assertEqual(self.outcome(self.push("1.2.0"))["outcome"], "committed")
        answer = self.post(PLACE + "/rollback", {"reason": "to be safe", "to": "1.0.0"}, status=202)
        self.assertEqual(self.outcome(answer["id"])["outcome"], "committed")
        self.assertIn(f'{APP}:1.0.0"', self.repo.show("clusters/prod/app.yaml"))
        self.post(PLACE + "/rollback", {"reason": "once more", "to": "1.0.0"}, status=409)

    def test_a_second_rollback_goes_further_back(self):
        for tag in ("1.0.0", "1.1.0", "1.2.0"):
            self.outcome(self.push(tag))
        for tag in ("1.1.0", "1.0.0"):
            answer = self.post(PLACE + "/rollback", {"reason": "still broken"}, status=202)
            self.assertEqual(self.outcome(answer["id"])["outcome"], "committed")
            self.assertIn(f'{APP}:{tag}"', self.repo.show("clusters/prod/app.yaml"))
        self.post(PLACE + "/rollback", {"reason": "once more"}, status=409)

    def test_a_rollback_to_what_is_not_there_holds_nothing(self):
        self.assertEqual(self.outcome(self.push("1.1.0"))["outcome"], "committed")
        answer = self.post(PLACE + "/rollback", {"reason": "a typing error", "to": "9.9.9"}, status=202)
        work = self.outcome(answer["id"])
        self.assertEqual(work["outcome"], "refused", work)
        self.assertEqual(self.get("/v1/holds")["holds"], [])

    def test_a_rollback_of_a_moving_tag_goes_back_to_its_digest(self):
        config = json.loads(self.service.config_file.read_text())
        config["policies"][0].update({"select": {"digest": "main"}, "digest": "pin"})
        self.service.config_file.write_text(json.dumps(config))
        self.service.reload()
        digests = []
        for layers in (1, 2, 3):
            digests.append(self.reg.push(APP, "main", layers=layers))
            answer = self.service.ci({"image": f"{self.reg.host}/{APP}", "tag": "main", "digest": digests[-1]})[1]
            self.assertEqual(self.outcome(answer["id"])["outcome"], "committed")
        self.assertIn(digests[2], self.repo.show("clusters/prod/app.yaml"))
        answer = self.post(PLACE + "/rollback", {"reason": "it leaks"}, status=202)
        work = self.outcome(answer["id"])
        self.assertEqual(work["outcome"], "committed", work)
        self.assertIn(digests[1], self.repo.show("clusters/prod/app.yaml"))
        (held,) = self.get("/v1/holds")["holds"]
        self.assertEqual((held["tag"], held["digest"]), ("main", digests[2]))
        again = self.service.ci({"image": f"{self.reg.host}/{APP}", "tag": "main", "digest": digests[2]},
                                headers={"Idempotency-Key": "once-more"})[1]
        self.assertEqual(self.outcome(again["id"])["outcome"], "held")

    def test_what_a_person_reverted_comes_back_when_resumed(self):
        self.assertEqual(self.outcome(self.push("1.1.0"))["outcome"], "committed")
        clone = self.repo.clone
        real_parts.git("fetch", "--quiet", "origin", cwd=clone)
        real_parts.git("reset", "--quiet", "--hard", "origin/main", cwd=clone)
        real_parts.git("revert", "--no-edit", "HEAD", cwd=clone)
        real_parts.git("push", "--quiet", "origin", "HEAD:main", cwd=clone)
        self.assertEqual(self.outcome(self.push("1.1.0"))["outcome"], "held")
        places = self.get("/v1/holds")["places"]
        self.assertTrue(places)
        self.assertEqual({p["tag"] for p in places}, {"1.1.0"})
        self.assertIn("Ada Human", places[0]["why"])
        answer = self.post(PLACE + "/resume", {"reason": "it was not the image"})
        self.assertEqual(self.outcome(answer["delivery"]["id"])["outcome"], "committed", answer)
        self.assertEqual(self.get("/v1/holds"), {"holds": [], "places": []})


class Lists(Operator):
    def test_filters_and_pages(self):
        ids = [self.push(f"1.{n}.0") for n in range(1, 4)]
        for one in ids:
            self.outcome(one)
        image = f"{self.reg.host}/{APP}"
        for query, wanted in [
            ("", 3), ("receiver=ci", 3), ("receiver=x", 0), ("target=prod", 3), ("target=x", 0),
            (f"image={image}", 3), ("image=x/y", 0), ("outcome=committed", 3), ("outcome=refused", 0),
            ("state=pending", 0), ("state=waiting", 0), ("state=failed", 0),
            ("since=2020-01-01T00:00:00Z", 3), ("until=2020-01-01T00:00:00Z", 0),
        ]:
            with self.subTest(query):
                self.assertEqual(len(self.get("/v1/deliveries?" + query)["deliveries"]), wanted)
        seen, after = [], ""
        while after is not None:
            page = self.get("/v1/deliveries?limit=2" + (f"&after={after}" if after else ""))
            seen += [d["id"] for d in page["deliveries"]]
            after = page["next"]
        self.assertEqual(seen, ids[::-1])
        self.assertEqual(self.service.request("GET", "/v1/deliveries?state=x", headers=OPERATOR)[0], 400)

    def test_answers_are_what_the_description_says(self):
        document = self.get("/openapi.json", {})
        try:
            import jsonschema
        except ImportError:
            self.skipTest("python3-jsonschema is not installed")
        delivery = self.push("1.1.0")
        self.outcome(delivery)

        def check(name, value):
            schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
            jsonschema.Draft202012Validator(schema).validate(value)

        check("HoldAnswer", self.post(PLACE + "/hold", {"reason": "r", "tag": "1.1.0"}))
        check("Targets", self.get("/v1/targets"))
        check("Holds", self.get("/v1/holds"))
        check("Audit", self.get("/v1/audit"))
        check("Images", self.get("/v1/images"))
        check("Deliveries", self.get("/v1/deliveries"))
        check("Trail", self.service.trail(delivery))
        check("ResumeAnswer", self.post(PLACE + "/resume", {"reason": "r"}))
        check("Accepted", self.post(f"/v1/deliveries/{delivery}/replay", {"reason": "r"}, status=202))
        check("Started", self.post(PLACE + "/rollback", {"reason": "r", "to": "1.0.0"}, status=202))
        check("Problem", self.post(PLACE + "/hold", {}, status=400))
        with self.assertRaises(jsonschema.ValidationError):
            check("Holds", {"holds": [{}]})


class CommandLine(Operator):
    def test_hold_status_resume(self):
        done = self.cli("hold", "prod", "app", "--reason", "freeze", "--until", "2h")
        self.assertEqual(done.returncode, 0, done.stderr)
        done = self.cli("status")
        self.assertIn("freeze (alice, until ", done.stdout)
        status = json.loads(self.cli("status", "--output", "json").stdout)
        self.assertEqual(len(status["holds"]), 1)
        self.assertEqual(self.cli("resume", "prod", "app", "--reason", "over").returncode, 0)
        self.assertIn("alice resume targets/prod/policies/flux-system:app: over", self.cli("audit").stdout)
        self.assertEqual(self.cli("resume", "prod", "app", "--reason", "over").returncode, 1)
        self.assertEqual(self.cli("hold", "prod", "app").returncode, 64)
        self.assertEqual(self.cli("status", "--url", "http://127.0.0.1:1").returncode, 69)


class NoOperators(Base):
    def test_actions_say_what_to_configure(self):
        registry = self.registry(notify=False)
        repository = self.repository(registry.host)
        service = self.started(
            real_parts.Linkspan(
                self.directory / "linkspan", self.config(registry, str(repository.bare)), self.linkspan_port
            )
        ).start()
        status, answer, _ = service.request("POST", PLACE + "/hold", '{"reason": "r"}', OPERATOR)
        self.assertEqual(status, 403)
        self.assertIn("configure operators", answer["detail"])
        self.assertEqual(service.request("GET", "/v1/holds")[0], 200)


# The base is for its helpers; its own tests are in test_main_job.py.
del Base

if __name__ == "__main__":
    unittest.main()
