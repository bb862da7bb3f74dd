"""Completion as a script for bash, zsh and fish: one walk over the typed words, in three languages.

The walk finds the commands so far (`at`), an option that still wants its value (`option`) and how
many arguments there are (`n`); what can follow is looked up in three tables of cases.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from smtpcheck.cli.completion_words import FILES, Choice, Spot
from smtpcheck.model.value import dataclass

_BASH = """\
# Completion of smtpcheck in bash. To use it: source <(smtpcheck completion bash)
# or, to keep it: smtpcheck completion bash > ~/.local/share/bash-completion/completions/smtpcheck
_smtpcheck() {
  local IFS=$' \\t\\n' cur=$2 at='' option='' kinds='' words='' word kind i n=0
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if [[ -n $option ]]; then
      [[ $word == '=' ]] || option=''
      continue
    fi
    case "$at|$word" in
      <commands>) at=${at:+$at }$word ;;
      <valued>) option=$word ;;
      *'|-'*) ;;
      *) n=$((n + 1)) ;;
    esac
  done
  if [[ -n $option ]]; then
    [[ $cur == '=' ]] && cur=''
    case "$at|$option" in
<values>
    esac
  elif [[ $cur == -* ]]; then
    case "$at" in
<options>
    esac
  else
    case "$at|$n" in
<arguments>
    esac
  fi
  [[ $kinds == *@files* ]] || compopt +o default 2>/dev/null
  for kind in $kinds; do
    case $kind in
      @files) ;;
      @*) words+=" $("$1" __complete "${kind#@}" 2>/dev/null)" ;;
      *) words+=" $kind" ;;
    esac
  done
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _smtpcheck smtpcheck
"""
_ZSH = """\
#compdef smtpcheck
# Completion of smtpcheck in zsh. To use it: source <(smtpcheck completion zsh)
# or, to keep it: smtpcheck completion zsh > a folder of $fpath/_smtpcheck
_smtpcheck() {
  local cur=${words[CURRENT]} at='' option='' word kind i n=0
  local -a kinds described
  for ((i = 2; i < CURRENT; i++)); do
    word=${words[i]}
    if [[ -n $option ]]; then
      option=''
      continue
    fi
    case "$at|$word" in
      (<commands>) at=${at:+$at }$word ;;
      (<valued>) option=$word ;;
      (*'|-'*) ;;
      (*) n=$((n + 1)) ;;
    esac
  done
  if [[ -n $option ]]; then
    case "$at|$option" in
<values>
    esac
  elif [[ $cur == -* ]]; then
    case "$at" in
<options>
    esac
  else
    case "$at|$n" in
<arguments>
    esac
  fi
  (( $#described )) && _describe -o word described
  for kind in $kinds; do
    case $kind in
      (@files) _files ;;
      (@*) compadd -- ${(f)"$("${words[1]}" __complete "${kind#@}" 2>/dev/null)"} ;;
      (*) compadd -- $kind ;;
    esac
  done
}
if [[ ${funcstack[1]} == _smtpcheck ]]; then
  _smtpcheck "$@"
else
  compdef _smtpcheck smtpcheck
fi
"""
_FISH = """\
# Completion of smtpcheck in fish. To use it: smtpcheck completion fish | source
# or, to keep it: smtpcheck completion fish > ~/.config/fish/completions/smtpcheck.fish
function __smtpcheck_words
  set -l tokens (commandline -opc)
  set -l cur (commandline -ct)
  set -l smtpcheck $tokens[1]
  set -e tokens[1]
  set -l at ''
  set -l option ''
  set -l n 0
  for word in $tokens
    if test -n "$option"
      set option ''
      continue
    end
    switch "$at|$word"
      case <commands>
        set at (string trim -- "$at $word")
      case <valued>
        set option $word
      case '*|-*'
      case '*'
        set n (math $n + 1)
    end
  end
  if test -n "$option"
    switch "$at|$option"
<values>
    end
  else if string match -q -- '-*' $cur
    switch "$at"
<options>
    end
  else
    switch "$at|$n"
<arguments>
    end
  end
end
complete -c smtpcheck -f -a '(__smtpcheck_words)'
"""


@dataclass(frozen=True, slots=True)
class _Language:
    """How the tables are written in one shell."""

    script: str
    either: str
    """Between two patterns of a case."""
    case: str
    star: str
    """Behind a quoted pattern: whatever follows."""
    plain: Callable[[Iterable[str]], str]
    """Offers words."""
    described: Callable[[Iterable[Choice]], str]
    """Offers words with what they mean."""

    def filled(self, spots: Sequence[Spot]) -> str:
        """The script with its tables."""
        tables = {
            "commands": self.either.join(
                _quoted(f"{spot.path}|{each.word}") for spot in spots for each in spot.commands
            ),
            "valued": self.either.join(
                _quoted(f"{spot.path}|{option}") for spot in spots for option in spot.values
            ),
            "values": self._cases(
                (_quoted(f"{spot.path}|{option}"), self.plain(words))
                for spot in spots
                for option, words in spot.values.items()
                if words
            ),
            "options": self._cases(
                (_quoted(spot.path), self.described(spot.options)) for spot in spots
            ),
            "arguments": self._cases(self._arguments(spots)),
        }
        script = self.script
        for name, text in tables.items():
            script = script.replace(f"<{name}>", text)
        return script

    def _cases(self, rows: Iterable[tuple[str, str]]) -> str:
        return "\n".join(self.case.format(*row) for row in rows)

    def _arguments(self, spots: Sequence[Spot]) -> Iterator[tuple[str, str]]:
        for spot in spots:
            if spot.commands:
                yield _quoted(f"{spot.path}|0"), self.described(spot.commands)
            for number, words in enumerate(spot.arguments):
                last = spot.endless and number == len(spot.arguments) - 1
                pattern = _quoted(f"{spot.path}|{'' if last else number}")
                if words:
                    yield pattern + (self.star if last else ""), self.plain(words)


def _bash_words(words: Iterable[str]) -> str:
    return f"kinds={_quoted(' '.join(words))}"


def _bash_choices(choices: Iterable[Choice]) -> str:
    return _bash_words(each.word for each in choices)


def _zsh_words(words: Iterable[str]) -> str:
    return f"kinds=({' '.join(words)})"


def _zsh_choices(choices: Iterable[Choice]) -> str:
    rows = (_quoted(f"{each.word}:{each.help}") for each in choices)
    return f"described=({' '.join(rows)})"


def _fish_words(words: Iterable[str]) -> str:
    said = [word for word in words if not word.startswith("@")]
    parts = [f"printf '%s\\n' {' '.join(said)}"] if said else []
    for word in words:
        if word == FILES:
            parts.append("__fish_complete_path $cur")
        elif word.startswith("@"):
            parts.append(f"$smtpcheck __complete {word[1:]} 2>/dev/null")
    return "; ".join(parts)


def _fish_choices(choices: Iterable[Choice]) -> str:
    rows = (f"{each.word} {_quoted(each.help)}" for each in choices)
    return f"printf '%s\\t%s\\n' {' '.join(rows)}"


def _quoted(text: str) -> str:
    """For any of the three, between single quotes; what cannot stand there is left out."""
    return "'" + text.replace("'", "").replace("\\", "") + "'"


_LANGUAGES = {
    "bash": _Language(_BASH, " | ", "      {0}) {1} ;;", "*", _bash_words, _bash_choices),
    "zsh": _Language(_ZSH, " | ", "      ({0}) {1} ;;", "*", _zsh_words, _zsh_choices),
    "fish": _Language(_FISH, " ", "      case {0}\n        {1}", "'*'", _fish_words, _fish_choices),
}


def completion_script(shell: str, spots: Sequence[Spot]) -> str:
    """The script for `bash` (3.2 and newer), `zsh` or `fish`. Bash shows no descriptions."""
    return _LANGUAGES[shell].filled(spots)
