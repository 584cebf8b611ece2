"""A bare Git repository, driven by the git command: what a forge does to it when it merges, rebases or commits for people."""

import os
import pathlib
import subprocess
import tempfile

ZERO = "0" * 40


class GitError(Exception):
    pass


class Conflict(GitError):
    """The branches do not merge."""


class Moved(GitError):
    """The branch was not where it was expected."""


class GitRepository:
    def __init__(self, path, name="Forge", email="forge@example.invalid"):
        self.path = pathlib.Path(path)
        self.name, self.email = name, email

    def git(self, *arguments, text_input=None, data=None, author=None, check=True, cwd=None):
        environment = {
            key: value for key, value in os.environ.items() if not key.startswith("GIT_")
        }
        name, email = author or (self.name, self.email)
        environment.update(
            GIT_AUTHOR_NAME=name,
            GIT_AUTHOR_EMAIL=email,
            GIT_COMMITTER_NAME=self.name,
            GIT_COMMITTER_EMAIL=self.email,
            GIT_CONFIG_NOSYSTEM="1",
            GIT_CONFIG_GLOBAL=os.devnull,
            GIT_TERMINAL_PROMPT="0",
        )
        where = ["-C", str(cwd)] if cwd else ["--git-dir", str(self.path)]
        done = subprocess.run(
            ["git", *where, *map(str, arguments)],
            input=data if data is not None else (text_input.encode() if text_input is not None else None),
            stdin=subprocess.DEVNULL if data is None and text_input is None else None,
            capture_output=True,
            env=environment,
        )
        output = done.stdout.decode(errors="replace")
        if check and done.returncode != 0:
            raise GitError(f"git {' '.join(map(str, arguments))}: {output}{done.stderr.decode(errors='replace')}")
        return output.strip() if check else (done.returncode, output.strip())

    # Refs

    def branches(self):
        lines = self.git("for-each-ref", "--format=%(objectname) %(refname)", "refs/heads/").splitlines()
        return {name[len("refs/heads/") :]: commit for commit, name in (line.split(" ", 1) for line in lines)}

    def head(self, branch):
        code, output = self.git("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}^{{commit}}", check=False)
        return output if code == 0 else None

    def resolve(self, name):
        code, output = self.git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", check=False)
        return output if code == 0 else None

    def set_ref(self, ref, commit, expected=None):
        """`expected`: where it must be; ZERO: it must not exist; None: wherever it is."""
        arguments = ["update-ref", ref, commit] + ([expected] if expected is not None else [])
        try:
            self.git(*arguments)
        except GitError as error:
            raise Moved(str(error)) from error

    def delete_branch(self, branch, expected=None):
        arguments = ["update-ref", "-d", f"refs/heads/{branch}"] + ([expected] if expected else [])
        try:
            self.git(*arguments)
        except GitError as error:
            raise Moved(str(error)) from error

    # History

    def is_ancestor(self, older, newer):
        return self.git("merge-base", "--is-ancestor", older, newer, check=False)[0] == 0

    def merge_base(self, one, other):
        code, output = self.git("merge-base", one, other, check=False)
        return output if code == 0 else None

    def commits_between(self, base, head):
        return self.git("rev-list", "--reverse", f"{base}..{head}").splitlines()

    def commit(self, name):
        raw = self.git("cat-file", "commit", name)
        header, _, message = raw.partition("\n\n")
        answer = {"sha": self.resolve(name), "message": message, "parents": []}
        for line in header.splitlines():
            key, _, value = line.partition(" ")
            if key == "parent":
                answer["parents"].append(value)
            elif key in ("author", "committer"):
                who, _, rest = value.rpartition("> ")
                person, _, email = who.partition(" <")
                answer[key] = {"name": person, "email": email, "time": int(rest.split(" ")[0])}
            elif key == "tree":
                answer["tree"] = value
        return answer

    def changed_files(self, base, head):
        ancestor = self.merge_base(base, head) or base
        return self.git("diff", "--name-only", ancestor, head).splitlines()

    def numbers(self, base, head):
        """Additions, deletions, changed files."""
        ancestor = self.merge_base(base, head) or base
        added = deleted = files = 0
        for line in self.git("diff", "--numstat", ancestor, head).splitlines():
            plus, minus, _ = line.split("\t", 2)
            added += int(plus) if plus.isdigit() else 0
            deleted += int(minus) if minus.isdigit() else 0
            files += 1
        return added, deleted, files

    def merged_tree(self, base, head):
        code, output = self.git("merge-tree", "--write-tree", "--messages", base, head, check=False)
        if code == 1:
            raise Conflict(output)
        if code != 0:
            raise GitError(output)
        return output.splitlines()[0]

    def merges_cleanly(self, base, head):
        try:
            self.merged_tree(base, head)
        except GitError:
            return False
        return True

    # What a forge writes

    def commit_tree(self, tree, parents, message, author=None):
        arguments = ["commit-tree", tree]
        for parent in parents:
            arguments += ["-p", parent]
        return self.git(*arguments, text_input=message, author=author)

    def merge(self, base_branch, head, method, message, author=None):
        """`method`: merge, squash, rebase or ff. Moves the base branch; returns its new head."""
        base = self.head(base_branch)
        if base is None:
            raise GitError(f"no branch {base_branch}")
        if method == "ff":
            if not self.is_ancestor(base, head):
                raise Conflict("not a fast-forward")
            made = head
        elif method == "merge":
            made = self.commit_tree(self.merged_tree(base, head), [base, head], message, author)
        elif method == "squash":
            made = self.commit_tree(self.merged_tree(base, head), [base], message, author)
        elif method == "rebase":
            made = self._rebased(base, head)
        else:
            raise ValueError(method)
        self.set_ref(f"refs/heads/{base_branch}", made, base)
        return made

    def _rebased(self, base, head):
        # The trees of git 2.39's merge-tree have no --merge-base: a work tree of a moment does it.
        with tempfile.TemporaryDirectory() as folder:
            tree = pathlib.Path(folder) / "tree"
            self.git("worktree", "add", "--detach", "--quiet", tree, base)
            try:
                for commit in self.commits_between(base, head):
                    code, output = self.git("cherry-pick", "--allow-empty", commit, cwd=tree, check=False)
                    if code != 0:
                        raise Conflict(output)
                return self.git("rev-parse", "HEAD", cwd=tree)
            finally:
                self.git("worktree", "remove", "--force", tree, check=False)

    def write_blob(self, content):
        return self.git("hash-object", "-w", "--stdin", data=content)

    def write_tree(self, base_tree, changes):
        """`changes`: (path, mode, blob id); no blob id removes the path."""
        with tempfile.TemporaryDirectory() as folder:
            index = str(pathlib.Path(folder) / "index")
            environment = dict(os.environ, GIT_INDEX_FILE=index)

            def run(*arguments, text=None):
                done = subprocess.run(
                    ["git", "--git-dir", str(self.path), *arguments],
                    input=text,
                    stdin=subprocess.DEVNULL if text is None else None,
                    capture_output=True,
                    text=True,
                    env=environment,
                )
                if done.returncode != 0:
                    raise GitError(done.stdout + done.stderr)
                return done.stdout.strip()

            run("read-tree", base_tree) if base_tree else run("read-tree", "--empty")
            lines = "".join(
                f"{mode} {blob}\t{path}\n" if blob else f"0 {ZERO}\t{path}\n" for path, mode, blob in changes
            )
            run("update-index", "--index-info", text=lines)
            return run("write-tree")

    def file(self, commit, path):
        """(mode, blob id, content) or None."""
        line = self.git("ls-tree", commit, "--", path)
        if not line:
            return None
        mode, _, blob = line.split("\t")[0].split(" ")
        done = subprocess.run(
            ["git", "--git-dir", str(self.path), "cat-file", "blob", blob], capture_output=True, check=True
        )
        return mode, blob, done.stdout
