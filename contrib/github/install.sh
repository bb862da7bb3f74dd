#!/usr/bin/env bash
# The first step of action.yml: smtpcheck from the action's own checkout, in an environment of its own,
# on the PATH of the steps that follow.
set -euo pipefail

place="$RUNNER_TEMP/smtpcheck"
"${INPUT_PYTHON:-python3}" -m venv "$place"
bin="$place/bin"
if [ -d "$place/Scripts" ]; then bin="$place/Scripts"; fi # Windows
"$bin/python" -m pip install --quiet --disable-pip-version-check \
  "$GITHUB_ACTION_PATH${INPUT_EXTRAS:+[$INPUT_EXTRAS]}"
echo "$bin" >>"$GITHUB_PATH"
