#!/bin/sh
# The README's recipes as they stand there, done: tmux's status bar (seen by a tmux in which that tmux is attached), starship's
# command, a wall display, and the dashboard in panes of one and of twelve lines. Waits for what it expects, bounded.
set -u
program=$(realpath "${TOLLWATCH:-build/tollwatch}")
readme=$(pwd)/README.md
work=$(mktemp -d "${TMPDIR:-/tmp}/tollwatch-recipes.XXXXXX") || exit 1
export TMUX_TMPDIR="$work" HOME="$work" XDG_CONFIG_HOME="$work/config" XDG_STATE_HOME="$work/state" TERM=xterm-256color
unset TMUX
failed=0 collector=
outer() { tmux -S "$work/outer" -f /dev/null "$@"; }
inner() { tmux -S "$work/inner" "$@"; }
finish() {
    [ -z "$collector" ] || kill "$collector" 2>/dev/null
    inner kill-server 2>/dev/null
    outer kill-server 2>/dev/null
    rm -rf "$work"
}
trap finish EXIT
command -v tmux >/dev/null || { echo "not ok tmux is needed"; exit 1; }
cd "$work" || exit 1
mkdir -p bin logs config/tollwatch
ln -s "$program" bin/tollwatch
PATH=$work/bin:$PATH
export PATH

check() { # WHAT COMMAND...
    what=$1
    shift
    if "$@"; then echo "ok $what"; else
        echo "not ok $what"
        cat out 2>/dev/null | sed 's/^/# /'
        failed=1
    fi
}
until_true() { # WHAT COMMAND...
    what=$1 end=$(($(date +%s) + 15))
    shift
    while ! "$@"; do
        if [ "$(date +%s)" -ge "$end" ]; then check "$what" false; return 1; fi
    done
    echo "ok $what"
}
seen() { outer capture-pane -p -t wall >out && grep -qF -- "$1" out; }
recipe() { sed -n "s/^    \($1.*\)/\1/p" "$readme"; }
line() { # TOKENS
    printf '{"ts":"%s","request_id":"r%s","gateway":"edge-1","provider":"anthropic","endpoint":"/v1/messages","model":"claude-sonnet-5-5","feature":"search","key":"k1","stream":false,"status":200,"refused":null,"usage":{"input_tokens":%s,"output_tokens":10},"usage_state":"full","cache":"miss","latency_ms":900}\n' \
        "$(date -u +%Y-%m-%dT%H:%M:%S.000Z)" "$1" "$1" >>logs/gateway.jsonl
}
printf '[source gateway]\npath = %s/logs/*.jsonl\nformat = gateway\n' "$work" >config/tollwatch/config
: >logs/gateway.jsonl

# A prompt never fails and is never more than a line, also before there is anything.
starship=$(recipe 'command = ' | sed 's/^command = "\(.*\)"$/\1/')
prompt() { sh -c "$starship" >out 2>err; rc=$?; [ $rc = 0 ] && [ "$(wc -l <out)" -le 1 ]; }
check "the README has a command for starship" test -n "$starship"
check "starship: without a ledger the prompt goes on" prompt

tollwatch collect >collect.out 2>&1 &
collector=$!
line 1000
counted() { tollwatch status --template '{calls}' 2>/dev/null | grep -q 1; }
until_true "a call is counted" counted
check "starship: its command, as sh runs it" prompt
check "starship: what was spent" grep -q '/min' out
check "starship: no control character in it" sh -c '! LC_ALL=C grep -q "[[:cntrl:]]" out'

# The status bar: the line of the README as a tmux.conf; a client of it is drawn by another tmux.
recipe 'set -g status-interval' | sed 's/status-interval 5/status-interval 1/' >tmux.conf
check "the README has lines for tmux" test -s tmux.conf
inner -f "$work/tmux.conf" new-session -d -s bar -x 120 -y 12 "exec cat" || check "tmux takes the README's lines" false
outer new-session -d -s hold "exec cat" # a server without sessions goes, and the next one would find it going
outer new-session -d -s wall -x 120 -y 12 "TMUX= exec tmux -S $work/inner attach -t bar"
until_true "tmux: the rate stands in the bar" seen '/m '
bar_is_plain() { seen '/m ' && ! grep -q '#\[' out; }
until_true "tmux: styles are taken, not shown" bar_is_plain
check "tmux: it is one line" sh -c '[ "$(tollwatch status --tmux | wc -l)" = 1 ]'
tollwatch kill --scope non_critical --reason test >/dev/null 2>&1
until_true "tmux: a stop is in the bar" seen 'STOP'
tollwatch resume --reason over >/dev/null 2>&1
bar_without_stop() { seen '/m ' && ! grep -q STOP out; }
until_true "tmux: and gone again" bar_without_stop
kill "$collector" && wait "$collector" 2>/dev/null
collector=
inner kill-server

# In panes: a shell keeps the window, panes of one and of twelve lines below it.
outer kill-session -t wall
outer new-session -d -s wall -x 100 -y 40 "exec cat"
outer split-window -t wall -l 12 "exec tollwatch"
until_true "a pane of twelve lines has verdict, list and keys" seen '? help'
check "and the switch" grep -qE 'calls pass|no switch' out
check "and the figures" grep -q '/min' out
outer resize-pane -t wall -y 1
one_line() { outer capture-pane -p -t wall >out && [ "$(wc -l <out)" = 1 ] && grep -q '/m ' out; }
until_true "in one line: rate and switch" one_line
outer resize-pane -t wall -y 3
three_lines() { outer capture-pane -p -t wall >out && [ "$(wc -l <out)" = 3 ] && [ "$(grep -c . out)" = 3 ]; }
until_true "in three lines all three are used" three_lines
outer resize-pane -t wall -y 12
until_true "and back in twelve" seen '? help'
outer send-keys -t wall q
outer kill-session -t wall

# The wall: what stands behind the test for the console, on a console's kind of terminal.
wall=$(recipe '\[ "$(tty)"')
check "the README has a line for a wall" sh -n -c "$wall"
outer new-session -d -s wall -x 160 -y 50 "TERM=linux exec ${wall##*exec }"
until_true "the wall shows the Overview" seen '1 Overview'
until_true "it only looks" seen 'NOBODY IS COLLECTING'
outer send-keys -t wall K
until_true "and stops nothing" seen 'readonly'
exit $failed
