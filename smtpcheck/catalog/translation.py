"""Messages of programs in other languages, and what the same program says in English."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

from smtpcheck.model.value import dataclass

_FOLDER: Final = Path(__file__).with_name("translations")
_APOSTROPHE: Final = re.compile("[\u2018\u2019\u00b4`]")


@dataclass(frozen=True, slots=True)
class Phrase:
    """One message in another language."""

    words: str
    """In lower case, with single blanks and plain apostrophes."""
    english: str

    def put_into_english(self, line: str) -> str:
        """The line with the message in English wherever it stands."""
        return _pattern(self.words).sub(lambda _: self.english, line)


def phrases_in(text: str) -> Sequence[Phrase]:
    """The messages in another language that the text holds, the longest first."""
    folded = _folded(text)
    return [phrase for phrase in load_phrases() if phrase.words in folded]


@lru_cache(maxsize=1)
def load_phrases() -> tuple[Phrase, ...]:
    """All messages, the longest first: a short one may stand within a long one."""
    import tomllib

    phrases = [
        Phrase(words, table["english"])
        for path in sorted(_FOLDER.glob("*.toml"))
        for table in tomllib.loads(path.read_text(encoding="utf-8"))["sentence"]
        for words in table["words"]
    ]
    return tuple(sorted(phrases, key=lambda phrase: (-len(phrase.words), phrase.words)))


def _folded(text: str) -> str:
    return " ".join(_APOSTROPHE.sub("'", text).lower().split())


@lru_cache(maxsize=256)
def _pattern(words: str) -> re.Pattern[str]:
    escaped = (re.escape(word).replace("'", "['\u2018\u2019\u00b4`]") for word in words.split(" "))
    return re.compile(r"\s{1,20}".join(escaped), re.IGNORECASE)
