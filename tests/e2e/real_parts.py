"""The real parts that the demo and the end-to-end tests run: a Distribution registry, a Git server (git http-backend behind
Apache, or sshd), and Linkspan itself. Each has its own directory and port, and ends with the object.

Only the Python standard library. Every process is started here and ended here, by its own id.
"""

import gzip
import hashlib
import hmac
import http.client
import io
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import tarfile
import tempfile
import time
import urllib.parse

SOURCE = pathlib.Path(__file__).resolve().parents[2]
TEST_SECRET = "test-secret-not-real"
# Seconds until a wait is given up. Only broken runs get there: the slowest machine must not.
PATIENCE = 120


def linkspan_binary():
    return os.environ.get("LINKSPAN_BINARY", str(SOURCE / "build/release/linkspan"))


class MissingProgram(Exception):
    """A program that a part needs is not installed; scripts/setup names its package."""


def need(program, *places):
    for place in places:
        if os.access(place, os.X_OK):
            return place
    found = shutil.which(program)
    if not found:
        raise MissingProgram(f"{program} is not installed; run scripts/setup test")
    return found


ports_of_ours = []


def free_port():
    """A port that is ours until this process ends: a part may end and start again on it, and nobody else gets it meanwhile.

    Not from the kernel, which would choose one that outgoing connections may take too. A name without a file keeps other
    tests away that run at the same time.
    """
    while True:
        port = random.randrange(10000, 32000)
        name = socket.socket(socket.AF_UNIX)
        with socket.socket() as listener:
            # As servers do: what an earlier connection left behind is no obstacle.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                name.bind(f"\0linkspan-test-port-{port}")
                listener.bind(("127.0.0.1", port))
            except OSError:
                name.close()
                continue
        ports_of_ours.append(name)
        return port


def wait_until(question, seconds=PATIENCE, what="the condition"):
    """Asks again and again until the answer is true; the deadline is for broken runs, not a measurement."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        answer = question()
        if answer:
            return answer
        time.sleep(0.02)
    raise TimeoutError(f"{what} did not come true within {seconds} s")


def port_answers(port):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


class Process:
    """A child with its output in a file, ended by its own id."""

    def __init__(self, command, log, env=None, cwd=None):
        self.log = pathlib.Path(log)
        self.command = command
        with open(self.log, "ab") as out:
            self.child = subprocess.Popen(
                command,
                stdout=out,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=env,
                cwd=cwd,
                # Apache ends its whole process group at SIGTERM: it must not be ours.
                start_new_session=True,
            )

    def check(self):
        if self.child.poll() is not None:
            raise RuntimeError(f"{self.command[0]} ended with {self.child.returncode}:\n{self.tail()}")

    def output(self):
        """All that it has said; for a person, see tail()."""
        return self.log.read_text(errors="replace")

    def tail(self):
        return self.output()[-8000:]

    def wait_port(self, port):
        def ready():
            self.check()
            return port_answers(port)

        wait_until(ready, what=f"{self.command[0]} listening on port {port}")

    def end(self, number=signal.SIGTERM, seconds=PATIENCE):
        if self.child.poll() is None:
            self.child.send_signal(number)
        try:
            return self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            self.child.kill()
            return self.child.wait(PATIENCE)


def run(command, cwd=None, env=None, check=True, text_input=None):
    done = subprocess.run(command, cwd=cwd, env=env, input=text_input, capture_output=True, text=True)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done


class Registry:
    """docker-registry (CNCF Distribution) on loopback, with an optional notification endpoint."""

    def __init__(self, directory, port=None, notify_url=None, bearer=TEST_SECRET):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.port = port or free_port()
        self.host = f"127.0.0.1:{self.port}"
        config = {
            "version": "0.1",
            "log": {"level": "warn"},
            "storage": {"filesystem": {"rootdirectory": str(self.directory / "data")}, "delete": {"enabled": True}},
            "http": {"addr": self.host, "secret": "not-a-secret"},
        }
        if notify_url:
            config["notifications"] = {
                "endpoints": [
                    {
                        "name": "linkspan",
                        "url": notify_url,
                        "headers": {"Authorization": [f"Bearer {bearer}"]},
                        "timeout": "60s",
                        "threshold": 3,
                        "backoff": "1s",
                    }
                ]
            }
        file = self.directory / "registry.yml"
        file.write_text(json.dumps(config))  # JSON is YAML
        self.process = Process([need("docker-registry"), "serve", str(file)], self.directory / "registry.log")
        self.process.wait_port(self.port)

    def push(self, repository, tag, seed="", layers=3, platforms=1):
        """Pushes a multi-layer OCI image with skopeo; returns the digest that the registry has for the tag."""
        layout = self.directory / f"layout-{random.getrandbits(48):012x}"
        write_oci_layout(layout, tag, f"{repository}:{tag}:{seed}", layers, platforms)
        run(
            [
                need("skopeo"), "--insecure-policy", "copy", "--quiet", "--all", "--dest-tls-verify=false",
                f"oci:{layout}:{tag}", f"docker://{self.host}/{repository}:{tag}",
            ]
        )
        shutil.rmtree(layout)
        return self.digest(repository, tag)

    def digest(self, repository, tag):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        accept = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json"
        connection.request("HEAD", f"/v2/{repository}/manifests/{tag}", headers={"Accept": accept})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.headers.get("Docker-Content-Digest") if answer.status == 200 else None

    def end(self):
        self.process.end()


def write_oci_layout(layout, tag, seed, layers, platforms):
    """An OCI image layout that skopeo can push: real layers (gzip'd tar files), configs, manifests, and an index when there are
    several platforms. https://github.com/opencontainers/image-spec/blob/v1.1.0/image-layout.md"""
    blobs = layout / "blobs/sha256"
    blobs.mkdir(parents=True)

    def blob(data):
        digest = hashlib.sha256(data).hexdigest()
        (blobs / digest).write_bytes(data)
        return {"digest": "sha256:" + digest, "size": len(data)}

    manifests = []
    for platform in range(platforms):
        layer_rows, diff_ids = [], []
        for number in range(layers):
            raw = io.BytesIO()
            with tarfile.open(fileobj=raw, mode="w") as tar:
                text = f"{seed} platform {platform} layer {number}\n".encode() * 64
                entry = tarfile.TarInfo(f"layer-{number}.txt")
                entry.size = len(text)
                tar.addfile(entry, io.BytesIO(text))
            diff_ids.append("sha256:" + hashlib.sha256(raw.getvalue()).hexdigest())
            row = blob(gzip.compress(raw.getvalue(), mtime=0))
            layer_rows.append({"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", **row})
        config = {
            "architecture": ["amd64", "arm64", "s390x"][platform % 3],
            "os": "linux",
            "created": "2026-01-02T03:04:05Z",
            "config": {"Labels": {"org.opencontainers.image.revision": hashlib.sha1(seed.encode()).hexdigest()}},
            "rootfs": {"type": "layers", "diff_ids": diff_ids},
        }
        manifest = {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": {
                "mediaType": "application/vnd.oci.image.config.v1+json",
                **blob(json.dumps(config, sort_keys=True).encode()),
            },
            "layers": layer_rows,
        }
        row = blob(json.dumps(manifest, sort_keys=True).encode())
        manifests.append(
            {
                "mediaType": manifest["mediaType"],
                **row,
                "platform": {"os": "linux", "architecture": config["architecture"]},
            }
        )
    top = manifests[0]
    if platforms > 1:
        media_type = "application/vnd.oci.image.index.v1+json"
        index = {"schemaVersion": 2, "mediaType": media_type, "manifests": manifests}
        top = {"mediaType": media_type, **blob(json.dumps(index, sort_keys=True).encode())}
    top = {**top, "annotations": {"org.opencontainers.image.ref.name": tag}}
    (layout / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [top]}))
    (layout / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')


GIT_ENV = {
    **{k: v for k, v in os.environ.items() if not k.startswith("GIT_")},
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_AUTHOR_NAME": "Ada Human",
    "GIT_AUTHOR_EMAIL": "ada@example.com",
    "GIT_COMMITTER_NAME": "Ada Human",
    "GIT_COMMITTER_EMAIL": "ada@example.com",
}


def git(*arguments, cwd=None, check=True):
    # The servers run as another user than the test: their repositories are ours to read all the same.
    command = ["git", "-c", "safe.directory=*", "-c", "protocol.file.allow=always", *map(str, arguments)]
    return run(command, cwd=cwd, env=GIT_ENV, check=check).stdout


class ManifestRepository:
    """A bare repository and a human's clone of it."""

    def __init__(self, directory, files, branch="main"):
        self.directory = pathlib.Path(directory)
        self.bare = self.directory / "fleet.git"
        self.clone = self.directory / "human"
        self.branch = branch
        self.bare.mkdir(parents=True)
        git("init", "--quiet", "--bare", f"--initial-branch={branch}", self.bare)
        git("config", "http.receivepack", "true", cwd=self.bare)
        git("clone", "--quiet", self.bare, self.clone)
        git("checkout", "--quiet", "-B", branch, cwd=self.clone)
        self.human_commit(files, "Manifests")

    def human_commit(self, files, message):
        """A human's commit, pushed straight into the bare repository. A value of None deletes, a tuple ("link", to) links."""
        git("pull", "--quiet", "--rebase", "origin", self.branch, cwd=self.clone, check=False)
        for path, text in files.items():
            file = self.clone / path
            file.parent.mkdir(parents=True, exist_ok=True)
            if text is None:
                file.unlink()
            elif isinstance(text, tuple):
                os.symlink(text[1], file)
            else:
                file.write_bytes(text if isinstance(text, bytes) else text.encode())
        git("add", "--all", cwd=self.clone)
        git("commit", "--quiet", "-m", message, cwd=self.clone)
        git("push", "--quiet", "origin", f"HEAD:refs/heads/{self.branch}", cwd=self.clone)
        self.give_to_server()
        return self.tip()

    def give_to_server(self):
        # The web server's child runs as www-data when we are root.
        if os.geteuid() == 0 and getattr(self, "server_owned", False):
            run(["chown", "-R", "www-data:www-data", str(self.bare)])

    def tip(self):
        return git("rev-parse", f"refs/heads/{self.branch}", cwd=self.bare).strip()

    def log(self):
        return git("log", "--format=%H", self.branch, cwd=self.bare).split()

    def show(self, path, commit=None):
        return git("show", f"{commit or self.branch}:{path}", cwd=self.bare)


class WebServer:
    """Apache with git http-backend, foreground, its own ServerRoot."""

    def __init__(self, directory, repository, port=None, password=None):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.port = port or free_port()
        self.repository = repository
        modules = "/usr/lib/apache2/modules"
        wanted = ["mpm_prefork", "authz_core", "authn_core", "alias", "cgi", "env"]
        if password:
            wanted += ["auth_basic", "authn_file", "authz_user"]
            run([need("htpasswd"), "-bc", str(self.directory / "htpasswd"), "linkspan", password])
        lines = [f"ServerRoot {self.directory}", "ServerName localhost", f"Listen 127.0.0.1:{self.port}"]
        lines += [f"LoadModule {name}_module {modules}/mod_{name}.so" for name in wanted]
        lines += [
            f"PidFile {self.directory}/pid",
            f"ErrorLog {self.directory}/error.log",
            "StartServers 1",
            "MinSpareServers 1",
            f"SetEnv GIT_PROJECT_ROOT {repository.directory}",
            "SetEnv GIT_HTTP_EXPORT_ALL 1",
            "ScriptAlias /git/ /usr/lib/git-core/git-http-backend/",
            "<Location />",
            *(
                ["AuthType Basic", 'AuthName "git"', f"AuthUserFile {self.directory}/htpasswd", "Require valid-user"]
                if password
                else ["Require all granted"]
            ),
            "</Location>",
        ]
        if os.geteuid() == 0:
            lines += ["User www-data", "Group www-data"]
            # Every directory above must let the server's user through.
            for parent in [repository.directory, *repository.directory.parents]:
                if str(parent).startswith(tempfile.gettempdir()) and str(parent) != tempfile.gettempdir():
                    os.chmod(parent, 0o755)
            repository.server_owned = True
            repository.give_to_server()
        file = self.directory / "apache.conf"
        file.write_text("\n".join(lines) + "\n")
        self.command = [need("apache2", "/usr/sbin/apache2"), "-f", str(file), "-D", "FOREGROUND"]
        self.process = None
        self.start()
        self.url = f"http://127.0.0.1:{self.port}/git/{repository.bare.name}"

    def start(self):
        self.process = Process(self.command, self.directory / "apache.log")
        self.process.wait_port(self.port)

    def end(self):
        self.process.end(signal.SIGTERM)


class SshServer:
    """sshd in the foreground with keys of its own; the client key may do Git."""

    def __init__(self, directory, repository):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        keygen = need("ssh-keygen")
        for name in ("host_key", "client_key", "other_host_key"):
            run([keygen, "-q", "-t", "ed25519", "-N", "", "-C", "test-key-not-real", "-f", str(self.directory / name)])
        shutil.copy(self.directory / "client_key.pub", self.directory / "authorized_keys")
        if os.geteuid() == 0:
            os.makedirs("/run/sshd", exist_ok=True)
        config = self.directory / "sshd_config"
        config.write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {self.directory}/host_key\n"
            f"AuthorizedKeysFile {self.directory}/authorized_keys\nPidFile {self.directory}/pid\n"
            "StrictModes no\nUsePAM no\nPasswordAuthentication no\nPermitRootLogin yes\n"
        )
        self.process = Process(
            [need("sshd", "/usr/sbin/sshd"), "-D", "-e", "-f", str(config)], self.directory / "sshd.log"
        )
        self.process.wait_port(self.port)
        user = run(["id", "-un"]).stdout.strip()
        self.url = f"ssh://{user}@127.0.0.1:{self.port}{repository.bare}"
        self.known_hosts = self.write_known_hosts("known_hosts", "host_key")
        self.wrong_known_hosts = self.write_known_hosts("wrong_known_hosts", "other_host_key")

    def write_known_hosts(self, name, key):
        kind, data = (self.directory / f"{key}.pub").read_text().split()[:2]
        file = self.directory / name
        file.write_text(f"[127.0.0.1]:{self.port} {kind} {data}\n")
        return str(file)

    def end(self):
        self.process.end()


class Linkspan:
    """`linkspan serve` on its own port, and its HTTP calls."""

    def __init__(self, directory, config, port=None, env=None):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.port = port or free_port()
        (self.directory / "secret").write_text(TEST_SECRET + "\n")
        self.config_file = self.directory / "linkspan.yaml"
        self.write_config(config)
        self.env = {**os.environ, **(env or {})}
        self.process = None

    def write_config(self, config):
        whole = {
            "server": {"listen": f"127.0.0.1:{self.port}", "public_url": f"http://127.0.0.1:{self.port}"},
            "store": "sqlite:linkspan.db",
            "receivers": [
                {"name": "registry", "type": "distribution", "auth": "bearer", "secret": {"file": "secret"}},
                {"name": "ci", "type": "ci", "auth": "hmac", "secret": {"file": "secret"}},
            ],
        }
        for key, value in config.items():
            whole[key] = {**whole[key], **value} if isinstance(whole.get(key), dict) else value
        self.config_file.write_text(json.dumps(whole, indent=2))

    def reload(self):
        """SIGHUP, and waits until it has been heard."""
        before = self.process.output().count("configuration reloaded")
        self.process.child.send_signal(signal.SIGHUP)
        wait_until(lambda: self.process.output().count("configuration reloaded") > before, what="the reload")

    def start(self):
        self.process = Process(
            [linkspan_binary(), "serve", "--config", str(self.config_file), "--log-level", "debug"],
            self.directory / "linkspan.log",
            env=self.env,
        )
        self.process.wait_port(self.port)
        return self

    def end(self):
        return self.process.end(signal.SIGTERM) if self.process else 0

    def kill(self):
        self.process.end(signal.SIGKILL)

    def request(self, method, target, body=None, headers=None, timeout=PATIENCE):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, target, body=body, headers=headers or {})
            answer = connection.getresponse()
            data = answer.read()
        finally:
            connection.close()
        try:
            parsed = json.loads(data)
        except ValueError:
            parsed = data.decode(errors="replace")
        return answer.status, parsed, dict(answer.getheaders())

    def ci(self, body, secret=TEST_SECRET, headers=None):
        """Posts our own JSON, signed."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        signature = hmac.new(secret.encode(), data, hashlib.sha256).hexdigest()
        every = {"Content-Type": "application/json", "X-Linkspan-Signature-256": f"sha256={signature}", **(headers or {})}
        return self.request("POST", "/hooks/ci", data, every)

    def trail(self, delivery, wait="60s"):
        """The trail of a delivery, after at most `wait` (the service answers within a minute) or once it has settled."""
        status, body, _ = self.request("GET", f"/v1/deliveries/{delivery}?{urllib.parse.urlencode({'wait': wait})}")
        if status != 200:
            raise RuntimeError(f"GET /v1/deliveries/{delivery}: {status} {body}")
        return body

    def deliveries(self):
        return self.request("GET", "/v1/deliveries?limit=500")[1]["deliveries"]
