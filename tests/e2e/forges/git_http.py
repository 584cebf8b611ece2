"""One bare repository over HTTP: git's own http-backend behind Python's server, with a word before and after each push."""

import http.server
import os
import pathlib
import socket
import subprocess
import threading

from .core import read_chunks


class GitServer:
    """`on_push(moment)` is called with "before" and "after" the push's effect; when it says True, the pusher gets no answer,
    and before the effect there is none."""

    def __init__(self, bare, on_push=None):
        self.bare = pathlib.Path(bare)
        self.on_push = on_push
        self._server = _Server(self)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/{self.bare.name}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def lost(self, moment):
        return self.on_push is not None and self.on_push(moment)

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, owner):
        self.owner = owner
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request, client_address):
        pass  # clients that went away


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def _serve(self):
        owner = self.server.owner
        chunked = "chunked" in self.headers.get("Transfer-Encoding", "")
        body = read_chunks(self.rfile) if chunked else self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path, _, query = self.path.partition("?")
        pushes = self.command == "POST" and path.endswith("/git-receive-pack")
        if pushes and owner.lost("before"):
            return self._hang_up()
        environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("GIT_")},
            "GIT_PROJECT_ROOT": str(owner.bare.parent), "GIT_HTTP_EXPORT_ALL": "1", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull,
            "REQUEST_METHOD": self.command, "PATH_INFO": path, "QUERY_STRING": query, "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)), "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""), "REMOTE_ADDR": "127.0.0.1",
        }
        done = subprocess.run(["git", "http-backend"], input=body, capture_output=True, env=environment)
        if pushes and owner.lost("after"):
            return self._hang_up()
        head, _, answer = done.stdout.partition(b"\r\n\r\n")
        status = 200
        headers = []
        for line in head.decode().split("\r\n"):
            name, _, value = line.partition(": ")
            if name.lower() == "status":
                status = int(value.split()[0])
            elif name:
                headers.append((name, value))
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def _hang_up(self):
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # the client is gone already

    do_GET = do_POST = _serve
