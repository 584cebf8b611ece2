"""The wrong answers that a test asks for, and which request they hit."""

import dataclasses
import re
from typing import Any, Callable, Optional

# What every forge can do wrong; each says it in its own words (Fake.fault_answer).
FAULTS = {
    "secondary_limit",  # too much in a short time (GitHub's own; elsewhere as rate_limit)
    "rate_limit",  # the quota is used up
    "server_error",  # 502 with a body that is not JSON
    "unavailable",  # 503 with Retry-After
    "html",  # an HTML page of some proxy, status 200
    "html_error",  # the same, status 502
    "unauthorized",  # the token is not (or no longer) valid
    "forbidden",  # the token lacks a permission
    "not_found",
    "drop",  # the connection ends without an answer
    "truncated",  # the connection ends in the middle of the body
    "not_json",  # 200, JSON type, not JSON
    "exists",  # there is one for this branch already
    "no_commits",  # nothing between the branches
    "stale",  # the head or version is another one
    "not_mergeable",  # not now: still computing, checks run
    "clean_status",  # auto-merge is not armed for what is mergeable (GitHub)
    "unstable_status",
    "invalid",  # refused input
    "timeout_of_the_platform",  # merging took too long (Bitbucket Cloud's 555)
}


@dataclasses.dataclass
class Rule:
    """Which request, and what happens to it. Unset: any. `after`: the effect happens first, then the wrong answer."""

    fault: Optional[str] = None
    operation: Optional[str] = None
    method: Optional[str] = None
    path: Optional[str] = None  # regular expression, searched in the path with its query
    body: Optional[str] = None  # the same in the body
    times: int = 1
    skip: int = 0  # so many matching requests pass first
    after: bool = False
    delay: float = 0.0  # seconds before the answer
    retry_after: Optional[int] = 60
    status: Optional[int] = None  # an answer of the test's own
    json: Any = None
    text: Optional[str] = None
    headers: dict = dataclasses.field(default_factory=dict)
    permission: Optional[str] = None  # for "forbidden"
    call: Optional[Callable] = None  # called with the request, under the fake's lock, before it is handled

    def __post_init__(self):
        if self.fault is not None and self.fault not in FAULTS:
            raise ValueError(f"no such fault: {self.fault}; there are {sorted(FAULTS)}")

    def matches(self, request):
        return (
            self.times > 0
            and (self.operation is None or self.operation == request.operation)
            and (self.method is None or self.method.upper() == request.method)
            and (self.path is None or re.search(self.path, request.target) is not None)
            and (self.body is None or re.search(self.body, request.body.decode(errors="replace")) is not None)
        )
