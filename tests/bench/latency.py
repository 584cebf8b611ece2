#!/usr/bin/env python3
"""From an event to its commit on the remote, by a warm service, beside `git push` of a prepared commit to the same remote.

Both in turns, so that what else the machine does is in both. The registry, the Git server (git http-backend behind Apache) and
Linkspan are real. Git pushes to a branch of its own: a human's push to Linkspan's branch would be a race, not a yardstick.

Usage: latency.py [--files 1000,10000,50000] [--rounds 21] [--history 20000]

Goals: at most 1.5 times `git push`; the largest repository at most 1.2 times the smallest; less than 100 MB resident with 50,000
files. With --history the first size is measured once more with so many commits behind it.
"""

import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import real_parts
from real_parts import git

PLACE = "clusters/00/apps/00/app.yaml"


def manifest(host, name, tag):
    return (
        f"apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: app\nspec:\n  template:\n    spec:\n      containers:\n"
        f"        - name: app\n          image: {host}/{name}:{tag}  # of the release\n          ports: [{{containerPort: 8080}}]\n"
    )


def blob(text):
    data = text.encode()
    return b"data %d\n%s\n" % (len(data), data)


def make_history(repository, host, app, files, commits):
    """`files` files in folders of fifty, and before them `commits` commits."""
    who = b"committer Ada Human <ada@example.com> %d +0000\n"
    with subprocess.Popen(["git", "fast-import", "--quiet", "--force"], cwd=repository, stdin=subprocess.PIPE) as importer:
        out = importer.stdin
        out.write(b"commit refs/heads/main\n" + who % 1_700_000_000 + blob("Manifests"))
        out.write(f"M 100644 inline {PLACE}\n".encode() + blob(manifest(host, app, "1.0.0")))
        for n in range(1, files):
            out.write(f"M 100644 inline clusters/{n // 1000:02}/apps/{n // 50 % 20:02}/app{n % 50:02}.yaml\n".encode())
            out.write(blob(manifest(host, f"team/app{n}", "1.0.0")))
        for n in range(commits):
            out.write(b"commit refs/heads/main\n" + who % (1_700_000_001 + n) + blob(f"Change {n}"))
            out.write(f"M 100644 inline clusters/00/log{n % 50:02}.txt\n".encode() + blob(f"line {n}\n"))
        out.close()
        if importer.wait() != 0:
            raise RuntimeError("git fast-import failed")
    git("update-ref", "refs/heads/people", "main", cwd=repository)
    git("repack", "-adq", cwd=repository)


class Bare:
    """What real_parts.WebServer serves."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.bare = self.directory / "fleet.git"
        self.bare.mkdir(parents=True)
        git("init", "--quiet", "--bare", "--initial-branch=main", self.bare)
        git("config", "http.receivepack", "true", cwd=self.bare)
        git("config", "gc.auto", "0", cwd=self.bare)
        git("config", "receive.autogc", "false", cwd=self.bare)

    def give_to_server(self):
        if os.geteuid() == 0:
            real_parts.run(["chown", "-R", "www-data:www-data", str(self.bare)])

    def loose(self, branch):
        """What the branch's file holds; a packed reference has none, and is older than any push."""
        try:
            return (self.bare / "refs/heads" / branch).read_text()
        except FileNotFoundError:
            return ""


def resident(process):
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int([line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")][0]) / 1024


def milliseconds(began):
    return (time.monotonic() - began) * 1000


def measure(directory, registry, files, commits, rounds):
    app = f"acme/web-{files}-{commits}"  # the registry is shared: each run has an image of its own
    remote = Bare(directory / "git")
    make_history(remote.bare, registry.host, app, files, commits)
    web = real_parts.WebServer(directory / "web", remote)
    service = real_parts.Linkspan(directory / "linkspan", {
        "registries": [{"host": registry.host, "insecure": True}],
        "repositories": [{"name": "fleet", "url": web.url, "branch": "main"}],
        "policies": [{"name": "web", "image": f"{registry.host}/{app}", "select": {"semver": "*"}}],
        "targets": [{"name": "all", "repository": "fleet", "policies": ["web"]}],
    })
    try:
        service.start()
        person = directory / "person.git"
        git("clone", "--quiet", "--bare", web.url, person)
        events, pushes = [], []
        for number in range(rounds + 2):
            # Git: the commit is there, only its push counts.
            base = git("rev-parse", "refs/heads/people", cwd=person).strip()
            text = manifest(registry.host, "team/people", f"1.{number}.0")
            subprocess.run(
                ["git", "fast-import", "--quiet"], cwd=person, check=True,
                input=b"commit refs/heads/people\ncommitter Ada Human <ada@example.com> 1800000000 +0000\n" + blob(f"Bump {number}")
                + f"from {base}\nM 100644 inline clusters/00/apps/01/app00.yaml\n".encode() + blob(text))
            began = time.monotonic()
            git("push", "--quiet", web.url, "people", cwd=person)
            pushed = milliseconds(began)
            # Linkspan: the image is there, the event comes. Commits that follow each other within a second wait for company.
            time.sleep(1.1)
            tag = f"1.{number + 1}.0"
            registry.push(app, tag, layers=1)
            before = remote.loose("main")
            began = time.monotonic()
            status, answer, _ = service.ci({"image": f"{registry.host}/{app}", "tag": tag})
            if status != 202:
                raise RuntimeError(f"{status} {answer}")
            while remote.loose("main") == before:
                if time.monotonic() - began > 120:
                    raise RuntimeError(f"no commit for {tag}:\n{service.process.tail()}")
                time.sleep(0.0005)
            landed = milliseconds(began)
            service.trail(answer["id"])
            if number >= 2:  # both are warm
                events.append(landed)
                pushes.append(pushed)
        return statistics.median(events), statistics.median(pushes), resident(service.process.child)
    finally:
        service.end()
        web.end()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", default="1000,10000,50000")
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--history", type=int, default=20_000)
    options = parser.parse_args()
    directory = pathlib.Path(tempfile.mkdtemp(prefix="linkspan-latency-"))
    os.chmod(directory, 0o755)
    registry = None
    try:
        registry = real_parts.Registry(directory / "registry")
        sizes = [int(size) for size in options.files.split(",")]
        runs = [(size, 0) for size in sizes] + ([(sizes[0], options.history)] if options.history else [])
        smallest = None
        for files, commits in runs:
            event, push, memory = measure(directory / f"{files}-{commits}", registry, files, commits, options.rounds)
            smallest = smallest or event
            behind = f", {commits} commits of history" if commits else ""
            print(f"{files:6} files{behind}: event to commit {event:.0f} ms, git push {push:.0f} ms, ratio {event / push:.2f} (goal 1.5), "
                  f"to the smallest {event / smallest:.2f} (goal 1.2), resident {memory:.0f} MB", flush=True)
    finally:
        if registry:
            registry.end()
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
