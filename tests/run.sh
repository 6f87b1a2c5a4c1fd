#!/bin/sh
# Runs every test program and script and adds them up: `run.sh [NAME...]`, all without names.
# A program speaks TAP (cmocka does); a script prints "ok WHAT" or "not ok WHAT" lines and exits 0 when all are ok.
# Environment for all of them: BUILD (where the binary is), a HOME of their own, UTC, the C.UTF-8 locale.
set -u
BUILD=${BUILD:-build}
work=$(mktemp -d "${TMPDIR:-/tmp}/tollwatch-tests.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP

one() { # NAME: runs it, keeps its output and verdict
    name=$1
    home=$work/home.$name
    mkdir -p "$home"
    case $name in
        *.sh) program="sh tests/$name" ;;
        *) program="${WRAP:-} $BUILD/tests/$name" ;;
    esac
    env -u XDG_CONFIG_HOME -u XDG_STATE_HOME -u XDG_DATA_HOME -u NO_COLOR -u TOLLWATCH_USER -u LLM_POLICY_FILE \
        -u CLAUDE_CONFIG_DIR -u CODEX_HOME -u http_proxy -u https_proxy -u HTTPS_PROXY -u all_proxy -u ALL_PROXY -u no_proxy -u NO_PROXY HOME="$home" TMPDIR="$home" TZ=UTC LC_ALL=C.UTF-8 BUILD="$BUILD" \
        TOLLWATCH="$BUILD/tollwatch" CMOCKA_MESSAGE_OUTPUT=TAP \
        timeout "${TEST_TIMEOUT:-240}" $program >"$work/$name.out" 2>&1
    echo $? >"$work/$name.rc"
}

if [ $# -gt 0 ]; then names="$*"; else
    names=$(cd tests && ls test_*.c test_*.sh 2>/dev/null | sed 's/\.c$//')
fi
# Two at a time: the machine of a newcomer has two cores.
running=0
for n in $names; do
    one "$n" &
    running=$((running + 1))
    if [ $running -ge 2 ]; then wait; running=0; fi
done
wait

passed=0 failed=0
for n in $names; do
    s=$(grep -c '^ok .*# SKIP' "$work/$n.out")
    p=$(($(grep -c '^ok ' "$work/$n.out") - s))
    f=$(grep -c '^not ok ' "$work/$n.out")
    rc=$(cat "$work/$n.rc" 2>/dev/null || echo 1)
    # A crash, a time-out, a sanitizer's report or no test at all is a failure even when every line said ok.
    if { [ "$rc" != 0 ] && [ "$f" = 0 ]; } || [ $((p + f + s)) = 0 ]; then f=$((f + 1)); fi
    passed=$((passed + p)) failed=$((failed + f))
    if [ "$f" != 0 ]; then
        echo "== $n: $f failed (exit $rc)"
        tail -n 60 "$work/$n.out"
    else
        echo "$n: $p passed"
        sed -n 's/^ok \(.*\) # SKIP \(.*\)/  not run: \1: \2/p' "$work/$n.out"
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
