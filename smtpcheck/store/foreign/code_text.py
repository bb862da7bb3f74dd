"""Reads settings out of PHP, Ruby and JavaScript without running any of it: assignments of literal
values, arrays, hashes and objects, `define(...)`, and look-ups in the environment.

Only literals are understood. Anything else is skipped to the end of its value, and its setting is
an entry whose value is a Lookup that a profile cannot follow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from smtpcheck.model.value import dataclass
from smtpcheck.store.foreign.entry import Entry, Lookup

_TOKEN = re.compile(
    r"""
    (?P<comment>//[^\n]*|/\*(?s:.*?)(?:\*/|\Z)|(?<![\w$'"])\#(?!\{)[^\n]*)
    | (?P<string>'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\\n]|\\.)*`)
    | (?P<broken>['"`][^\n]*)
    | (?P<number>\d[\d_]*(?:\.\d+)?(?![\w.]))
    | (?P<symbol>:[A-Za-z_]\w*)
    | (?P<word>\$?[A-Za-z_][\w$]*[?!]?(?:(?:->|::|\.)\$?[A-Za-z_]\w*)*)
    | (?P<arrow>=>|===?|!==?|<=|>=|\|\||&&|\?\?|\?->)
    | (?P<mark>\S)
    """,
    re.VERBOSE,
)
_ENDS = {"(": ")", "[": "]", "{": "}"}
_DEEPEST = 40
"""Of nested arrays; no settings are that deep."""
_ESCAPES: Mapping[str, str] = {"n": "\n", "r": "\r", "t": "\t"}
_WORDS: Mapping[str, Any] = {
    "true": True,
    "false": False,
    "null": None,
    "nil": None,
    "undefined": None,
}
_ENVIRONMENT = re.compile(r"(?:process\.env|import\.meta\.env)\.([A-Za-z_]\w*)\Z")
_CALLS = ("env", "getenv", "getenv_docker", "ENV.fetch", "Env::get", "env.fetch")
_TABLES = ("$_ENV", "$_SERVER", "ENV", "process.env")
_FILES = ("readFileSync", "file_get_contents", "File.read", "IO.read")
_TRIMMED = (
    *("trim", "strip", "chomp", "toString"),
    *("to_i", "to_s", "to_f", "to_sym", "freeze", "presence", "compact"),
)
_CONVERSIONS = ("Number", "parseInt", "intval", "String", "Boolean", "boolval", "Integer", "trim")
_OPERATORS = ("?", "||", "??", ".", "+", "-", "*", "/", "%", "&&", "<<", "==", "===")
_CASTS = ("int", "integer", "bool", "boolean", "string", "float")
_UNKNOWN = Lookup({}, words="code, which is not run")


class Token(NamedTuple):
    """One word of the code."""

    kind: str
    text: str
    line: int
    start: int = 0
    """Where it begins, in characters."""


def tokens_of(text: str) -> list[Token]:
    """The words of the code, without comments."""
    found: list[Token] = []
    line, at = 1, 0
    for match in _TOKEN.finditer(text):
        line += text.count("\n", at, match.start())
        at = match.start()
        if match.lastgroup not in ("comment", "broken"):
            found.append(Token(match.lastgroup or "", match[0], line, at))
    return found


@lru_cache(maxsize=1)
def read_code(text: str, *, js: bool = False) -> tuple[Entry, ...]:
    """Every setting of the code: `$mail->Host = 'x'` as `$mail->Host`, `$a['b'] = 1` as `$a.b`,
    `define('X', 1)` as `X`, and what is in an array or object as `name.key`, for those without a
    name as `key`. `x.y(z)` is the list of its plain arguments under `x.y()`. In JavaScript, `js`,
    nothing is filled in between quotation marks."""
    php = not js and re.search(r"<\?|\$\w+\s*(?:->|=)|=>\s*\$", text) is not None
    reader = _Reader(tokens_of(text), php=php, js=js)
    return tuple(each for entry in reader.statements() for each in _flat(entry))


def flat(name: str, value: Any, line: int = 0) -> list[Entry]:
    """The leaves of nested mappings as entries with dotted names."""
    return list(_flat(Entry(name, value, line)))


@dataclass(frozen=True, slots=True)
class Placed:
    """A value of an array or object, and its line."""

    value: Any
    line: int


def _flat(entry: Entry) -> Iterator[Entry]:
    value = entry.value
    if isinstance(value, Placed):
        yield from _flat(Entry(entry.name, value.value, value.line))
    elif isinstance(value, dict):
        for word, inner in value.items():
            name = f"{entry.name}.{word}" if entry.name else word
            yield from _flat(Entry(name, inner, entry.line))
    elif isinstance(value, list):
        yield Entry(entry.name, [plain(each) for each in value], entry.line)
    else:
        yield entry


def plain(value: Any) -> Any:
    """A value without the lines in it."""
    if isinstance(value, Placed):
        return plain(value.value)
    if isinstance(value, dict):
        return {word: plain(each) for word, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list) else value


class _Reader:
    """Goes through the tokens once."""

    def __init__(self, tokens: list[Token], *, php: bool, js: bool) -> None:
        self._tokens = tokens
        filled = r"#\{|\$\{|\{\$|\$[A-Za-z_]" if php else r"(?!)" if js else r"#\{"
        self._filled = rf"(?<!\\)(?:{filled})"
        self._at = 0
        self._known: dict[str, Any] = {}

    def statements(self) -> Iterator[Entry]:
        """Every assignment, call and bare array, wherever it stands."""
        while (token := self._peek()) is not None:
            if token.kind == "word":
                yield from self._from_word(token)
            elif token.text in ("[", "{") and self._is_literal():
                yield Entry("", self._read(0), token.line)
            else:
                self._at += 1

    def _from_word(self, token: Token) -> Iterator[Entry]:
        self._at += 1
        name = token.text
        while self._text() == "[" and self._text(2) == "]" and self._kind(1) in _KEYS:
            name = f"{name}.{_key(self._tokens[self._at + 1])}"
            self._at += 3
        if self._text() == "=":
            self._at += 1
            if self._is_call():
                yield Entry(name, _UNKNOWN, token.line)
                return  # its arguments are read as those of any call
            value = self._whole_value()
            if isinstance(value, str | int | float | Lookup):
                self._known[name] = value
            yield Entry(name, value, token.line)
        elif self._text() == "(":
            yield from self._from_call(name, token.line)

    def _from_call(self, name: str, line: int) -> Iterator[Entry]:
        """The plain arguments, or the object behind them; code among them is read as statements of
        its own."""
        arguments = self._arguments()
        if name == "define" and arguments and isinstance(arguments[0], str):
            yield Entry(arguments[0], arguments[1] if len(arguments) == 2 else _UNKNOWN, line)
        elif arguments:
            yield Entry(f"{name}()", arguments, line)
        if self._text() in ("[", "{") and self._is_literal():
            yield Entry(f"{name}()", self._read(0), line)

    def _is_call(self) -> bool:
        """Whether the value is what a function returns, and no look-up in the environment."""
        ahead = 1 if self._text() in ("new", "await") else 0
        name = self._text(ahead)
        called = self._kind(ahead) == "word" and self._text(ahead + 1) == "("
        return called and name != "array" and not self._is_looked_up(name)

    @staticmethod
    def _is_looked_up(name: str) -> bool:
        return name in (*_CALLS, *_CONVERSIONS) or name.endswith(_FILES)

    def _arguments(self) -> list[Any]:
        """The values between parentheses, up to the first that is an array or code."""
        self._at += 1
        found: list[Any] = []
        while (token := self._peek()) is not None and token.text != ")":
            if token.text == ",":
                self._at += 1
                continue
            if not self._is_plain(token):
                return found
            found.append(self._whole_value())
            if self._text() not in (",", ")"):
                self._skip()
        self._at += 1
        return found

    def _is_plain(self, token: Token) -> bool:
        if token.kind == "word":
            return self._text(1) != "(" or self._is_looked_up(token.text)
        return token.kind in _KEYS or (token.text == "(" and self._text(1) in _CASTS)

    def _is_literal(self) -> bool:
        """Whether a bracket opens an array or object, and not a block of code."""
        told = ("=>", ":", ",") if self._text() == "{" else ("=>", ":")
        return self._kind(1) in _KEYS and self._text(2) in told

    def _whole_value(self) -> Any:
        """A value to the end of its statement: with an operator behind it, it is code."""
        value = self._read(0)
        if self._text() == "!":
            self._at += 1
        self._trim()
        after = self._text()
        if after in _OPERATORS:
            default = self._default() if after in ("||", "??") else None
            if isinstance(value, Lookup) and value.place:
                return Lookup(value.place, default)
            return _UNKNOWN
        return value

    def _default(self) -> Any:
        self._at += 1
        found = plain(self._read(0))
        return None if isinstance(found, Lookup | dict | list) else found

    def _read(self, depth: int) -> Any:
        token = self._peek()
        if token is None or depth > _DEEPEST:
            return _UNKNOWN
        self._at += 1
        if token.kind == "string":
            return self._string(token)
        if token.kind == "number":
            return float(token.text) if "." in token.text else int(token.text.replace("_", "")[:18])
        if token.kind == "symbol":
            return token.text[1:]
        if token.kind == "word":
            return self._word(token, depth)
        return self._bracket(token.text, depth) if token.text in _ENDS else _UNKNOWN

    def _bracket(self, opened: str, depth: int) -> Any:
        """An array, an object, a cast, or a value in parentheses."""
        if opened == "(" and self._text() in _CASTS and self._text(1) == ")":
            self._at += 2
            return self._read(depth + 1)
        found = self._group(opened, depth)
        if opened == "(" and isinstance(found, list):
            return found[0].value if len(found) == 1 else _UNKNOWN
        return found

    def _trim(self) -> None:
        """Past what changes the form of a value at most: `.trim()`, `.strip`, `.to_i`."""
        while self._text() == "." and self._text(1) in _TRIMMED:
            self._at += 4 if self._text(2) == "(" else 2

    def _listed(self, depth: int) -> list[Placed]:
        """The arguments of a call."""
        self._at += 1
        found = self._group("(", depth + 1) if depth < _DEEPEST else []
        return found if isinstance(found, list) else []

    def _string(self, token: Token) -> Any:
        body, quote = token.text[1:-1], token.text[0]
        if quote == "'":
            return re.sub(r"\\([\\'])", r"\1", body)
        if quote == "`" or re.search(self._filled, body):
            # backticks are a template for JavaScript, and run a command in PHP and Ruby
            whole = re.fullmatch(r"\$\{process\.env\.(\w+)\}|\#\{ENV\[['\"](\w+)['\"]\]\}", body)
            return Lookup({"env": whole[1] or whole[2]}) if whole else _UNKNOWN
        return re.sub(r"(?s)\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), body)

    def _word(self, token: Token, depth: int) -> Any:
        word = token.text
        if found := _ENVIRONMENT.match(word):
            return Lookup({"env": found[1]})
        if word.lower() in _WORDS and self._text() not in ("(", "["):
            return _WORDS[word.lower()]
        if word == "array" and self._text() == "(":
            self._at += 1
            return self._group("(", depth)
        if word in _TABLES and self._text() == "[":
            name = plain(self._read(depth + 1))
            return _variable(name if isinstance(name, list) else [])
        if self._text() == "(":
            return self._called(word, depth)
        return self._known.get(word, Lookup({}, words=word))

    def _called(self, word: str, depth: int) -> Any:
        """A look-up, a conversion, or the object that is handed to a function."""
        inner = [each.value for each in self._listed(depth)]
        if word in _CALLS:
            return _variable([plain(each) for each in inner])
        if word.endswith(_FILES) and inner and isinstance(inner[0], str):
            self._trim()
            return Lookup({"file": inner[0]})
        if word in _CONVERSIONS and inner:
            return inner[0]
        return next((each for each in inner if isinstance(each, dict)), _UNKNOWN)

    def _group(self, opened: str, depth: int) -> Any:
        """What is between brackets: a dict of Placed values where there are keys, else a list."""
        keyed: dict[str, Any] = {}
        listed: list[Any] = []
        end = _ENDS[opened]
        while (token := self._peek()) is not None and token.text != end:
            if token.text in (",", ";") or token.text in _ENDS.values():
                self._at += 1
                continue
            if token.kind in _KEYS and self._text(1) in ("=>", ":"):
                self._at += 2
                keyed[_key(token)] = Placed(self._element(depth), token.line)
            elif token.kind == "word" and self._kind(1) == "symbol":
                # `{secure:true}` has no blank behind the colon
                word = self._text(1)[1:]
                self._at += 2
                value = _WORDS.get(word, self._known.get(word, Lookup({}, words=word)))
                keyed[_key(token)] = Placed(value, token.line)
            elif opened == "{" and token.kind == "word" and self._text(1) in (",", "}"):
                self._at += 1  # `{ host, port }` stands for `{ host: host, port: port }`
                value = self._known.get(token.text, Lookup({}, words=token.text))
                keyed[token.text] = Placed(value, token.line)
            else:
                listed.append(Placed(self._element(depth), token.line))
        self._at += 1
        return keyed if keyed or (opened == "{" and not listed) else listed

    def _element(self, depth: int) -> Any:
        """One value of a group; with an operator behind it, it is code, to the next comma."""
        value = self._read(depth + 1)
        if self._text() == "!":  # TypeScript's word for: it is there
            self._at += 1
        self._trim()
        after = self._text()
        if after in (",", ";", ")", "]", "}", ""):
            return value
        if after in ("||", "??"):
            default = self._default()
            value = (
                Lookup(value.place, default)
                if isinstance(value, Lookup) and value.place
                else _UNKNOWN
            )
        else:
            value = _UNKNOWN
        self._skip()
        return value

    def _skip(self) -> None:
        """To the next comma or closing bracket of this group."""
        depth = 0
        while (token := self._peek()) is not None:
            if token.text in _ENDS:
                depth += 1
            elif token.text in _ENDS.values():
                if depth == 0:
                    return
                depth -= 1
            elif token.text in (",", ";") and depth == 0:
                return
            self._at += 1

    def _peek(self) -> Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _text(self, ahead: int = 0) -> str:
        at = self._at + ahead
        return self._tokens[at].text if at < len(self._tokens) else ""

    def _kind(self, ahead: int = 0) -> str:
        at = self._at + ahead
        return self._tokens[at].kind if at < len(self._tokens) else ""


_KEYS = ("string", "word", "symbol", "number")


def _key(token: Token) -> str:
    if token.kind == "string":
        return re.sub(r"\\(.)", r"\1", token.text[1:-1])
    return token.text.removeprefix(":")


def _variable(arguments: list[Any]) -> Lookup:
    """`env('X', 'default')`."""
    if not arguments or not isinstance(arguments[0], str):
        return _UNKNOWN
    if re.fullmatch(r"[A-Za-z_]\w*", arguments[0]) is None:
        return _UNKNOWN
    default = arguments[1] if len(arguments) > 1 else None
    return Lookup(
        {"env": arguments[0]}, None if isinstance(default, Lookup | dict | list) else default
    )
