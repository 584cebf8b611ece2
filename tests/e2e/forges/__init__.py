"""Stateful fakes of the platforms where repositories live. See README.md."""

import importlib

from .faults import Rule  # noqa: F401

KINDS = {
    "github": ("github", "GitHub"),
    "github_enterprise": ("github", "GitHubEnterprise"),
    "gitlab": ("gitlab", "GitLab"),
    "gitea": ("gitea", "Gitea"),
    "forgejo": ("gitea", "Forgejo"),
    "bitbucket_cloud": ("bitbucket_cloud", "BitbucketCloud"),
    "bitbucket_data_center": ("bitbucket_data_center", "BitbucketDataCenter"),
    "azure_devops": ("azure", "AzureDevOps"),
}


def start(kind, bare_repo_path, token="test-token", **options):
    """A running fake of one repository on `kind`; ends with .stop() (or `with`)."""
    module, name = KINDS[kind]
    return getattr(importlib.import_module("." + module, __name__), name)(bare_repo_path, token=token, **options)
