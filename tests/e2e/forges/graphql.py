"""As much of GraphQL as a client of pull requests needs: operations with variables, arguments, aliases, inline fragments."""

import re

TOKEN = re.compile(
    r"""[\s,\ufeff]+ | \#[^\n]* | (?P<name>[_A-Za-z]\w*) | (?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
      | (?P<block>\"\"\".*?\"\"\") | (?P<string>"(?:[^"\\\n]|\\.)*") | (?P<mark>\.\.\.|[!$():=@\[\]{|}&])""",
    re.VERBOSE | re.DOTALL,
)


class GraphQLError(Exception):
    def __init__(self, message, kind=None, path=None, code=None):
        super().__init__(message)
        self.kind, self.path, self.code = kind, path, code


class _Parser:
    def __init__(self, text):
        self.tokens, at = [], 0
        while at < len(text):
            match = TOKEN.match(text, at)
            if not match:
                raise GraphQLError(f"Parse error on {text[at]!r}")
            if match.lastgroup:
                self.tokens.append((match.lastgroup, match[0]))
            at = match.end()
        self.at = 0

    def peek(self):
        return self.tokens[self.at][1] if self.at < len(self.tokens) else None

    def take(self, wanted=None):
        if self.at >= len(self.tokens) or wanted is not None and self.peek() != wanted:
            raise GraphQLError(f"Parse error: expected {wanted}, got {self.peek()}")
        self.at += 1
        return self.tokens[self.at - 1]

    def operation(self):
        kind, defaults = "query", {}
        if self.peek() in ("query", "mutation"):
            kind = self.take()[1]
            if self.peek() not in ("(", "{"):
                self.take()
            if self.peek() == "(":
                self.take()
                while self.peek() != ")":
                    self.take("$")
                    name = self.take()[1]
                    self.take(":")
                    while self.peek() not in ("$", ")", "="):
                        self.take()
                    if self.peek() == "=":
                        self.take()
                        defaults[name] = self.value({})
                self.take(")")
        start = self.at
        return kind, defaults, start

    def selections(self, variables):
        self.take("{")
        found = []
        while self.peek() != "}":
            if self.peek() == "...":
                self.take()
                kind = None
                if self.peek() == "on":
                    self.take()
                    kind = self.take()[1]
                found.append(("on", kind, None, self.selections(variables)))
                continue
            alias = name = self.take()[1]
            if self.peek() == ":":
                self.take()
                name = self.take()[1]
            arguments = {}
            if self.peek() == "(":
                self.take()
                while self.peek() != ")":
                    key = self.take()[1]
                    self.take(":")
                    arguments[key] = self.value(variables)
                self.take()
            inner = self.selections(variables) if self.peek() == "{" else None
            found.append((alias, name, arguments, inner))
        self.take("}")
        return found

    def value(self, variables):
        kind, text = self.take()
        if text == "$":
            return variables.get(self.take()[1])
        if text == "[":
            items = []
            while self.peek() != "]":
                items.append(self.value(variables))
            self.take()
            return items
        if text == "{":
            fields = {}
            while self.peek() != "}":
                key = self.take()[1]
                self.take(":")
                fields[key] = self.value(variables)
            self.take()
            return fields
        if kind == "block":
            return text[3:-3]
        if kind == "string":
            import json

            return json.loads(text)
        if kind == "number":
            return float(text) if any(c in text for c in ".eE") else int(text)
        return {"true": True, "false": False, "null": None}.get(text, text)


def root_fields(text):
    """Names of the fields of the first operation; for choosing an operation's name."""
    try:
        parser = _Parser(text)
        parser.operation()
        return [name for _, name, _, _ in parser.selections({})]
    except GraphQLError:
        return []


def execute(text, variables, roots):
    """`roots`: {"query": {...}, "mutation": {...}} of names to functions of their arguments; objects are dicts whose values
    may be functions of arguments. Returns the whole answer."""
    try:
        parser = _Parser(text)
        kind, defaults, _ = parser.operation()
        selections = parser.selections({**defaults, **(variables or {})})
    except GraphQLError as error:
        return {"errors": [{"message": str(error), "locations": [{"line": 1, "column": 1}]}]}
    errors = []

    def resolve(thing, chosen, path):
        if thing is None or not chosen:
            return thing
        if isinstance(thing, list):
            return [resolve(item, chosen, path) for item in thing]
        answer = {}
        for alias, name, arguments, inner in chosen:
            if alias == "on":
                if name is None or name == thing.get("__typename"):
                    answer.update(resolve(thing, inner, path))
                continue
            if name not in thing:
                owner = thing.get("__typename", "Query" if kind == "query" else "Mutation")
                raise GraphQLError(f"Field '{name}' doesn't exist on type '{owner}'", code="undefinedField", path=[*path, alias])
            value = thing[name]
            try:
                value = value(**arguments) if callable(value) else value
                answer[alias] = resolve(value, inner, [*path, alias])
            except GraphQLError as error:
                if error.code:
                    raise
                errors.append({"type": error.kind, "path": [*path, alias], "locations": [{"line": 1, "column": 1}], "message": str(error)})
                answer[alias] = None
        return answer

    try:
        data = resolve(roots[kind], selections, [])
    except GraphQLError as error:
        return {"errors": [{"path": error.path, "extensions": {"code": error.code}, "locations": [], "message": str(error)}]}
    return {"data": data, **({"errors": errors} if errors else {})}
