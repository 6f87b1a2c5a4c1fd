#!/bin/sh
# Tests the LiteLLM gateway against the real LiteLLM proxy: makes a virtual environment with pinned versions once, then
# runs litellm_test.py in it. Where the packages cannot be fetched it says so and counts nothing: not run is not passed.
set -u
here=$(dirname "$0")
venv=${BUILD:-build}/venv-litellm
pins=$here/litellm-requirements.txt
log=$venv.log

skip() {
    echo "litellm: NOT RUN: $*"
    echo "0 passed, 0 failed"
    exit 0
}

install() {
    mkdir -p "${venv%/*}" && rm -rf "$venv" && python3 -m venv "$venv" || skip "python3 -m venv does not work; install python3-venv"
    echo "litellm: installing the pinned versions into $venv (once)"
    timeout 600 "$venv/bin/python" -m pip install -q --disable-pip-version-check --only-binary :all: -r "$pins" >"$log" 2>&1 && return
    tail -n 5 "$log"
    rm -rf "$venv"
    if grep -qiE 'connection|timed? ?out|resolution|unreachable|proxy error|retries' "$log"; then
        skip "the Python package index cannot be reached (see $log)"
    fi
    echo "not ok the pinned versions install"
    echo "0 passed, 1 failed"
    exit 1
}

if ! cmp -s "$pins" "$venv/pins"; then
    install
    cp "$pins" "$venv/pins"
fi
exec timeout -k 10 "${TEST_TIMEOUT:-600}" "$venv/bin/python" "$here/litellm_test.py" "$@"
