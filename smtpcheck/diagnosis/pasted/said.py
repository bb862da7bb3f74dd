"""Finds the replies of servers in a text: whole, quoted in a sentence, in a tuple, in fields."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from smtpcheck.diagnosis.pasted.dotnet import answer_in
from smtpcheck.diagnosis.pasted.lines import Line, unquoted
from smtpcheck.model.jsonvalue import Json
from smtpcheck.model.reply import Line as ReplyLine
from smtpcheck.model.reply import Reply
from smtpcheck.model.value import dataclass

_CODE: Final = (
    "(?:211|214|22[01]|235|25[0-3]|334|354|417|42[124]|43[0-25]|44[0-2]|45[0-589]|471|"
    "50[0-5]|51\\d|52[0-6]|530|"
    "53[3-58]|54\\d|55\\d|57\\d)"
)
_BAD: Final = _CODE.replace("211|214|22[01]|235|25[0-3]|334|354|", "")
_ENHANCED: Final = r"[245]\.\d{1,3}\.\d{1,3}"
# What stands before a line of a conversation and says who speaks.
_MARK: Final = re.compile(
    r"(?:(?:mta|smtp|smtp-out|smtpd)?:? ?(?:0x[0-9a-f]{4,16}|[0-9a-f]{8,16}): )?"
    r"(?:SMTP \(level \d\): |<\w{6,12}> (?=Recv:|Send:))?"
    r"(?:\[[\w-]{4,50}(?:\.\d{1,3}){0,3}\] ?){0,3}"
    r"(?:SMTP ?(?:(?:INBOUND|OUTBOUND): ?|(?:->|<|>|RECV|SEND) ?)?)?"
    r"(?:(?:SERVER -> CLIENT|CLIENT -> SERVER|FROM SERVER|CLIENT -> SMTP|SERVER|INBOUND|OUTBOUND|"
    r"[SC]|RX|TX|SENT|RECEIVED|RECV|Sent|Got|Received|Server|Client|reply|send|recv|Recv|Send|retcode"
    r"|DEBUG SMTP: got response code)\s?:|\[(?:<-|->)\]|[<>~*=|-]{1,5}(?=[\s\"'\d(\[])|"
    r"\([a-z]\))?\s*(?:[\"'`]|b['\"])?",
)
_WHOLE: Final = re.compile(rf"\(?\[?({_CODE})\]?(?:([ -])(?!\d{{1,2}}:)(.*)|:\s(.*))?$")
_BRACKETED: Final = re.compile(rf"\[({_CODE})\]\s?['\"]?(.*)$")
_TUPLE: Final = re.compile(
    rf"\(({_CODE}), ?(?:u|b)?(?P<quote>['\"])(.{{0,2000}}?)(?P=quote)(?=[,)])|"
    rf"\(({_CODE}), ?(?:u|b)?['\"]([^'\"]{{1,2000}})$"
)
_OPEN_TUPLE: Final = re.compile(rf"\({_CODE}, ?[ub]?(?:'[^']{{0,2000}}|\"[^\"]{{0,2000}})$")
"""A tuple whose words go on in the next line."""
_SWIFT: Final = re.compile(
    rf"code \"?'?({_BAD})\"?'?,? with (?:message|response:?) \"?(?:{_BAD}[ -])?(.{{0,1000}})"
)
# PHPMailer takes a reply apart: its words, then its code, then the enhanced status code.
_APART: Final = re.compile(
    rf"(?:Detail: (.{{1,500}}?) SMTP code: ({_BAD})(?: Additional SMTP info: ([\d.]{{5,9}}))?"
    rf"|command failed,(.{{1,300}}?),({_BAD}),([\d.]{{5,9}}))"
)
_INLINE: Final = re.compile(
    rf"(?:(?<![\w.%#@/-])|(?<=REASON)|(?<=RESPONSE))#?({_BAD})(?! from proxy)"
    r"(?:(?=[ \-:#]{1,3}[45]\.\d{1,3}\.\d{1,3}(?![\w.]))[ \-:#]{1,3}"
    r"|(?:[ -]|[)\]]:?\s{1,2})(?=[A-Z<#'\"(\[]|[a-z]{3,}[ ,]|[\w-]{1,40}\.[\w.-]{2,60}(?::? |$))"
    r"|(?<=(?:said|lied|sage|onse|rned): ...)$)"
)
_BEFORE_INLINE: Final = re.compile(
    r"(?:(?:said|replied|responded|response|reply|returned|answer(?:ed)?|message|msg|error|failed|"
    r"(?:respon\w{1,5}|repl\w{1,4}|answer\w{0,3}|fail\w{0,3}|return\w{0,3}|reject\w{0,3}) with|"
    r"code|login|status|talk to me|smtp(?:ServerBusy|FatalError|SyntaxError|UnknownError)?|"
    r"rejected|with|got|respuesta|erreur|fehler|[:;\"'=(<>\[\]{},`-]|"
    r"ERR(?:OR)?|issue|problem)\s?:?\s{0,2}[\"'`(\[]{0,2}|^)$",
    re.IGNORECASE,
)
_ONLY_ENHANCED: Final = re.compile(
    r"(?<![\w.#/-])#?((?:4|5)\.\d{1,2}\.\d{1,3})(?![\w.-]*\.\d|[\w.]*\w)[:;]?\s{1,3}(?=\S)"
)
_FIELD: Final = re.compile(
    r"(?:smtp[ _]?(?:reply |error )?(?:code|status)|status[ _]code|response ?code"
    r"(?: received from (?:the )?server \()?"
    r"|smtpstatus|reply code|port: ?\d{1,5}, response|error code\W{1,3}\["
    r"|(?:permanent|transient) error \(|err(?:or)?_?code|SMTP status code"
    r"|denied|(?<=[a-z] )failed|rejected)"
    rf"[\"']?\s?[:=]?\s?[\"']?#?({_BAD})\b(?: (5|4)\.(\d{{1,3}}\.\d{{1,3}}))?",
    re.IGNORECASE,
)
_NO_WORDS: Final = re.compile(r"['\"]?\s{0,3}(?:[,}\])\[(;]|Additional SMTP info|$)")
_ENHANCED_FIELD: Final = re.compile(
    rf"(?:ench?code|code_ex|enhanced ?code|Additional SMTP info)['\"\]]{{0,2}}\s?(?:[:=]>?)?\s?"
    rf"(?:string )?['\"]?({_ENHANCED})",
    re.IGNORECASE,
)
_WORD_FIELDS: Final = tuple(
    re.compile(
        rf"\b{name}['\"\]]{{0,2}}\s?(?:[:=]>?|is)\s?(?:string )?['\"]([^'\"]{{3,600}})",
        re.IGNORECASE,
    )
    for name in (
        "smtp_?msg",
        "err_?msg",
        "detail",
        "response",
        "(?:error_?)?message",
        "reason",
        "text",
        "error",
    )
)
"""Fields of JSON and of dumps in which programs keep the words of a reply; the surest first."""
_SEVERITY: Final = re.compile(
    r"(?:Permanent|Transient)[A-Za-z]{0,40}\b.{0,200}?message: ?\[\"(.{1,1000}?)\"\]"
)
_PAIRS: Final = {")": "(", "}": "{", "]": "["}
_TRAILER: Final = re.compile(
    r"(?:\(in reply to .{0,60}|\"? on line \d.{0,200}|['\"]?,\s?['\"]?(?:command|"
    r"responseCode|stage|code)\b.{0,300}"
    r"|['\"`]\s?[,}\])].{0,400}|(?:; from=<|; proto=).{0,400}|\sin /\S{1,200}:\d{1,6}.{0,200})$"
)
Part = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Said:
    """One reply as the text shows it."""

    code: int
    """0 where the text shows the enhanced status code only."""
    enhanced: str
    text: str
    lines: tuple[str, ...]
    """As a server would have written them."""
    number: int
    """Of the first line."""
    last: int
    position: int
    """Among the lines that were looked at."""
    whole: bool
    """Stands on a line of its own, as in a conversation; else quoted in a sentence."""
    context: str = ""
    """The line that it stands in."""
    command: str = ""
    """What it answers, in the words of `reply.command`, where the text shows it."""

    @property
    def refuses(self) -> bool:
        """4yz or 5yz."""
        return self.code >= 400 or (not self.code and self.enhanced[:1] in ("4", "5"))

    def facts(self) -> dict[str, Json]:
        """The facts `reply.*` that are known of it."""
        facts: dict[str, Json] = {
            "reply.enhanced": self.enhanced,
            "reply.text": self.text,
            "reply.lines": list(self.lines),
        }
        if self.code:
            facts["reply.code"] = self.code
        if self.command:
            facts["reply.command"] = self.command
        return facts


def said_in(lines: Sequence[Line]) -> list[Said]:
    """The replies in the order in which they stand; several lines of one reply are one."""
    found: list[Said] = []
    for position, line in enumerate(lines):
        for made in _in_line(
            _with_detail(line, lines[position - 1] if position else line), position
        ):
            last = found[-1] if found else None
            if last is not None and _goes_on(last, made):
                found[-1] = _joined(last, made)
            else:
                found.append(made)
        if found and _is_rest_of(line, found[-1], position):
            found[-1] = _longer(found[-1], line, position)
    return found


def _with_detail(line: Line, before: Line) -> Line:
    """PHPMailer puts the words of a reply, which end in a line feed, before its code."""
    if line.text.startswith("SMTP code: ") and "Detail: " in before.text:
        return replace(line, text=f"{before.text} {line.text}")
    return line


def without_mark(text: str) -> str:
    """The line without the sign of who speaks, and without quoting."""
    rest = text
    for _ in range(2):  # a quoted line has the mark of quoting before that of the conversation
        found = _MARK.match(rest)
        rest = unquoted(rest[found.end() :] if found else rest).strip()
    return rest


def _in_line(line: Line, position: int) -> Iterator[Said]:
    bare = without_mark(line.text)
    whole = _WHOLE.match(bare) or _BRACKETED.match(bare)
    if whole and _likely_reply(whole):
        words = next((part for part in whole.groups()[1:] if part and part not in "- "), "")
        separator = "-" if whole.lastindex and whole[2] == "-" else " "
        yield _said(int(whole[1]), words, line, position, whole=True, separator=separator)
        return
    told = answer_in(line.text)
    if told:
        yield _said(*told, line, position)
        return
    quoted = [(int(a or c), b or d) for a, _, b, c, d in _TUPLE.findall(line.text)]
    for code, words in quoted:
        yield _said(code, words.replace("\\n", " "), line, position)
    if quoted:
        return
    apart = _APART.search(line.text)
    if apart:
        said, enhanced = apart[1] or apart[4], apart[3] or apart[6] or ""
        yield _said(int(apart[2] or apart[5]), f"{enhanced} {said}", line, position)
        return
    swift = _SWIFT.search(line.text)
    if swift:
        yield _said(int(swift[1]), swift[2], line, position)
        return
    inline = [each for each in _INLINE.finditer(line.text) if _introduced(line.text, each)]
    if inline:
        yield from _cut_apart(line, inline, position)
        return
    yield from _by_field(line, position)


def _likely_reply(found: re.Match[str]) -> bool:
    """A number at the start of a line is a reply code only if words follow as they do there."""
    code, words = int(found[1]), "".join(part or "" for part in found.groups()[1:]).strip()
    if not words or words == "-":
        return code in (220, 235, 250, 334, 354, 221)
    return not re.match(
        r"(?:delivering|[RT]: |LOG: |\S+@\S+ [A-Z]=|Connecting|[=>*]{2} |bytes\b|ms\b)", words
    )


def _introduced(text: str, found: re.Match[str]) -> bool:
    """Whether what stands before the number lets it be a reply code; an enhanced status code
    behind it is proof enough."""
    if re.match(rf"#?{_ENHANCED}", text[found.end() :]):
        return True
    return bool(_BEFORE_INLINE.search(text[max(0, found.start() - 24) : found.start()]))


def _cut_apart(line: Line, found: list[re.Match[str]], position: int) -> Iterator[Said]:
    """The replies of one line; the same code again is the next line of the same reply."""
    parts: list[tuple[int, list[str]]] = []
    for at, each in enumerate(found):
        end = found[at + 1].start() if at + 1 < len(found) else len(line.text)
        words = line.text[each.end() : end]
        code = int(each[1])
        if parts and parts[-1][0] == code and len(parts[-1][1]) < 30:
            parts[-1][1].append(words)
        else:
            parts.append((code, [words]))
    for code, texts in parts:
        first, *rest = texts
        enhanced = re.match(_ENHANCED, first.strip())
        more = [re.sub(rf"^\s*{_ENHANCED}\s?", "", each) for each in rest] if enhanced else rest
        joined = " ".join([first.strip(), *(each.strip() for each in more if each.strip())])
        yield _said(code, joined, line, position)


def _by_field(line: Line, position: int) -> Iterator[Said]:
    severity = _SEVERITY.search(line.text)
    if severity:
        made = _said(0, severity[1], line, position)
        if made.enhanced:
            yield made
        return
    only = _ONLY_ENHANCED.search(line.text)
    if only:
        yield _said(0, line.text[only.start(1) :], line, position)
        return
    field = _FIELD.search(line.text)
    if field:
        words = f"{field[2]}.{field[3]} " if field[2] else ""
        rest = line.text[field.end() :]
        if _NO_WORDS.match(rest):
            rest = _beside(line.text) or rest
        yield _said(int(field[1]), words + rest.strip(" ,;:'\""), line, position)


def _beside(text: str) -> str:
    """The words of a reply whose code stands in a field of its own, from the fields beside it."""
    enhanced = _ENHANCED_FIELD.search(text)
    for pattern in _WORD_FIELDS:
        found = pattern.search(text)
        if found:
            return f"{enhanced[1] if enhanced else ''} {found[1]}".strip()
    return ""


def _said(
    code: int, words: str, line: Line, position: int, *, whole: bool = False, separator: str = " "
) -> Said:
    words = _TRAILER.sub("", words.strip())
    words = _trimmed(words) if not whole else words.strip(" \"'`")
    if code:
        words = re.sub(rf"(?<!^){code}[ -]{_ENHANCED}\s?", " ", words)
    prefix = f"{code}{separator}" if code else ""
    raw = f"{prefix}{words.lstrip('#')}"
    reply = Reply((ReplyLine(raw.encode("utf-8", "backslashreplace")),))
    return Said(
        code=code,
        enhanced=reply.enhanced,
        text=reply.text,
        lines=(raw,),
        number=line.number,
        last=line.number,
        position=position,
        whole=whole,
        context=line.text,
    )


def _trimmed(words: str) -> str:
    """Without the quotes, commas and closing brackets of what the reply stood in."""
    words = words.strip(" ,\"'`")
    while words[-1:] in _PAIRS and words.count(words[-1]) > words.count(_PAIRS[words[-1]]):
        words = words[:-1].rstrip(" ,\"'`")
    return words


def _goes_on(last: Said, made: Said) -> bool:
    """Whether the second is the next line of the first."""
    if last.code != made.code or not made.code or made.position - last.position > 1:
        return False
    if last.whole and made.whole:
        return last.lines[-1][3:4] == "-"
    return last.whole or last.lines[-1][3:4] == "-" or (made.whole and made.code >= 400)


def _joined(last: Said, made: Said) -> Said:
    text = " ".join(part for part in (last.text, made.text) if part)
    return replace(
        last,
        text=text,
        enhanced=last.enhanced or made.enhanced,
        lines=(*last.lines, *made.lines),
        last=made.number,
        position=made.position,
    )


def _is_rest_of(line: Line, last: Said, position: int) -> bool:
    """Whether a line without a code runs on from the reply before it: folded by a bounce, or
    begun by the same enhanced status code."""
    if position != last.position + 1 or not last.refuses or len(last.lines) > 12:
        return False
    bare = without_mark(line.text)
    if last.enhanced and bare.startswith(f"{last.enhanced} "):
        return True
    if last.enhanced and not last.text and re.match(r"[A-Z<]", bare):
        return True
    if _OPEN_TUPLE.search(last.context):
        return True
    folded = line.raw[:1] in (" ", "\t", ">") and not re.match(
        r"at |File |from |[A-Z][\w-]+:", bare
    )
    cut = " said: " in last.context or not re.search(r"[.;:)\]}>\"']\s*$", last.context)
    return folded and cut and not re.match(r"[\w'\"]+:", bare) and "(in reply" not in last.context


def _longer(last: Said, line: Line, position: int) -> Said:
    bare = without_mark(line.text)
    if last.enhanced and bare.startswith(last.enhanced):
        bare = bare[len(last.enhanced) :].strip()
    words = _trimmed(_TRAILER.sub("", bare))
    return replace(
        last,
        text=f"{last.text} {words}",
        lines=(*last.lines, bare),
        last=line.number,
        position=position,
        context=f"{last.context} {line.text}",
    )
