"""The index on real parts: a restart reads nothing again, a commit that touches ten files costs ten, a lost mirror none;
fields, mirrors and .linkspanignore; `linkspan edit` and the service write the same.
"""

import contextlib
import json
import re
import shutil
import sqlite3
import subprocess
import unittest

import real_parts
from real_parts import git, run, wait_until
from test_main_job import APP, Fleet

FILES = 400
LOOK = re.compile(r"repository fleet: (\d+) files looked at, (\d+) of them read")


def fleet_files(host):
    files = {
        f"clusters/prod/{i // 20}/app-{i}.yaml": f"image: {host}/acme/other-{i}:1.0.0\n" for i in range(FILES - 2)
    }
    files["clusters/prod/app.yaml"] = f"# ours\nimage: '{host}/{APP}:1.0.0'\n"
    files["README.md"] = f"image: {host}/{APP}:1.0.0\n"
    return files


class Index(Fleet):
    def looks(self, service):
        return [(int(changed), int(read)) for changed, read in LOOK.findall(service.process.output())]

    def look(self, service, times=1):
        """What the look at the start has said."""
        return wait_until(lambda: self.looks(service)[times - 1 :], what="a look at the repository")[0]

    def committed(self, service, registry, tag):
        registry.push(APP, tag)
        status, body, _ = service.ci({"image": f"{registry.host}/{APP}", "tag": tag})
        self.assertIn(status, (200, 202), body)
        trail = service.trail(body["id"])
        self.assertTrue(trail["settled"], trail)
        outcome = self.outcome(trail)
        self.assertEqual(outcome["outcome"], "committed", outcome)
        return outcome

    def restarted(self, service):
        service.end()
        log = service.directory / "linkspan.log"
        log.rename(log.with_suffix(f".{log.stat().st_mtime_ns}"))
        return service.start()

    def test_what_was_read_is_not_read_again(self):
        registry = self.registry(notify=False)
        repository = self.repository(registry.host, fleet_files(registry.host))
        service = self.linkspan(self.config(registry, f"file://{repository.bare}"))
        self.assertEqual(self.look(service), (FILES, FILES - 1))
        self.committed(service, registry, "1.1.0")
        self.assertIn(":1.1.0'", repository.show("clusters/prod/app.yaml"))

        # The file that Linkspan wrote was looked at by nobody yet.
        service = self.restarted(service)
        self.assertEqual(self.look(service), (FILES, 1))

        repository.human_commit(
            {f"clusters/prod/0/app-{i}.yaml": f"image: {registry.host}/acme/new-{i}:1.0.0\n" for i in range(10)},
            "Ten files",
        )
        service = self.restarted(service)
        self.assertEqual(self.look(service), (FILES, 10))

        service.end()
        shutil.rmtree(service.directory / "data" / "mirrors")
        service = self.restarted(service)
        self.assertEqual(self.look(service), (FILES, 0))
        self.committed(service, registry, "1.2.0")
        self.assertIn("# ours\n", repository.show("clusters/prod/app.yaml"))
        self.assertIn(":1.2.0'", repository.show("clusters/prod/app.yaml"))

    def test_what_an_older_scanner_found_is_used_and_read_again_beside_the_events(self):
        registry = self.registry(notify=False)
        repository = self.repository(registry.host, fleet_files(registry.host))
        service = self.linkspan(self.config(registry, f"file://{repository.bare}"))
        self.assertEqual(self.look(service), (FILES, FILES - 1))
        database = service.directory / "linkspan.db"
        self.assertTrue(database.exists(), list(service.directory.rglob("*.db")))

        def versions():
            with contextlib.closing(sqlite3.connect(database, timeout=30)) as db:
                return dict(db.execute("SELECT version, count(*) FROM blob_index GROUP BY version"))

        wait_until(lambda: sum(versions().values()) == FILES - 1, what="the index in the store")
        (current,) = versions()
        service.end()
        with contextlib.closing(sqlite3.connect(database)) as db:
            db.execute("UPDATE blob_index SET version = version - 1")
            db.commit()
        service = self.restarted(service)
        self.assertEqual(self.look(service), (FILES, 0), "it is not waited for")
        self.committed(service, registry, "1.1.0")
        self.assertIn(":1.1.0'", repository.show("clusters/prod/app.yaml"))
        wait_until(lambda: current - 1 not in versions(), what="everything to be read again")
        self.assertEqual(list(versions()), [current])

    def test_a_marker_of_no_policy_is_told(self):
        registry = self.registry(notify=False)
        files = fleet_files(registry.host)
        files["clusters/prod/typo.yaml"] = f'image: {registry.host}/acme/x:1 # {{"$imagepolicy": "flux:appp"}}\n'
        repository = self.repository(registry.host, files)
        service = self.linkspan(self.config(registry, f"file://{repository.bare}"))
        registry.push(APP, "1.1.0")
        _, body, _ = service.ci({"image": f"{registry.host}/{APP}", "tag": "1.1.0"})
        told = json.dumps(service.trail(body["id"]))
        self.assertIn("clusters/prod/typo.yaml:1: the marker names", told)
        self.assertIn("flux:appp", told)

    def test_fields_mirrors_and_ignored_files(self):
        registry = self.registry(notify=False)
        image = f"{registry.host}/{APP}"
        mirrored = f"mirror.example.com/ours/{APP}"
        files = {
            ".linkspanignore": "vendor/\n",
            "clusters/prod/app.yaml": f"image: {image}:1.0.0\n",
            "clusters/prod/vendor/app.yaml": f"image: {image}:1.0.0\n",
            "clusters/prod/mirrored.yaml": f"image: {mirrored}:1.0.0 # through the mirror\n",
            "clusters/prod/app.json": f'{{"deploy": {{"ref": "{image}:1.0.0"}}}}\n',
            "clusters/prod/.env": "# versions\nAPP_TAG=1.0.0\nOTHER_TAG=1.0.0\n",
            "clusters/prod/main.tf": f'locals {{\n  image = "{image}:1.0.0" // keep\n}}\n',
        }
        repository = self.repository(registry.host, files)
        config = self.config(registry, f"file://{repository.bare}")
        config["mirrors"] = [{"source": registry.host, "mirror": "mirror.example.com/ours"}]
        config["targets"][0]["fields"] = [
            {"files": "**/*.json", "path": "deploy.ref"},
            {"files": "**/.env", "path": "APP_TAG", "role": "tag"},
            {"files": "**/*.tf", "pattern": 'image = "(?P<image>[^"]+)"'},
        ]
        service = self.linkspan(config)
        self.committed(service, registry, "1.1.0")
        changed = git("diff", "--name-only", "HEAD~1", "HEAD", cwd=repository.bare).split()
        self.assertEqual(
            changed,
            [f"clusters/prod/{name}" for name in (".env", "app.json", "app.yaml", "main.tf", "mirrored.yaml")],
        )
        self.assertEqual(
            repository.show("clusters/prod/.env"), "# versions\nAPP_TAG=1.1.0\nOTHER_TAG=1.0.0\n"
        )
        for path in changed[1:]:
            self.assertEqual(repository.show(path), files[path].replace("1.0.0", "1.1.0"), path)

    def test_a_file_that_was_asked_for_and_cannot_be_read_is_said(self):
        registry = self.registry(notify=False)
        repository = self.repository(registry.host, {"clusters/prod/app.json": "{\n"})
        config = self.config(registry, f"file://{repository.bare}")
        config["targets"][0]["fields"] = [{"files": "**/*.json", "path": "ref"}]
        service = self.linkspan(config)
        registry.push(APP, "1.1.0")
        _, body, _ = service.ci({"image": f"{registry.host}/{APP}", "tag": "1.1.0"})
        outcome = self.outcome(service.trail(body["id"]))
        self.assertEqual(outcome["outcome"], "refused", outcome)
        self.assertIn('clusters/prod/app.json: asked for by "fields", and can\'t be read', outcome["reason"])

    def test_edit_writes_what_the_service_writes(self):
        registry = self.registry(notify=False)
        image = f"{registry.host}/{APP}"
        files = {
            ".linkspanignore": "*.skip.yaml\n",
            "clusters/prod/a.yaml": f"image: {image}:1.0.0   # x\n",
            "clusters/prod/b.skip.yaml": f"image: {image}:1.0.0\n",
            "clusters/prod/kustomization.yaml": f"images:\r\n- name: {image}\r\n  newTag: 1.0.0\r\n",
            "clusters/prod/look-alike.yaml": f"image: {image}-debug:1.0.0\n",
            "clusters/prod/marked.yaml": 'tag: 1.0.0 # {"$imagepolicy": "flux-system:app:tag"}\n'
            f'image: {image}:1.0.0 # {{"$imagepolicy": "flux-system:other"}}\n',
            "clusters/prod/template.yaml": "image: {{ .Values.image }}\n",
        }
        repository = self.repository(registry.host, files)
        service = self.linkspan(self.config(registry, f"file://{repository.bare}"))
        by_hand = self.directory / "by-hand"
        git("clone", "--quiet", repository.bare, by_hand)
        self.committed(service, registry, "1.1.0")
        run(
            [
                real_parts.linkspan_binary(), "edit", "--write", "--image", f"{image}:1.1.0",
                "--marker", f"flux-system:app={image}:1.1.0", str(by_hand),
            ]
        )
        self.assertNotEqual(repository.show("clusters/prod/a.yaml"), files["clusters/prod/a.yaml"])
        for path in files:
            self.assertEqual((by_hand / path).read_bytes().decode(), repository_bytes(repository, path), path)


def repository_bytes(repository, path):
    """As `git show`, without anything done to line endings."""
    return subprocess.run(
        ["git", "show", f"main:{path}"], cwd=repository.bare, check=True, capture_output=True
    ).stdout.decode()


if __name__ == "__main__":
    unittest.main()
