"""scripts/demo: one image push, from the registry to the commit, on real parts."""

import os
import pathlib
import shutil
import sys
import tempfile
import textwrap
import time

import real_parts
from real_parts import git, wait_until

USAGE = "usage: scripts/demo [--keep]"


def manifests(image):
    return {
        "apps/web/deployment.yaml": textwrap.dedent(
            f"""\
            # The web shop. Alignment and comments are ours: leave them be.
            apiVersion: apps/v1
            kind: Deployment
            metadata:
              name: web      # shown on the dashboard
            spec:
              replicas: 2

              template:
                spec:
                  containers:
                    - name: web
                      image: '{image}:1.0.0'
                      ports: [ {{containerPort: 8080}} ]
            ---
            apiVersion: v1
            kind: Service
            metadata: {{name: web}}
            spec:
              ports: [ {{port: 80, targetPort: 8080}} ]
            """
        ),
        "apps/report/cronjob.yaml": textwrap.dedent(
            f"""\
            apiVersion: batch/v1
            kind: CronJob
            metadata: {{name: report}}
            spec:
              schedule: "0 6 * * *"
              jobTemplate:
                spec:
                  template:
                    spec:
                      containers:
                      - image: {image}:1.0.0
                        name: report
            """
        ),
        "clusters/staging/kustomization.yaml": textwrap.dedent(
            f"""\
            apiVersion: kustomize.config.k8s.io/v1beta1
            kind: Kustomization
            resources: [../../apps/web]
            images:
            - name: {image}
              newTag: 1.0.0  # {{"$imagepolicy": "flux-system:web:tag"}}
            """
        ),
        "clusters/prod/kustomization.yaml": textwrap.dedent(
            f"""\
            apiVersion: kustomize.config.k8s.io/v1beta1
            kind: Kustomization
            resources: [../../apps/web]
            images:
            # Production waits for a human: no target names this directory.
            - name: {image}
              newTag: 1.0.0
            """
        ),
    }


def color(code, text):
    plain = not sys.stdout.isatty() or os.environ.get("NO_COLOR")
    return text if plain else f"\033[{code}m{text}\033[0m"


def heading(text):
    print(f"\n{color('1', '== ' + text)}", flush=True)


def config_of(registry, url):
    return {
        "registries": [{"host": registry.host, "insecure": True}],
        "repositories": [
            {"name": "fleet", "url": url, "author": {"name": "Linkspan", "email": "linkspan@example.com"}}
        ],
        "policies": [
            {
                "name": "web",
                "namespace": "flux-system",
                "image": f"{registry.host}/acme/web",
                "select": {"semver": ">=1.0.0 <2.0.0"},
            }
        ],
        "targets": [
            {
                "name": "staging",
                "repository": "fleet",
                "paths": ["apps", "clusters/staging"],
                "policies": ["web"],
                "deliver": "commit",
            }
        ],
    }


def show(trail, repository, base):
    event = trail["events"][0]
    work = event["targets"][0]
    heading("The event, as the registry told it")
    for name in ("image", "tag", "digest", "media_type", "pushed_at"):
        print(f"  {name:<11} {event[name]}")
    heading("The decision")
    decision = work["decision"]
    print(f"  {decision['verdict']} {decision['selected']}: {decision['why']}")
    print(f"  {decision['considered']} tags considered; candidates, best first: {', '.join(decision['candidates'])}")
    for tag, reason in decision["rejected"].items():
        print(f"  dropped {tag}: {reason}")
    heading("What landed on the remote")
    print(textwrap.indent(git("log", "-1", "--format=commit %H%nAuthor: %an <%ae>%n%n%B", "main", cwd=repository.bare), "  "))
    print(git("diff", "--stat", base, "main", cwd=repository.bare))
    print(git("diff", base, "main", cwd=repository.bare))


def main():
    keep = sys.argv[1:] == ["--keep"]
    if sys.argv[1:] and not keep:
        print(USAGE, file=sys.stderr)
        return 64
    directory = pathlib.Path(tempfile.mkdtemp(prefix="linkspan-demo-"))
    os.chmod(directory, 0o755)
    parts = []
    try:
        heading("Starting a registry, a Git server and Linkspan")
        port = real_parts.free_port()
        registry = real_parts.Registry(directory / "registry", notify_url=f"http://127.0.0.1:{port}/hooks/registry")
        parts.append(registry)
        print(f"  registry  {registry.host} (docker-registry, notifies Linkspan)")
        image = f"{registry.host}/acme/web"
        repository = real_parts.ManifestRepository(directory / "git", manifests(image))
        web = real_parts.WebServer(directory / "web", repository)
        parts.append(web)
        print(f"  Git       {web.url} (git http-backend behind Apache)")
        service = real_parts.Linkspan(directory / "linkspan", config_of(registry, web.url), port=port)
        parts.append(service)
        service.start()
        print(f"  linkspan  http://127.0.0.1:{port} (SQLite in {service.directory})")
        base = repository.tip()

        heading("Pushing two images with skopeo")
        # One that the policy must not choose, and one that it must.
        registry.push("acme/web", "2.0.0-rc.1")
        print(f"  {image}:2.0.0-rc.1")
        digest = registry.push("acme/web", "1.1.0", layers=4)
        pushed = time.monotonic()
        print(f"  {image}:1.1.0 {digest}")
        wait_until(lambda: repository.tip() != base, what="a new commit on the remote")
        elapsed = time.monotonic() - pushed

        def trail_of_push():
            for row in service.deliveries():
                if row["ignored"] is None:
                    trail = service.trail(row["id"])
                    if trail["settled"] and trail["events"][0]["tag"] == "1.1.0":
                        return trail
            return None

        trail = wait_until(trail_of_push, what="the trail of the push")
        show(trail, repository, base)
        work = trail["events"][0]["targets"][0]
        files = git("diff", "--name-only", base, "main", cwd=repository.bare).split()
        good = (
            work["outcome"] == "committed"
            and repository.tip() == work["commit"]
            and files == ["apps/report/cronjob.yaml", "apps/web/deployment.yaml", "clusters/staging/kustomization.yaml"]
            and f"newTag: 1.0.0\n" in repository.show("clusters/prod/kustomization.yaml")
        )
        received = work["settled_at"]
        print(f"Seconds from the end of the push to the commit on the remote: {max(elapsed, 0):.2f}")
        print(f"(delivery received {trail['received_at']}, settled {received})")
        if not good:
            print(color("31", "The remote does not hold what it should."), file=sys.stderr)
            print(service.process.tail(), file=sys.stderr)
            return 1
        print(color("32", f"The remote holds commit {repository.tip()}."))
        if keep:
            print_keep(directory, registry, port, parts)
            parts = []
        return 0
    except (real_parts.MissingProgram, RuntimeError, TimeoutError) as problem:
        print(f"scripts/demo: {problem}", file=sys.stderr)
        for part in parts:
            print(part.process.tail(), file=sys.stderr)
        return 1
    finally:
        for part in reversed(parts):
            part.end()
        if not keep:
            shutil.rmtree(directory, ignore_errors=True)


def print_keep(directory, registry, port, parts):
    """What is left running, and two scripts to go on with."""
    pids = " ".join(str(part.process.child.pid) for part in reversed(parts))
    push = directory / "push"
    push.write_text(
        textwrap.dedent(
            f"""\
            #!/bin/sh
            # push TAG: builds a small image and pushes it as acme/web:TAG
            [ $# -eq 1 ] || {{ echo "usage: $0 TAG" >&2; exit 64; }}
            cd {real_parts.SOURCE}/tests/e2e && python3 -c '
            import pathlib, sys, random, real_parts as r
            layout = pathlib.Path("{directory}") / ("layout-%d" % random.getrandbits(40))
            r.write_oci_layout(layout, sys.argv[1], str(random.random()), 3, 1)
            r.run(["skopeo", "--insecure-policy", "copy", "--quiet", "--dest-tls-verify=false",
                   "oci:%s:%s" % (layout, sys.argv[1]), "docker://{registry.host}/acme/web:" + sys.argv[1]])
            ' "$1"
            """
        )
    )
    stop = directory / "stop"
    stop.write_text(f"#!/bin/sh\nkill {pids}\nsleep 1\nrm -rf {directory}\n")
    for file in (push, stop):
        file.chmod(0o755)
    heading("Left running")
    print(f"  push again   {push} 1.2.0")
    print(f"  look         curl -s http://127.0.0.1:{port}/v1/deliveries | jq")
    print(f"  the remote   git -c safe.directory='*' -C {directory}/git/fleet.git log -p main")
    print(f"  the log      {directory}/linkspan/linkspan.log")
    print(f"  stop         {stop}")


if __name__ == "__main__":
    sys.exit(main())
