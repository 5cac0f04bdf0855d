#!/usr/bin/env bash
# The step of the action: install, run, keep the exit code, show the report on the job's page.
set -uo pipefail

fail() {
  echo "::error::$1"
  exit 2
}

case "$VIOLET_ACTION_VERSION" in
  none) ;;
  "") python3 -m pip install --quiet "$VIOLET_ACTION_HOME/../.." || fail "violet could not be installed" ;;
  *) python3 -m pip install --quiet "violet-mlsecops==$VIOLET_ACTION_VERSION" || fail "violet could not be installed" ;;
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
violet "$VIOLET_ACTION_COMMAND" "${options[@]}" --output "$VIOLET_ACTION_SARIF" --output "$report" -- "${paths[@]}"
code=$?

if [ -n "${GITHUB_STEP_SUMMARY:-}" ] && [ -f "$report" ]; then cat "$report" >> "$GITHUB_STEP_SUMMARY"; fi
if [ -n "${GITHUB_OUTPUT:-}" ]; then
  echo "exit-code=$code" >> "$GITHUB_OUTPUT"
  echo "sarif=$VIOLET_ACTION_SARIF" >> "$GITHUB_OUTPUT"
fi
exit "$code"
