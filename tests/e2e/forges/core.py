"""What all the fakes share: the server, who may ask, faults, the recording, and pull requests over a real bare repository.

A platform is a class derived from Fake: routes, the forms of its answers, the words of its errors.
"""

import dataclasses
import hashlib
import http.server
import json
import os
import pathlib
import re
import socket
import threading
import time
import traceback
import urllib.parse
import urllib.request

from .faults import Rule
from .git_repository import Conflict, GitError, GitRepository
from .store import CheckStatus, Comment, Label, LabelEvent, Person, PullRequest, Settings, now

HTML_PAGE = "<!DOCTYPE html><html><head><title>Unicorn!</title></head><body><h1>502 Bad Gateway</h1></body></html>"


@dataclasses.dataclass
class Request:
    method: str
    target: str  # path with query, as sent
    path: str  # below the base path, still percent-encoded
    query: dict  # name -> values
    headers: dict  # lower case
    body: bytes
    operation: str = ""
    user: object = None

    def one(self, name, default=None):
        values = self.query.get(name)
        return values[-1] if values else default

    def json(self):
        if not self.body:
            return {}
        return json.loads(self.body)


@dataclasses.dataclass
class Answer:
    status: int
    json: object = None
    headers: dict = dataclasses.field(default_factory=dict)
    text: str = None
    cut: str = None  # "drop", "truncated": how the connection ends too early


class Refused(Exception):
    """An answer that is an error, from anywhere in a handler."""

    def __init__(self, answer):
        super().__init__(answer.status, answer.json)
        self.answer = answer


@dataclasses.dataclass
class Exchange:
    """One request and what was answered, as the descriptions' validator reads it."""

    forge: str
    method: str
    path: str
    query: dict
    headers: dict
    body: object  # parsed when it is JSON, else text
    status: int
    answer_headers: dict
    answer: object
    operation: str
    fault: bool  # the answer was a test's doing, or the request never got a whole one
    effect: bool  # the handler ran


class Route:
    def __init__(self, method, template, operation, handler):
        self.method, self.template, self.operation, self.handler = method, template, operation, handler
        # {name} matches one segment; {name+} also what has slashes.
        pattern = re.sub(
            r"\\\{(\w+)(\\\+)?\\\}",
            lambda match: f"(?P<{match[1]}>{'.+' if match[2] else '[^/]+'})",
            re.escape(template),
        )
        self.pattern = re.compile(pattern + "/?")


class Fake:
    """One repository on one platform. Thread-safe: requests are handled one at a time, delays are waited outside of that."""

    kind = ""
    default_repository = "acme/fleet"
    default_base_path = ""
    closes_on_branch_deletion = True
    notices_merges_by_push = True
    title_limit = 256
    body_limit = 65536

    def __init__(self, repository_path, *, token="test-token", repository=None, base_path=None, kind=None, app=None, record=None):
        self.kind = kind or self.kind
        self.git = GitRepository(repository_path)
        self.token = token
        self.tokens = {token: "linkspan-bot"}  # token -> login
        self.repository = repository or self.default_repository
        self.base_path = self.default_base_path if base_path is None else base_path.rstrip("/")
        self.app = app
        self.settings = Settings()
        self.people = {
            person.login: person
            for person in (
                Person(101, "linkspan-bot", "Linkspan", "write", bot=True),
                Person(102, "alice", "Alice Example", "admin"),
                Person(103, "bob", "Bob Example", "write"),
                Person(104, "carol", "Carol Example", "read"),
                Person(105, "left", "Lee Left", None),
            )
        }
        self.teams = {"platform": 201, "security": 202}
        self.labels = {}  # name -> Label
        self.milestones = {"Q4": 1}
        self.statuses = []
        self.lacking = set()  # permissions that the token has not
        self.rules = []
        self.requests = []  # Exchange, oldest first
        self.complaints = []  # what a client sent that the platform would ignore silently
        self.webhook = None  # (url, secret)
        self.deliveries = []  # (event, status or exception text)
        # on_write("before" or "after", request), around the effect of each request that changes something. True: the
        # connection ends without an answer, and "before" also without the effect.
        self.on_write = None
        self.rate_remaining = 4999
        self._record = record or os.environ.get("LINKSPAN_FORGE_RECORDINGS")
        self._pulls = {}
        self._next_number = 1
        self._next_id = 5000
        self._seen = {}
        self._outbox = []
        self._lock = threading.RLock()
        self._stopping = threading.Event()
        self._threads = []
        self.routes = [Route(*entry) for entry in self.route_table()]
        self._seen = self.git.branches()
        self._server = _Server(self)
        self.port = self._server.server_address[1]
        self.origin = f"http://127.0.0.1:{self.port}"
        self._start(self._server.serve_forever, 0.05)

    # What a platform says

    def route_table(self):
        raise NotImplementedError

    def error(self, status, message, **more):
        """An error in the platform's form."""
        raise NotImplementedError

    def fault_answer(self, rule, request):
        """The platform's words for a fault; None: the common ones do."""
        return None

    def login_of(self, request):
        """The login that the request's credentials belong to, or None."""
        raise NotImplementedError

    def unauthorized(self):
        raise NotImplementedError

    def forbidden(self, permission):
        raise NotImplementedError

    def common_headers(self, request):
        return {}

    def event_bodies(self, event, pull, details):
        """Yields (headers, JSON body) of the platform's webhooks for an event of the store."""
        return ()

    def sign(self, headers, body, secret):
        return {}

    # For tests

    @property
    def api_url(self):
        return self.origin + self.base_path

    @property
    def web_url(self):
        return self.origin

    def pull_requests(self, state=None):
        with self._lock:
            self.notice()
            return [p for _, p in sorted(self._pulls.items()) if state is None or p.state == state]

    def pull_request(self, number):
        with self._lock:
            self.notice()
            return self._pulls[number]

    def fail_next(self, rule=None, **keys):
        """`rule`: a Rule, the name of a fault, or nothing with the fields of a Rule as keywords."""
        if isinstance(rule, str):
            rule = Rule(fault=rule, **keys)
        elif rule is None:
            rule = Rule(**keys)
        with self._lock:
            self.rules.append(rule)
        return rule

    def lacks(self, *permissions):
        self.lacking = set(permissions)

    def webhook_to(self, url, secret=None, **options):
        """Events are posted there from now on; pushes by git are noticed at once, not only with the next request."""
        with self._lock:
            first = self.webhook is None
            self.webhook = {"url": url, "secret": secret, **options} if url else None
        if first and url:
            self._start(self._watch)
            self._start(self._deliver)

    def close_as_human(self, number, who="alice"):
        with self._lock:
            self.close(self._pulls[number], who)

    def reopen_as_human(self, number, who="alice"):
        with self._lock:
            self.reopen(self._pulls[number], who)

    def merge_as_human(self, number, who="alice", method="merge", delete_branch=False):
        with self._lock:
            self.notice()
            return self.merge(self._pulls[number], who, method, delete_branch=delete_branch)

    def comment_as_human(self, number, text, who="alice"):
        with self._lock:
            return self.add_comment(self._pulls[number], who, text)

    def approve_as_human(self, number, who="alice"):
        with self._lock:
            self._pulls[number].reviews[who] = "approved"
            self._pulls[number].touch()
            self.try_auto_merge()

    def label_as_human(self, number, add=(), remove=(), who="alice"):
        with self._lock:
            self.change_labels(self._pulls[number], who, list(add), list(remove))

    def edit_as_human(self, number, who="alice", **fields):
        with self._lock:
            self.edit(self._pulls[number], who, **fields)

    def status_as_ci(self, commit, context, state):
        """A check that CI reports; what waits for it is merged."""
        with self._lock:
            self.add_status(commit, context, state, None, None, "ci")

    def wait_delivered(self, seconds=10):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            with self._lock:
                if not self._outbox:
                    return True
            time.sleep(0.01)
        return False

    def stop(self):
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()
        for thread in self._threads:
            thread.join(5)
        if self._record:
            folder = pathlib.Path(self._record)
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / f"{self.kind}-{os.getpid()}-{self.port}.jsonl"
            with open(path, "a", encoding="utf-8") as out:
                for exchange in self.requests:
                    out.write(json.dumps(dataclasses.asdict(exchange)) + "\n")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    # The life of pull requests, for platforms

    def new_id(self):
        self._next_id += 1
        return self._next_id

    def pull(self, number):
        """The pull request as it is now, or a 404 of the platform."""
        found = self._pulls.get(int(number)) if str(number).isdigit() else None
        if found is None:
            raise Refused(self.not_found())
        return found

    def not_found(self):
        return self.error(404, "Not Found")

    def existing(self, head, base):
        for pull in self._pulls.values():
            if pull.state == "open" and pull.head == head and pull.base == base and not pull.from_fork:
                return pull
        return None

    def open(self, who, **fields):
        base_commit = self.git.head(fields["base"])
        head_commit = self.git.head(fields["head"])
        pull = PullRequest(
            number=self._next_number,
            author=who,
            head_commit=fields.pop("head_commit", head_commit),
            base_commit=base_commit,
            checking=self.settings.computing,
            **fields,
        )
        self._next_number += 1
        self._pulls[pull.number] = pull
        pull.history.append(("opened", who))
        self.emit("opened", pull, who)
        return pull

    def open_as_human(self, head, base, title="A change by hand", body="", who="alice", from_fork=None):
        with self._lock:
            fields = {"head_commit": self.git.head(base)} if from_fork else {}
            return self.open(who, head=head, base=base, title=title, body=body, from_fork=from_fork, **fields)

    def edit(self, pull, who, **fields):
        changes = {}
        for name, value in fields.items():
            before = getattr(pull, name)
            if before != value:
                changes[name] = before
                setattr(pull, name, value)
        if not changes:
            return False
        pull.touch()
        pull.history.append(("edited", who))
        if "base" in changes:
            pull.base_commit = self.git.head(pull.base)
        if "draft" in changes:
            self.emit("draft" if pull.draft else "ready", pull, who)
        if set(changes) - {"draft"}:
            self.emit("edited", pull, who, changes=changes)
        return True

    def close(self, pull, who):
        if pull.state != "open":
            return
        pull.state, pull.closed, pull.closed_by = "closed", now(), who
        pull.auto_merge, pull.queued = None, False
        pull.touch()
        pull.history.append(("closed", who))
        self.emit("closed", pull, who)

    def reopen(self, pull, who):
        pull.state, pull.closed, pull.closed_by = "open", None, None
        pull.head_commit = self.git.head(pull.head) or pull.head_commit
        pull.touch()
        pull.history.append(("reopened", who))
        self.emit("reopened", pull, who)

    def change_labels(self, pull, who, add=(), remove=()):
        for name in add:
            if name not in self.labels:
                self.labels[name] = Label(self.new_id(), name)
            if name not in pull.labels:
                pull.labels.append(name)
                pull.label_events.append(LabelEvent(self.new_id(), name, who, True))
                pull.touch()
                self.emit("labeled", pull, who, label=name)
        for name in remove:
            if name in pull.labels:
                pull.labels.remove(name)
                pull.label_events.append(LabelEvent(self.new_id(), name, who, False))
                pull.touch()
                self.emit("unlabeled", pull, who, label=name)

    def add_comment(self, pull, who, text):
        comment = Comment(self.new_id(), who, text)
        pull.comments.append(comment)
        pull.updated = now()
        self.emit("comment", pull, who, comment=comment)
        return comment

    def add_status(self, commit, context, state, description, url, who, raw=None):
        status = CheckStatus(self.new_id(), commit, context, state, description, url, who, raw=raw or {})
        self.statuses.append(status)
        self.try_auto_merge()
        return status

    def statuses_of(self, commit):
        """The newest of each context."""
        newest = {}
        for status in self.statuses:
            if status.commit == commit:
                newest[status.context] = status
        return list(newest.values())

    def checks(self, pull):
        """success, pending or failure of what must be green; None: nothing must."""
        if not self.settings.required_checks:
            return "pending" if self.settings.checks_running else None
        newest = {status.context: status.state for status in self.statuses_of(pull.head_commit)}
        states = [newest.get(context, "pending") for context in self.settings.required_checks]
        if "failure" in states:
            return "failure"
        return "pending" if "pending" in states or self.settings.checks_running else "success"

    def approved(self, pull):
        return list(pull.reviews.values()).count("approved") >= self.settings.required_approvals

    def conflicts(self, pull):
        base, head = self.git.head(pull.base), pull.head_commit
        return base is None or not self.git.merges_cleanly(base, head)

    def behind(self, pull):
        base = self.git.head(pull.base)
        return base is not None and not self.git.is_ancestor(base, pull.head_commit)

    def why_blocked(self, pull):
        """None, or: draft, conflict, checks, checks_failed, reviews, behind."""
        if pull.draft:
            return "draft"
        if self.conflicts(pull):
            return "conflict"
        checks = self.checks(pull)
        if checks in ("pending", "failure"):
            return "checks" if checks == "pending" else "checks_failed"
        if not self.approved(pull):
            return "reviews"
        if self.settings.require_up_to_date and self.behind(pull):
            return "behind"
        return None

    def computing(self, pull):
        """Whether mergeability is still being computed; each look brings the end nearer."""
        if pull.checking > 0:
            pull.checking -= 1
            return True
        return False

    def merge(self, pull, who, method="merge", title=None, message=None, delete_branch=False):
        if title is None:
            title = f"Merge pull request #{pull.number} from {pull.head}" if method == "merge" else f"{pull.title} (#{pull.number})"
        text = title + (f"\n\n{message}" if message else "") + "\n"
        person = self.people.get(who)
        author = (person.name, person.email) if person else None
        pull.merge_commit = self.git.merge(pull.base, pull.head_commit, method, text, author)
        self._merged(pull, who)
        if delete_branch or pull.delete_branch or self.settings.delete_branch_on_merge:
            if self.git.head(pull.head) == pull.head_commit:
                self.git.delete_branch(pull.head, pull.head_commit)
                self._seen.pop(pull.head, None)
        return pull.merge_commit

    def _merged(self, pull, who):
        pull.state, pull.merged, pull.closed, pull.merged_by = "merged", now(), now(), who
        pull.auto_merge, pull.queued = None, False
        pull.touch()
        pull.history.append(("merged", who))
        self.emit("merged", pull, who)

    def arm(self, pull, who, **options):
        pull.auto_merge = {"by": who, **options}
        pull.touch()
        pull.history.append(("auto_merge_armed", who))
        self.emit("auto_merge_enabled", pull, who)

    def disarm(self, pull, who):
        if pull.auto_merge is not None or pull.queued:
            pull.auto_merge, pull.queued = None, False
            pull.touch()
            pull.history.append(("auto_merge_disarmed", who))
            self.emit("auto_merge_disabled", pull, who)

    def try_auto_merge(self):
        for pull in list(self._pulls.values()):
            if pull.state == "open" and (pull.auto_merge or pull.queued) and self.why_blocked(pull) is None:
                armed = pull.auto_merge or {"by": pull.author}
                self.merge(
                    pull,
                    armed["by"],
                    armed.get("method", "merge"),
                    armed.get("title"),
                    armed.get("message"),
                    armed.get("delete_branch", False),
                )

    def keeps_auto_merge_on_push(self):
        return True

    def notice(self):
        """Looks at the branches: pushes, deletions, and bases that have the commits already."""
        branches = self.git.branches()
        if branches == self._seen:
            return
        self._seen = branches
        for pull in list(self._pulls.values()):
            if pull.state != "open" or pull.from_fork:
                continue
            head = branches.get(pull.head)
            if head is None:
                wanted = self.settings.close_on_branch_deletion
                if self.closes_on_branch_deletion if wanted is None else wanted:
                    self.close(pull, "somebody")
                continue
            base = branches.get(pull.base)
            if head != pull.head_commit:
                before, pull.head_commit = pull.head_commit, head
                pull.checking = self.settings.computing
                pull.touch()
                pull.history.append(("synchronize", head))
                self.emit("synchronize", pull, pull.author, before=before)
                if not self.keeps_auto_merge_on_push():
                    self.disarm(pull, "platform")
            if base is not None and base != pull.base_commit:
                pull.base_commit = base
                pull.checking = self.settings.computing
            self._notice_landed(pull, base)
        self.try_auto_merge()

    def _notice_landed(self, pull, base):
        if base is None or not self.git.is_ancestor(pull.head_commit, base):
            return
        if self.git.merge_base(base, pull.head_commit) == pull.head_commit and pull.history[-1][0] == "synchronize":
            self.emptied(pull)
        elif self.notices_merges_by_push:
            pull.merge_commit = base
            self._merged(pull, "somebody")

    def emptied(self, pull):
        """The head was pushed to where the base is."""

    # Events

    def emit(self, event, pull, who, **details):
        if self.webhook is None:
            return
        details["who"] = who
        for headers, body in self.event_bodies(event, pull, details):
            raw = json.dumps(body).encode()
            self._outbox.append((event, dict(headers), raw))

    def _watch(self):
        while not self._stopping.wait(0.1):
            with self._lock:
                try:
                    self.notice()
                except GitError:
                    pass

    def _deliver(self):
        while not self._stopping.wait(0.01):
            with self._lock:
                if not self._outbox:
                    continue
                event, headers, raw = self._outbox[0]
                hook = self.webhook
            if hook is not None:
                headers = {"Content-Type": "application/json", **headers, **self.sign(headers, raw, hook)}
                request = urllib.request.Request(hook["url"], data=raw, headers=headers, method="POST")
                try:
                    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
                    with opener.open(request, timeout=10) as answer:
                        result = answer.status
                except urllib.error.HTTPError as error:
                    result = error.code
                except OSError as error:
                    result = str(error)
                self.deliveries.append((event, result))
            with self._lock:
                self._outbox.pop(0)

    # Requests

    def permission(self, request, name):
        if name in self.lacking:
            raise Refused(self.forbidden(name))

    def complain(self, request, names, where="body"):
        for name in names:
            self.complaints.append(f"{request.method} {request.path}: unknown {where} field {name}")

    def common_fault(self, rule):
        fault = rule.fault
        after = {"Retry-After": str(rule.retry_after)} if rule.retry_after is not None else {}
        if fault in ("rate_limit", "secondary_limit"):
            return Answer(429, {"message": "Too many requests"}, after)
        if fault == "server_error":
            return Answer(502, text=HTML_PAGE, headers={"Content-Type": "text/html; charset=utf-8"})
        if fault == "unavailable":
            return Answer(503, text="Service Unavailable", headers={"Content-Type": "text/plain", **after})
        if fault in ("html", "html_error"):
            status = 200 if fault == "html" else 502
            return Answer(status, text=HTML_PAGE, headers={"Content-Type": "text/html; charset=utf-8"})
        if fault == "unauthorized":
            return self.unauthorized()
        if fault == "forbidden":
            return self.forbidden(rule.permission or "pull_requests")
        if fault == "not_found":
            return self.not_found()
        if fault == "not_json":
            return Answer(200, text='{"number": 1, "tit', headers={"Content-Type": "application/json; charset=utf-8"})
        if fault in ("drop", "truncated"):
            return Answer(200, {"message": "x" * 400}, cut=fault)
        raise ValueError(f"{self.kind} has no such fault: {fault}")

    def handle(self, request):
        """(answer, delay, whether a rule made it, whether the handler ran)"""
        with self._lock:
            self.notice()
            route, arguments = self._route(request)
            if route is not None:
                operation = route.operation
                request.operation = operation(request) if callable(operation) else operation
            rule = next((r for r in self.rules if r.matches(request)), None)
            if rule is not None and rule.skip > 0:
                rule.skip -= 1
                rule = None
            if rule is not None:
                rule.times -= 1
                if rule.call is not None:
                    rule.call(request)
                    self.notice()
            if rule is not None and not rule.after:
                wrong = self._wrong(rule, request)
                if wrong is not None:
                    return wrong, rule.delay, True, False
            told = self.on_write if self.changes(request) else None
            if told is not None and told("before", request):
                return Answer(200, cut="drop"), 0.0, True, False
            answer = self._right(request, route, arguments)
            if told is not None and told("after", request):
                answer.cut = "drop"
            if rule is not None and rule.after:
                answer = self._wrong(rule, request) or answer
            return answer, rule.delay if rule else 0.0, rule is not None and rule.after, True

    @staticmethod
    def changes(request):
        # A query in GraphQL is a POST as well; tokens of an App change nothing that is kept here.
        return request.method not in ("GET", "HEAD") and request.operation not in ("graphql", "app")

    def _route(self, request):
        known = False
        for route in self.routes:
            match = route.pattern.fullmatch(request.path)
            if match:
                if route.method == request.method:
                    return route, {k: urllib.parse.unquote(v) for k, v in match.groupdict().items()}
                known = True
        return None, known

    def _wrong(self, rule, request):
        if rule.fault is not None:
            answer = self.fault_answer(rule, request) or self.common_fault(rule)
            answer.headers.update(rule.headers)
            return answer
        if rule.status is not None:
            return Answer(rule.status, rule.json, dict(rule.headers), rule.text)
        return None

    def _right(self, request, route, arguments):
        try:
            self.before(request)
            if route is None:
                return self.not_found()
            if route.operation != "app":  # those check a signature of their own
                login = self.login_of(request)
                if login is None:
                    return self.unauthorized()
                request.user = self.people[login]
            if request.method in ("POST", "PUT", "PATCH") and request.body:
                self.check_body(request)
            return route.handler(request, **arguments)
        except Refused as refused:
            return refused.answer
        except Conflict as error:
            traceback.print_exc()
            return self.error(409, str(error)[:200])

    def before(self, request):
        """What the platform checks before anything else."""

    def check_body(self, request):
        kind = request.headers.get("content-type", "")
        if "json" in kind:
            try:
                json.loads(request.body)
            except ValueError:
                raise Refused(self.error(400, "Problems parsing JSON")) from None

    def page(self, request, items, size_name="per_page", default=30, page_name="page"):
        """(items of the page, page, size, number of pages)"""
        limit = self.settings.page_limit
        try:
            size = max(1, min(int(request.one(size_name, default)), limit))
            page = max(1, int(request.one(page_name, 1)))
        except ValueError:
            size, page = default, 1
        pages = max(1, -(-len(items) // size))
        return items[(page - 1) * size : page * size], page, size, pages

    def page_url(self, request, **values):
        query = {name: vs[-1] for name, vs in request.query.items()}
        query.update({k: str(v) for k, v in values.items()})
        origin = "https://elsewhere.invalid" if self.settings.foreign_next_page else self.origin
        return f"{origin}{request.target.split('?')[0]}?{urllib.parse.urlencode(query)}"

    def control(self, what, arguments):
        """The same as the methods for tests, for those that are not written in Python."""
        if what in ("pull_requests",):
            return [_plain(p) for p in self.pull_requests(**arguments)]
        if what == "pull_request":
            return _plain(self.pull_request(**arguments))
        if what == "requests":
            return [dataclasses.asdict(e) for e in self.requests]
        if what == "set":
            for name, value in arguments.items():
                before = getattr(self.settings, name)
                setattr(self.settings, name, set(value) if isinstance(before, set) else value)
            return {}
        if what == "lacks":
            self.lacks(*arguments.get("permissions", []))
            return {}
        if what == "complaints":
            return self.complaints
        if what in (
            "fail_next webhook_to close_as_human reopen_as_human merge_as_human comment_as_human approve_as_human "
            "label_as_human edit_as_human status_as_ci open_as_human"
        ).split():
            done = getattr(self, what)(**arguments)
            return _plain(done) if dataclasses.is_dataclass(done) else {}
        raise ValueError(f"no such control: {what}")

    def _start(self, function, *arguments):
        thread = threading.Thread(target=function, args=arguments, daemon=True)
        thread.start()
        self._threads.append(thread)


def _plain(thing):
    return json.loads(json.dumps(dataclasses.asdict(thing), default=str))


def etag(answer):
    return 'W/"' + hashlib.sha256(json.dumps(answer.json, sort_keys=True).encode()).hexdigest()[:32] + '"'


def iso(time_of):
    return time_of.strftime("%Y-%m-%dT%H:%M:%SZ") if time_of else None


def read_chunks(stream):
    whole = b""
    while True:
        size = int(stream.readline().split(b";")[0], 16)
        whole += stream.read(size)
        stream.readline()
        if size == 0:
            return whole


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, fake):
        self.fake = fake
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request, client_address):
        pass  # clients that went away


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def _serve(self):
        fake = self.server.fake
        length = int(self.headers.get("Content-Length") or 0)
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            body = read_chunks(self.rfile)
        else:
            body = self.rfile.read(length)
        path, _, query = self.path.partition("?")
        if path == "/_control":
            self._control(fake, body)
            return
        below = path[len(fake.base_path) :] if path.startswith(fake.base_path) else "/no-such-base-path" + path
        request = Request(
            self.command,
            self.path,
            below,
            urllib.parse.parse_qs(query, keep_blank_values=True),
            {name.lower(): value for name, value in self.headers.items()},
            body,
        )
        try:
            answer, delay, fault, effect = fake.handle(request)
        except Exception:  # a fault of the fake: the test sees it as 500 and in its output
            traceback.print_exc()
            answer, delay, fault, effect = Answer(500, {"message": "the fake broke: " + traceback.format_exc()[-2000:]}), 0, False, False
        if delay:
            fake._stopping.wait(delay)
        for name, value in fake.common_headers(request).items():
            answer.headers.setdefault(name, value)
        if request.method == "GET" and answer.status == 200 and answer.json is not None and not fault:
            tag = etag(answer)
            answer.headers["ETag"] = tag
            if request.headers.get("if-none-match") == tag:
                answer = Answer(304, headers=answer.headers)
        self._record(fake, request, answer, fault, effect)
        self._send(answer)

    def _control(self, fake, body):
        try:
            wanted = json.loads(body)
            answer = Answer(200, fake.control(wanted["do"], wanted.get("arguments", {})))
        except Exception as error:
            answer = Answer(400, {"error": f"{type(error).__name__}: {error}"})
        self._send(answer)

    @staticmethod
    def _record(fake, request, answer, fault, effect):
        try:
            body = json.loads(request.body) if request.body else None
        except ValueError:
            body = request.body.decode(errors="replace")
        headers = {k: v for k, v in request.headers.items() if k not in ("authorization", "private-token")}
        headers["has-credentials"] = str("authorization" in request.headers or "private-token" in request.headers)
        fake.requests.append(
            Exchange(
                fake.kind,
                request.method,
                request.path,
                request.query,
                headers,
                body,
                answer.status,
                dict(answer.headers),
                json.loads(json.dumps(answer.json)) if answer.json is not None else answer.text,
                request.operation,
                fault or answer.cut is not None,
                effect,
            )
        )

    def _send(self, answer):
        if answer.cut == "drop":
            self.close_connection = True
            try:
                self.connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # the client is gone already
            return
        if answer.json is not None:
            raw = json.dumps(answer.json).encode()
            answer.headers.setdefault("Content-Type", "application/json; charset=utf-8")
        else:
            raw = (answer.text or "").encode()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        bare = answer.status in (204, 304)
        if not bare:
            self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        if answer.cut == "truncated":
            self.wfile.write(raw[: len(raw) // 2])
            self.wfile.flush()
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        if not bare:
            self.wfile.write(raw)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _serve
