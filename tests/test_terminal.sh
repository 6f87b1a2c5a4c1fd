#!/bin/sh
# The real program on a real terminal (tmux): start, a live line, resizes, suspend and continue, filter, quit, signals,
# a crash. After each end the terminal must be as it was: cursor, echo, main screen. Waits for what it expects, bounded.
set -u
program=$(realpath "${TOLLWATCH:-build/tollwatch}")
work=$(mktemp -d "${TMPDIR:-/tmp}/tollwatch-terminal.XXXXXX") || exit 1
socket=$work/tmux
export TMUX_TMPDIR="$work"
unset TMUX
failed=0
tm() { tmux -S "$socket" -f /dev/null "$@"; }
trap 'tm kill-server 2>/dev/null; rm -rf "$work"' EXIT
command -v tmux >/dev/null || { echo "not ok tmux is needed"; exit 1; }

ok() { echo "ok $1"; }
not_ok() {
    echo "not ok $1"
    tm display -p '# alternate #{alternate_on} cursor #{cursor_flag} keypad #{keypad_flag}' 2>/dev/null
    diff "$work/before" "$work/after" 2>/dev/null | sed 's/^/# /'
    tm capture-pane -p 2>/dev/null | sed 's/^/# /'
    failed=1
}
# until_true WHAT COMMAND...: asks again until it is true, for at most 15 seconds.
until_true() {
    what=$1 end=$(($(date +%s) + 15))
    shift
    while ! "$@"; do
        if [ "$(date +%s)" -ge "$end" ]; then not_ok "$what"; return 1; fi
    done
    ok "$what"
}
shows() { tm capture-pane -p | grep -qF -- "$1"; }
shows_not() { ! shows "$1"; }
type_keys() { tm send-keys -t main "$@"; }
pid() { cat "$work/pid" 2>/dev/null; }
ended() { [ -s "$work/rc" ]; }
state_is() { grep -qs "^State:.$1" "/proc/$(pid)/status"; }
# The terminal as a shell needs it: modes as before, cursor shown, main screen.
restored() {
    [ "$(tm display -p '#{alternate_on} #{cursor_flag} #{keypad_flag}')" = "0 1 0" ] && [ "$(cat "$work/after" 2>/dev/null)" = "$(cat "$work/before")" ]
}

# A shell with job control in the pane runs the program, tells how it ended, and brings it back when it was stopped.
# No loops in it: a job that stops ends the loop it was started in.
cat >"$work/run" <<EOF
set -m
cd "$work"
[ -e before ] || stty -g >before
while_stopped() {
    [ \$rc = 147 ] || [ \$rc = 148 ] || return
    stty -g >after
    echo yes >stopped
    read -r line <go
    rm -f stopped after
    fg >/dev/null
    rc=\$?
    while_stopped
}
read -r line <go
rm -f rc after stopped
sh -c 'echo \$\$ >pid; [ ! -e no-colour ] || export NO_COLOR=1; exec "\$0" \$1' "$program" "\$line"
rc=\$?
while_stopped
stty -g >after
echo \$rc >rc
echo back at the shell
exec bash --norc run
EOF
mkfifo "$work/go"
mkdir -p "$work/logs"
: >"$work/logs/gateway.jsonl"
cat >"$work/config" <<EOF
[source gateway]
path = $work/logs/*.jsonl
format = gateway
EOF
options="--config $work/config --db $work/ledger.db --policy $work/policy.json"

line() { # ID TOKENS: one gateway record of this moment
    printf '{"ts":"%s","request_id":"%s","gateway":"edge-1","provider":"anthropic","endpoint":"/v1/messages","model":"claude-sonnet-5-5","feature":"search","team":"search","key":"k1","stream":false,"status":200,"refused":null,"usage":{"input_tokens":%s,"output_tokens":10},"usage_state":"full","cache":"miss","latency_ms":900}\n' \
        "$(date -u +%Y-%m-%dT%H:%M:%S.000Z)" "$1" "$2" >>"$work/logs/gateway.jsonl"
}
tell() { timeout 15 sh -c 'echo "$0" >"$1"' "$1" "$work/go" || not_ok "the shell listens"; }
start() { # [OPTION...]
    rm -f "$work/rc" "$work/after" "$work/pid"
    tell "$options $*"
}
ends_restored() { # WHAT
    until_true "$1: it ends" ended && until_true "$1: the terminal is restored" restored
}

HOME=$work tm new-session -d -s main -x 80 -y 24 "bash --norc $work/run"
tm set-option -g remain-on-exit on >/dev/null

start
until_true "starts and shows its footer" shows "? help"
line first 1000
type_keys 4
until_true "a line appended to a log is on the screen" shows "0.002100"
type_keys /
until_true "the filter opens" shows "/"
type_keys "cost>"
until_true "an unfinished filter says what is missing" shows "column"
until_true "with a mark under the place" shows "^ column 6: a number is missing"
type_keys 5
until_true "finished it filters" shows "no calls in"
type_keys BSpace
until_true "while it is broken" shows "column"
until_true "the last right one stays in force" shows "/cost>5"
type_keys C-u "fea" Tab
until_true "Tab completes a field" shows "/feature:"
type_keys Tab
until_true "and a value that there is" shows "/feature:search"
until_true "its calls are there" shows "0.002100"
type_keys Escape
until_true "Esc closes the filter" shows_not "column"
type_keys :
until_true "the palette lists" shows "Tab complete"
type_keys Escape
until_true "and closes" shows_not "Tab complete"

# What is pasted is text: never a command, and in a line only what can stand there.
paste() { tm set-buffer "$1" && tm paste-buffer -p -t main; }
paste "q1:q"
type_keys Space
until_true "pasted letters are no commands" shows "paused"
type_keys Space
type_keys /
paste "feature:search"
until_true "pasted into the filter they are its text" shows "/feature:search"
type_keys Enter
until_true "and it filters" shows "0.002100"
type_keys Escape
until_true "Esc takes the filter away" shows_not "feature:search"

# From a row of a list to its parts, to its calls, and back, with one key each.
type_keys 3
until_true "the list shows its row" shows "3 Features"
type_keys Enter
until_true "Enter shows its parts" shows "Features › search"
type_keys /
type_keys "cost>5"
until_true "what is typed stands beside what was chosen" shows "no calls in"
type_keys BSpace "0.001" Enter
until_true "and filters it further" shows "· /cost>0.001"
type_keys / C-u 'feature:"search"' Enter
until_true "it is taken out again" shows_not "cost>"
type_keys Enter
until_true "Enter shows their calls" shows "4 Requests"
type_keys Enter
until_true "Enter opens the call" shows "the arithmetic"
until_true "with its raw record from the log" shows '"request_id":"first"'
until_true "and what its gateway did" shows "edge-1 let it pass as asked"
type_keys r
until_true "r shows the record alone" shows_not "the arithmetic"
shows '"request_id":"first"' && ok "all of it" || not_ok "all of it"
type_keys Escape
until_true "Esc comes back to all of the call" shows "the arithmetic"
type_keys Escape
until_true "Esc closes it" shows_not "the arithmetic"
type_keys Escape
until_true "Esc goes back to the parts" shows "Features › search"
type_keys BSpace
until_true "Backspace to the list, without its filter" shows_not "› search"

# Back in time, compared, another zone, a range that is typed.
type_keys 1 '['
until_true "[ goes back in time" shows "as of"
type_keys ']' ']'
until_true "] comes back to live" shows "live"
type_keys '['
until_true "back again" shows "as of"
type_keys Space
until_true "Space is live" shows_not "as of"
type_keys c
until_true "c compares with before" shows "before"
type_keys c c c
until_true "and goes round" shows "compared with nothing"
type_keys z
until_true "z changes the zone that is shown" shows "days and budgets stay in"
type_keys :
type_keys "range 3x" Enter
until_true "a wrong range is told where it is typed" shows "is not a time"
type_keys BSpace
type_keys h
until_true "a right one says what it is" shows "Enter shows it"
type_keys Enter
until_true "and is taken" shows "3h"
type_keys 3

# Themes: what is chosen is shown at once, Esc brings the old one back, Enter keeps it.
ground_is_white() { tm capture-pane -e -p | grep -qE '48;(5;231|2;255;255;255)m|48:(5:231|2::255:255:255)m'; }
ground_is_not_white() { ! ground_is_white; }
type_keys o
until_true "o lists the themes" shows "high-contrast"
until_true "and shows the one there was" ground_is_not_white
type_keys light
until_true "a theme that is chosen is shown at once" ground_is_white
type_keys Escape
until_true "Esc brings the old one back" ground_is_not_white
type_keys :
type_keys "theme light" Enter
until_true "the palette takes it by name" shows "theme light, also at the next start"
until_true "and it stays" ground_is_white
type_keys o
type_keys Home
until_true "the list is open" shows "deep-sea"
type_keys Escape
until_true "Esc goes back to the one that was kept" shows_not "deep-sea"
until_true "which is shown" ground_is_white

# The mouse: off until it is asked for; a tab, a footer word, the wheel.
tm resize-window -t main -x 120 -y 40
until_true "tabs from 110 columns" shows "[3 Features]"
click() { tm send-keys -t main -H 1b 5b 3c 30 3b $(printf '%s' "$1" | od -An -tx1) 3b $(printf '%s' "$2" | od -An -tx1) 4d; }
type_keys m
mouse_is() { [ "$(tm display -p -t main '#{mouse_any_flag}')" = "$1" ]; }
until_true "m turns the mouse on, and the terminal is told" mouse_is 1
click 16 1
until_true "a click on a tab goes there" shows "[2 Models]"
click 1000 1000
click 3 20
type_keys m
until_true "m turns it off" mouse_is 0
until_true "and clicks on nothing did nothing" shows "[2 Models]"
type_keys 4

for size in 40x10 200x60 20x1 80x3 120x40 1x1 300x100 61x21; do
    tm resize-window -t main -x "${size%x*}" -y "${size#*x}"
done
for i in 1 2 3 4 5 6 7 8 9 10; do
    tm resize-window -t main -x $((40 + i * 7)) -y $((10 + i * 3))
done
tm resize-window -t main -x 120 -y 40
until_true "it survives a storm of resizes" shows "tollwatch"
tm resize-window -t main -x 80 -y 24
until_true "and draws the last size" shows "? help"

stopped() { [ -s "$work/stopped" ]; }
for how in key signal; do
    if [ $how = key ]; then type_keys C-z; else kill -TSTP "$(pid)"; fi 2>/dev/null
    until_true "suspended by $how: it stops" stopped
    until_true "and the terminal is restored" restored
    tell on
    until_true "and it comes back with its screen" shows "? help"
done
kill -STOP "$(pid)"
until_true "stopped from outside, without a chance to restore" stopped
tell on
until_true "and continued it takes its terminal again" shows "? help"
type_keys q
ends_restored "q"
[ "$(cat "$work/rc")" = 0 ] && ok "quit is success" || not_ok "quit is success"

# What was chosen is there again after a restart; who only looks changes nothing of it.
saved=$work/.local/state/tollwatch/view
start --readonly
until_true "it begins where it was left" shows "4 Requests"
until_true "in the theme that was kept" ground_is_white
[ "$(stat -c %a "$saved")" = 600 ] && ok "the saved view is private" || not_ok "the saved view is private"
type_keys 2 t
until_true "another screen and range" shows "2 Models"
type_keys q
ends_restored "read-only"
grep -qx "screen = requests" "$saved" && ok "--readonly does not write it" || not_ok "--readonly does not write it"
printf 'nonsense\033[2J\n' >"$saved"
start
until_true "a bad saved view is a warning" shows "begun with the defaults"
until_true "and the defaults" shows "1 Overview"
type_keys o
until_true "also of the theme" shows "high-contrast"
type_keys Escape
type_keys q
ends_restored "with a bad view"

for signal in TERM INT HUP; do
    start
    until_true "starts again" shows "? help"
    kill -$signal "$(pid)"
    ends_restored "SIG$signal"
done
for signal in SEGV ABRT; do
    start
    until_true "starts again" shows "? help"
    kill -$signal "$(pid)"
    ends_restored "SIG$signal"
done

# Colours: on by default, off by option and by NO_COLOR; then a theme has none to show.
coloured() { tm capture-pane -e -p | grep -qE "$(printf '\033')"'\[([0-9;]*;)?([34]8[;:]|[349][0-7]|10[0-7])'; }
colourless() { ! coloured; }
start
until_true "there are colours" coloured
type_keys q
until_true "it ends" ended
for how in --no-color NO_COLOR; do
    if [ $how = NO_COLOR ]; then : >"$work/no-colour"; start; else start $how; fi
    until_true "$how: it starts" shows "? help"
    colourless && ok "$how: no colour is sent" || not_ok "$how: no colour is sent"
    type_keys :
    type_keys "theme light" Enter
    until_true "$how: a theme is told to have nothing to show" shows "no colours here"
    colourless && ok "$how: and sends none" || not_ok "$how: and sends none"
    type_keys q
    until_true "$how: it ends" ended
done
rm "$work/no-colour"

# The demo's rule of hours ago is written before what its budgets write now.
tm resize-window -t main -x 120 -y 40
history_falls() {
    tm capture-pane -p | grep -A1 '^ history' | tr -s ' ' >"$work/history"
    grep -q '^ history.* budget ' "$work/history" && grep -q '^ [0-9]* .* set ana@' "$work/history"
}
start demo
until_true "the demo starts" shows "? help"
type_keys 8
until_true "and its policy's history has the latest change first" history_falls
type_keys q
ends_restored "the demo"
tm resize-window -t main -x 80 -y 24

start --readonly --ascii
until_true "starts read-only" shows "? help"
until_true "and says that nobody collects" shows "NOBODY IS COLLECTING"
tm kill-session -t main
gone() { ! kill -0 "$1" 2>/dev/null; }
p=$(pid)
until_true "a lost terminal ends it" gone "$p"
exit $failed
