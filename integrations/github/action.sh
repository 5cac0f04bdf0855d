#!/usr/bin/env bash
# The step of the action: install, run, keep the exit code, show the report on the job's page.
set -uo pipefail

fail() {
  echo "::error::$1"
  exit 2
}

# What a line more in here would set is another output of the step, such as its exit code.
for value in "$VIOLET_ACTION_COMMAND" "$VIOLET_ACTION_POLICY" "$VIOLET_ACTION_ENVIRONMENT" \
  "$VIOLET_ACTION_FAIL_ON" "$VIOLET_ACTION_SARIF" "$VIOLET_ACTION_VERSION"; do
  case "$value" in
    *$'\n'* | *$'\r'*) fail "only the input path may have several lines" ;;
  esac
done

# In the repository, python3 -m would take a module of the repository for its own.
install() {
  (cd / && python3 -m pip install --quiet "$1") || fail "violet could not be installed"
}

case "$VIOLET_ACTION_VERSION" in
  none) ;;
  "") install "$VIOLET_ACTION_HOME/../.." ;;
  *) install "violet-mlsecops==$VIOLET_ACTION_VERSION" ;;
esac

paths=()
while IFS= read -r line; do
  if [ -n "$line" ]; then paths+=("$line"); fi
done <<< "$VIOLET_ACTION_PATH"
[ "${#paths[@]}" -gt 0 ] || fail "the input path names nothing"

options=()
case "$VIOLET_ACTION_COMMAND" in
  scan)
    if [ -n "$VIOLET_ACTION_FAIL_ON" ]; then options+=(--fail-on "$VIOLET_ACTION_FAIL_ON"); fi
    if [ -n "$VIOLET_ACTION_POLICY" ]; then options+=(--config "$VIOLET_ACTION_POLICY"); fi
    ;;
  gate)
    [ "${#paths[@]}" -eq 1 ] || fail "the gate takes one path"
    if [ -n "$VIOLET_ACTION_POLICY" ]; then options+=(--policy "$VIOLET_ACTION_POLICY"); fi
    if [ -n "$VIOLET_ACTION_ENVIRONMENT" ]; then options+=(--environment "$VIOLET_ACTION_ENVIRONMENT"); fi
    ;;
  *) fail "the input command is scan or gate" ;;
esac

report=$(mktemp -d)/violet.md
# The names of files are on the screen: the runner is not to take one for a command of ours.
token=$(python3 -I -c 'import secrets; print(secrets.token_hex(16))') || fail "python3 does not run"
echo "::stop-commands::$token"
violet "$VIOLET_ACTION_COMMAND" "${options[@]}" --output "$VIOLET_ACTION_SARIF" --output "$report" -- "${paths[@]}"
code=$?
echo
echo "::$token::"

if [ -n "${GITHUB_STEP_SUMMARY:-}" ] && [ -f "$report" ]; then cat "$report" >> "$GITHUB_STEP_SUMMARY"; fi
if [ -n "${GITHUB_OUTPUT:-}" ]; then
  echo "exit-code=$code" >> "$GITHUB_OUTPUT"
  echo "sarif=$VIOLET_ACTION_SARIF" >> "$GITHUB_OUTPUT"
fi
exit "$code"
