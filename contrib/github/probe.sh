#!/usr/bin/env bash
# The second step of action.yml: the probe. Annotations and the summary of the job are of the format
# `github`; the JUnit report and whatever else was asked for go into files.
set -euo pipefail

arguments=(--no-input --format github)
split() { # TEXT: its words into `found`, split at white space alone; no pattern is expanded
  found=()
  IFS=$' \t\n' read -r -d '' -a found <<<"$1" || true
}
option() { # OPTION VALUE: adds both, where there is a value
  if [ -n "$2" ]; then arguments+=("$1" "$2"); fi
}

option --format "${INPUT_JUNIT:+junit=$INPUT_JUNIT}"
option --targets "${INPUT_TARGETS_FILE:-}"
option --shard "${INPUT_SHARD:-}"
option --until "${INPUT_UNTIL:-}"
option --baseline "${INPUT_BASELINE:-}"
option --retries "${INPUT_RETRIES:-}"
option --deadline "${INPUT_DEADLINE:-}"
while IFS= read -r line; do
  if [ -n "${line//[[:space:]]/}" ]; then arguments+=(--expect "$line"); fi
done <<<"${INPUT_EXPECT:-}"
split "${INPUT_FORMATS:-}"
for each in ${found[@]+"${found[@]}"}; do arguments+=(--format "$each"); done
split "${INPUT_ARGS:-}"
arguments+=(${found[@]+"${found[@]}"})
# What stands behind -- is a target, also when it begins with a hyphen.
split "${INPUT_TARGETS:-}"
arguments+=(-- ${found[@]+"${found[@]}"})

code=0
smtpcheck probe "${arguments[@]}" || code=$?
{
  echo "exit-code=$code"
  echo "junit=${INPUT_JUNIT:-}"
} >>"$GITHUB_OUTPUT"
if [ "$code" = 75 ] && [ "${INPUT_IGNORE_TEMPORARY:-}" = true ]; then
  echo "::notice title=smtpcheck::The server asks to try again later; the job passes, as ignore-temporary says."
  exit 0
fi
exit "$code"
