#!/usr/bin/env python3
"""A thousand different images pushed at once into one repository: how many commits, and how long until all have settled.

Beside it, in the same run: `git push` of one prepared commit that changes all the files. The registry, the Git server (git
http-backend) and Linkspan are real. Usage: burst.py [IMAGES]
"""

import hashlib
import hmac
import http.client
import json
import os
import pathlib
import shutil
import sys
import tempfile
import threading
import time
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import real_parts
from real_parts import git


def push_images(registry, names, tag):
    """Straight through the API: one config and one layer for all, a manifest for each."""
    blob = b"{}"
    digest = "sha256:" + hashlib.sha256(blob).hexdigest()
    kind = "application/vnd.oci.image.manifest.v1+json"
    row = {"digest": digest, "size": len(blob)}

    def some(part):
        connection = http.client.HTTPConnection("127.0.0.1", registry.port, timeout=30)

        def call(method, path, body=None, headers=None):
            connection.request(method, path, body=body, headers=headers or {})
            answer = connection.getresponse()
            answer.read()
            if answer.status >= 300:
                raise RuntimeError(f"{method} {path}: {answer.status}")
            return answer

        for name in part:
            where = call("POST", f"/v2/{name}/blobs/uploads/").headers["Location"]
            where = where[where.index("/v2/"):]
            call("PUT", f"{where}{'&' if '?' in where else '?'}digest={digest}", blob,
                 {"Content-Type": "application/octet-stream"})
            manifest = json.dumps({
                "schemaVersion": 2, "mediaType": kind,
                "config": {"mediaType": "application/vnd.oci.image.config.v1+json", **row},
                "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar", **row}],
                "annotations": {"name": name, "tag": tag},
            })
            call("PUT", f"/v2/{name}/manifests/{tag}", manifest, {"Content-Type": kind})
        connection.close()

    threads = [threading.Thread(target=some, args=(names[i::4],)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    directory = pathlib.Path(tempfile.mkdtemp(prefix="linkspan-burst-"))
    os.chmod(directory, 0o755)
    parts = []
    try:
        registry = real_parts.Registry(directory / "registry")
        parts.append(registry)
        names = [f"acme/app{n:04}" for n in range(count)]
        push_images(registry, names, "1.1.0")
        files = {
            f"apps/{n % 20:02}/{name.split('/')[1]}.yaml":
                f"apiVersion: v1\nkind: Pod\nmetadata: {{name: app}}\nspec:\n  containers:\n    - name: app\n      image: {registry.host}/{name}:1.0.0\n"
            for n, name in enumerate(names)
        }
        repository = real_parts.ManifestRepository(directory / "git", files)
        web = real_parts.WebServer(directory / "web", repository)
        parts.append(web)
        service = real_parts.Linkspan(directory / "linkspan", {
            "registries": [{"host": registry.host, "insecure": True}],
            "repositories": [{"name": "fleet", "url": web.url, "branch": "main"}],
            "policies": [
                {"name": f"p{n}", "image": f"{registry.host}/{name}", "select": {"semver": "*"}}
                for n, name in enumerate(names)
            ],
            "targets": [{"name": "all", "repository": "fleet", "policies": [f"p{n}" for n in range(count)]}],
        })
        parts.append(service)
        service.start()
        base = repository.tip()

        bodies = []
        for name in names:
            data = json.dumps({"image": f"{registry.host}/{name}", "tag": "1.1.0"}).encode()
            signature = hmac.new(real_parts.TEST_SECRET.encode(), data, hashlib.sha256).hexdigest()
            bodies.append((data, {"Content-Type": "application/json", "X-Linkspan-Signature-256": f"sha256={signature}",
                                  "Idempotency-Key": str(uuid.uuid4())}))

        def send(part):
            connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=30)
            for data, headers in part:
                connection.request("POST", "/hooks/ci", data, headers)
                answer = connection.getresponse()
                answer.read()
                if answer.status != 202:
                    raise RuntimeError(f"{answer.status}")
            connection.close()

        began = time.monotonic()
        threads = [threading.Thread(target=send, args=(bodies[i::8],)) for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        accepted = time.monotonic() - began

        def pending():
            return service.request("GET", "/readyz")[1]["pending_work"]

        while pending() > 0:
            if time.monotonic() - began > 120:
                raise RuntimeError(f"{pending()} pieces of work are still pending")
            time.sleep(0.02)
        settled = time.monotonic() - began
        commits = git("rev-list", "--count", f"{base}..main", cwd=repository.bare).strip()
        changed = len(git("diff", "--name-only", base, "main", cwd=repository.bare).split())
        status = pathlib.Path(f"/proc/{service.process.child.pid}/status").read_text()
        memory = [line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")][0]

        # The yardstick: a person's one commit of the same size, pushed to the same server.
        clone = directory / "person"
        git("clone", "--quiet", web.url, clone)
        for path in files:
            file = clone / path
            file.write_text(file.read_text().replace(":1.1.0", ":1.2.0"))
        git("commit", "--quiet", "-am", "All at once", cwd=clone)
        began = time.monotonic()
        git("push", "--quiet", "origin", "HEAD:main", cwd=clone)
        yardstick = time.monotonic() - began

        print(f"{count} images at once: accepted in {accepted:.2f} s, settled in {settled:.2f} s, {commits} commits, "
              f"{changed} files changed, resident {int(memory) // 1024} MiB; git push of one such commit {yardstick:.2f} s")
    finally:
        for part in reversed(parts):
            part.end()
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
