#!/bin/sh
# The switch on a real terminal (tmux): K asks, wants a reason, tells what it would refuse; Enter writes the policy file, the
# header says so, publishing runs, a gateway's acknowledgement is counted; R lets calls pass again; --readonly asks nothing.
set -u
program=$(realpath "${TOLLWATCH:-build/tollwatch}")
work=$(mktemp -d "${TMPDIR:-/tmp}/tollwatch-switch.XXXXXX") || exit 1
socket=$work/tmux
export TMUX_TMPDIR="$work" TOLLWATCH_USER=alice
unset TMUX
failed=0
tm() { tmux -S "$socket" -f /dev/null "$@"; }
trap 'tm kill-server 2>/dev/null; rm -rf "$work"' EXIT
command -v tmux >/dev/null || { echo "not ok tmux is needed"; exit 1; }

# until_true WHAT COMMAND...: asks again until it is true, for at most 15 seconds.
until_true() {
    what=$1 end=$(($(date +%s) + 15))
    shift
    while ! "$@"; do
        if [ "$(date +%s)" -ge "$end" ]; then
            echo "not ok $what"
            tm capture-pane -p -t main | sed 's/^/# /'
            failed=1
            return 1
        fi
    done
    echo "ok $what"
}
shows() { tm capture-pane -p -t main | grep -qF -- "$1"; }
shows_not() { ! shows "$1"; }
policy_has() { grep -qsF -- "$1" "$work/p/policy.json"; }
type_keys() { tm send-keys -t main "$@"; }

mkdir -p "$work/logs" "$work/p/acks"
cat >"$work/config" <<EOF
[source gateway]
path = $work/logs/*.jsonl
format = gateway
[policy]
critical_features = checkout
publish = cp "$work/p/policy.json" "$work/published.json"
[gateway edge-1]
ack = edge-1
EOF
for feature in search search checkout; do
    printf '{"ts":"%s","request_id":"%s","gateway":"edge-1","provider":"anthropic","model":"claude-sonnet-5-5","feature":"%s","status":200,"refused":null,"usage":{"input_tokens":900000,"output_tokens":10},"usage_state":"full"}\n' \
        "$(date -u +%FT%T.000Z)" "$feature-$(date +%N)" "$feature" >>"$work/logs/gateway.jsonl"
done
tm new-session -d -s main -x 100 -y 30 "exec '$program' --config '$work/config' --db '$work/l.db' --policy '$work/p/policy.json' 2>'$work/err'"

until_true "the dashboard is there" shows "K stop"
type_keys 8
until_true "the Policy screen" shows "8 Policy"
until_true "without a file the switch is not known" shows "? switch unknown"
type_keys K
until_true "K asks" shows "Stop calls"
until_true "it tells what it would refuse" shows "refused   search"
until_true "and what passes" shows "passes    checkout"
type_keys Enter
until_true "without a reason nothing happens" shows "a reason is missing"
type_keys -l 'INC-7 loop'
type_keys Up Up Up Right
until_true "all calls: a word must be typed" shows "type ALL"
type_keys Left
until_true "non-critical again" shows_not "type ALL"
type_keys Enter
until_true "the header says that calls are stopped" shows "STOP non-critical 0/1"
until_true "the file says it" policy_has '"engaged_by": "alice"'
until_true "with the reason" policy_has 'INC-7 loop'
until_true "it is published" cmp -s "$work/p/policy.json" "$work/published.json"
printf '{"gateway":"edge-1","host":"h","workers":1,"generation":1,"applied_at":"%s","seen_at":"%s"}' "$(date -u +%FT%TZ)" "$(date -u +%FT%TZ)" >"$work/ack" &&
    mv "$work/ack" "$work/p/acks/edge-1.json"
until_true "a gateway that obeys is counted" shows "STOP non-critical 1/1"
type_keys R
until_true "R asks" shows "Let calls pass"
type_keys -l 'fixed'
type_keys Enter
until_true "calls pass again" shows "○ calls pass"
type_keys w
until_true "w asks for a rule" shows "Set a rule"
type_keys C-u
type_keys -l 'limits.batch'
type_keys Down C-u
type_keys -l '{"match":{"feature":"batch"},"timeout_ms":-5}'
type_keys Enter
until_true "what is wrong is told" shows "must be a whole number above 0"
type_keys BSpace BSpace BSpace
type_keys -l '5}'
type_keys Enter
until_true "the rule is shown" shows "limits.batch"
type_keys q
until_true "it ends" sh -c "! tmux -S '$socket' has-session -t main 2>/dev/null"
tm new-session -d -s main -x 100 -y 30 "exec '$program' --readonly --config '$work/config' --db '$work/l.db' --policy '$work/p/policy.json'"
until_true "looking only" shows "K stop"
type_keys K
until_true "asks nothing and says why" shows "looking only (--readonly)"
exit $failed
