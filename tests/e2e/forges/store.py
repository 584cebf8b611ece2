"""What a forge keeps about pull requests, in no platform's form."""

import dataclasses
import datetime
from typing import Optional


def now():
    return datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)


@dataclasses.dataclass
class Person:
    id: int
    login: str
    name: str
    role: Optional[str]  # admin, write, read; None: not (or no longer) in the repository
    bot: bool = False

    @property
    def email(self):
        return f"{self.login}@example.invalid"


@dataclasses.dataclass
class Label:
    id: int
    name: str
    color: str = "ededed"


@dataclasses.dataclass
class LabelEvent:
    id: int
    name: str
    who: str
    added: bool
    created: datetime.datetime = dataclasses.field(default_factory=now)


@dataclasses.dataclass
class Comment:
    id: int
    author: str
    body: str
    created: datetime.datetime = dataclasses.field(default_factory=now)
    system: bool = False  # written by the platform


@dataclasses.dataclass
class CheckStatus:
    id: int
    commit: str
    context: str
    state: str  # pending, success, failure
    description: Optional[str]
    url: Optional[str]
    creator: str
    created: datetime.datetime = dataclasses.field(default_factory=now)
    raw: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class PullRequest:
    number: int
    title: str
    body: str
    head: str
    base: str
    author: str
    head_commit: str
    base_commit: str  # of the base branch when it was last looked at
    state: str = "open"  # open, closed, merged
    draft: bool = False
    labels: list = dataclasses.field(default_factory=list)  # names
    assignees: list = dataclasses.field(default_factory=list)
    reviewers: list = dataclasses.field(default_factory=list)
    teams: list = dataclasses.field(default_factory=list)
    milestone: Optional[str] = None
    comments: list = dataclasses.field(default_factory=list)
    reviews: dict = dataclasses.field(default_factory=dict)  # login -> approved, changes_requested
    auto_merge: Optional[dict] = None  # {"method", "by", "title", "message", "delete_branch"}
    queued: bool = False
    delete_branch: bool = False
    merge_commit: Optional[str] = None
    version: int = 0
    checking: int = 0  # so many looks at it answer that mergeability is still computed
    created: datetime.datetime = dataclasses.field(default_factory=now)
    updated: datetime.datetime = dataclasses.field(default_factory=now)
    closed: Optional[datetime.datetime] = None
    merged: Optional[datetime.datetime] = None
    closed_by: Optional[str] = None
    merged_by: Optional[str] = None
    from_fork: Optional[str] = None  # owner of the fork; its branch has the same name
    history: list = dataclasses.field(default_factory=list)  # (what, who): for tests
    label_events: list = dataclasses.field(default_factory=list)

    def touch(self):
        self.version += 1
        self.updated = now()


@dataclasses.dataclass
class Settings:
    """The repository's and the platform's settings; a test changes them while the fake runs."""

    auto_merge: bool = True
    methods: set = dataclasses.field(default_factory=lambda: {"merge", "squash", "rebase"})
    required_checks: set = dataclasses.field(default_factory=set)  # contexts
    required_approvals: int = 0
    require_up_to_date: bool = False
    delete_branch_on_merge: bool = False
    merge_queue: bool = False  # GitHub's merge queue, GitLab's merge train
    has_ci: bool = False  # a pipeline exists for every head; it succeeds when required_checks do
    checks_running: bool = False  # that pipeline is still running
    optional_checks_running: bool = False  # checks that nothing waits for (GitHub: "unstable")
    computing: int = 0  # so many looks after each change answer "still computed"
    archived: bool = False
    issues_disabled: bool = False
    retargeting: bool = True  # Azure's feature of changing a target
    drafts: bool = True  # the plan or version has them
    create_missing_labels: bool = True  # where the platform does so
    template: Optional[str] = None
    title_limit: Optional[int] = None  # None: the platform's
    body_limit: Optional[int] = None
    page_limit: int = 100  # the most that a page holds
    foreign_next_page: bool = False  # the Link of the next page points to another origin
    require_sha_for_merge: bool = False  # GitLab's setting
    assignees_late: int = 0  # so many calls to assign answer 404 after creation
    version: Optional[str] = None  # of the platform
    close_on_branch_deletion: Optional[bool] = None  # None: as the platform does
    async_merge: bool = False  # Bitbucket Cloud's 202, Azure's queue
