#!/usr/bin/env python3
"""A third YAML reader's opinion of the goldens: PyYAML (YAML 1.1) and ruamel.yaml (1.2).

For each file of tests/golden/yaml/*/before and after, both readers must see the same events, except
for the values that plan.json lists; and a plain value that was written must be text to them. Files
that a reader can't read at all are counted and named, never hidden.

usage: third_opinion.py tests/golden/yaml
exit: 0 agreed, 1 not, 77 the readers are not installed
"""

import json
import pathlib
import sys
import warnings

try:
    import ruamel.yaml
    import yaml
except ImportError as e:
    print(f"skipped: {e} (Debian: python3-yaml python3-ruamel.yaml)")
    sys.exit(77)

warnings.simplefilter("ignore")


def describe(event):
    out = {"type": type(event).__name__}
    for name in ("anchor", "tag", "value", "flow_style", "explicit"):
        value = getattr(event, name, None)
        if name == "tag" and value is not None:
            value = str(value)
        out[name] = value
    out["plain"] = getattr(event, "style", None) in (None, "")
    return out


def pyyaml_events(text):
    return [describe(e) for e in yaml.parse(text, Loader=yaml.SafeLoader)]


def ruamel_events(text):
    return [describe(e) for e in ruamel.yaml.YAML(typ="safe", pure=True).parse(text)]


def is_text(value):
    """To a YAML 1.1 reader, which takes more for numbers and booleans than any other."""
    tag = yaml.SafeLoader("").resolve(yaml.ScalarNode, value, (True, False))
    return tag == "tag:yaml.org,2002:str"


def same(a, b):
    return all(a[k] == b[k] for k in a if k != "plain")


def compare(read, before, after, edits):
    """None when they agree, else what they don't."""
    pending = [(e["old"], e["new"]) for e in edits if not e.get("added") and not e.get("removed")]
    added = [(k, e["new"]) for e in edits for k in e.get("added", [])]
    removed = [(e["removed"], e["old"]) for e in edits if e.get("removed")]
    olds, news = read(before), read(after)
    i = j = 0
    while i < len(olds) or j < len(news):
        old = olds[i] if i < len(olds) else {"type": "end"}
        new = news[j] if j < len(news) else {"type": "end"}
        scalars = old["type"] == new["type"] == "ScalarEvent"
        if old["type"] == new["type"] and same(old, new):
            i, j = i + 1, j + 1
        elif new["type"] == "ScalarEvent" and new["value"] in [k for k, _ in added]:
            at = [k for k, _ in added].index(new["value"])
            added.pop(at)
            j += 2
        elif old["type"] == "ScalarEvent" and old["value"] in [k for k, _ in removed]:
            removed.pop([k for k, _ in removed].index(old["value"]))
            i += 2
        elif scalars and (old["value"], new["value"]) in pending:
            pending.remove((old["value"], new["value"]))
            if old["anchor"] != new["anchor"] or old["tag"] != new["tag"]:
                return f"anchor or tag of {new['value']!r}"
            if new["plain"] and new["tag"] is None and not is_text(new["value"]):
                return f"{new['value']!r} is not text"
            i, j = i + 1, j + 1
        elif scalars:
            # YAML in a text: its edits are in the same list.
            wrong = compare_text(read, old["value"], new["value"], pending)
            if wrong:
                return f"in the text {old['value']!r}: {wrong}"
            i, j = i + 1, j + 1
        else:
            return f"{old} became {new}"
    if pending or added or removed:
        return f"not seen: {pending + added + removed}"
    return None


def compare_text(read, before, after, pending):
    olds, news = read(before), read(after)
    if len(olds) != len(news):
        return "another number of values"
    for old, new in zip(olds, news):
        if same(old, new):
            continue
        pair = (old.get("value"), new.get("value"))
        if pair not in pending:
            return f"{old} became {new}"
        pending.remove(pair)
    return None


def main(root):
    checked, unread, wrong = 0, [], []
    for case in sorted(p for p in pathlib.Path(root).iterdir() if p.is_dir()):
        plans = json.loads((case / "plan.json").read_text())
        for path, plan in plans.items():
            # Fields lead into files of any kind.
            if "skipped" in plan or not path.endswith((".yaml", ".yml", ".json", "Kustomization")):
                continue
            before = (case / "before" / path).read_bytes()
            after = (case / "after" / path).read_bytes()
            for name, read in (("PyYAML", pyyaml_events), ("ruamel", ruamel_events)):
                where = f"{case.name}/{path} ({name})"
                try:
                    read(before.decode("utf-8-sig"))
                except (yaml.YAMLError, ruamel.yaml.error.YAMLError, ValueError) as e:
                    unread.append(f"{where}: {str(e).splitlines()[0]}")
                    continue
                verdict = compare(
                    read, before.decode("utf-8-sig"), after.decode("utf-8-sig"),
                    plan.get("edits", []),
                )
                if verdict:
                    wrong.append(f"{where}: {verdict}")
                checked += 1
    for line in unread:
        print("not read:", line)
    for line in wrong:
        print("WRONG:", line)
    print(f"{checked} agreed or not, {len(wrong)} wrong, {len(unread)} not read")
    return 1 if wrong or checked < 5 * len(unread) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
