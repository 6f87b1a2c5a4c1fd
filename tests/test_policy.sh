#!/bin/sh
# test_policy: the switch from the command line: kill, resume, policy, check, publishing, the ledger's trail, the wait for gateways.
. tests/shell_lab.sh
TOLLWATCH_USER=alice SSH_CONNECTION='192.0.2.7 5 192.0.2.1 22'
export TOLLWATCH_USER SSH_CONNECTION
mkdir -p "$work/p/acks"
chmod 2775 "$work/p"
LLM_POLICY_FILE=$work/p/policy.json
export LLM_POLICY_FILE

# WHAT EXIT PATTERN ARGS...: exit code and a pattern in what it prints to either stream
gives() {
    what=$1 code=$2 pattern=$3
    shift 3
    "$bin" "$@" >"$work/out" 2>&1 </dev/null
    got=$?
    if [ "$got" = "$code" ] && grep -qE -e "$pattern" "$work/out"; then echo "ok $what"; else
        echo "not ok $what (exit $got instead of $code, or nothing like: $pattern)"; sed 's/^/# /' "$work/out"; failed=1
    fi
}
ack() { # ID GENERATION
    printf '{"gateway":"%s","host":"h","workers":2,"generation":%s,"applied_at":"%s","seen_at":"%s"}' "$1" "$2" \
        "$(date -u +%FT%TZ)" "$(date -u +%FT%TZ)" >"$work/p/acks/.$1.tmp" && mv "$work/p/acks/.$1.tmp" "$work/p/acks/$1.json"
}

cat >"$XDG_CONFIG_HOME/tollwatch/config" <<END
[policy]
critical_features = checkout fraud
publish = cp "$work/p/policy.json" "$work/published.json"
[gateway gw1]
ack = gw1
END

gives "without a policy every call passes" 0 '"decision":"allow".*"generation":0' check --feature search
gives "without a policy its show says how one is made" 0 'no policy yet, every call passes' policy
gives "and its history is empty" 0 '^\[\]$' policy history --json
gives "a named folder that is missing is a slip" 1 'policy folder .*/nosuch: No such file' --policy "$work/nosuch/policy.json" check
(unset LLM_POLICY_FILE; gives "the default folder need not be there" 0 '"generation":0' check --feature search)
gives "resume without a policy changes nothing" 0 '^calls were not stopped' resume
mkdir "$work/alone" && : >"$work/alone/config"
gives "a stop that nobody reads says so" 0 'no gateway has ever said that it obeys this file' --config "$work/alone/config" --db "$work/alone/ledger.db" \
    --policy "$work/alone/policy.json" kill
gives "a stop tells its generation first" 0 '^generation 1$' kill --reason "INC-1" --for 2h
check "it names what is stopped" grep -q '^non-critical calls are stopped until ..:.. UTC; calls under way are drained' "$work/out"
check "with a gateway it does not" sh -c "! grep -q 'no gateway' '$work/out'"
check "it is published" grep -q '^published' "$work/out"
check "what is published is the policy" cmp -s "$work/p/policy.json" "$work/published.json"
gives "a non-critical call is refused" 3 '"code":"kill_switch_engaged"' check --feature search
gives "a critical one passes" 0 '"decision":"allow"' check --feature checkout
gives "a gateway that never spoke is not one that obeys" 1 '^obeyed by 0 of 1' kill --scope all --wait 0
ack gw1 1
gives "a gateway that is behind" 1 'gw1 is at generation 1 still' kill --scope all --inflight abort --for none --wait 0
(i=0; while [ $i -lt 500 ] && ! grep -q '"generation": 4' "$work/p/policy.json"; do i=$((i + 1)); done; ack gw1 4) &
gives "waits until all obey" 0 '^obeyed by 1 of 1' kill --scope all --wait 20
wait
"$bin" kill --scope all --wait 20 >"$work/out" 2>&1 &
waiting=$!
(i=0; while [ $i -lt 500 ] && ! grep -q '"generation": 5' "$work/p/policy.json"; do i=$((i + 1)); done
 "$bin" policy set limits.x '{"match":{"feature":"x"},"timeout_ms":1000}' >/dev/null; ack gw1 6)
wait $waiting
check "who obeys what was written since obeys the stop" grep -q '^obeyed by 1 of 1' "$work/out"
echo 'colour = red' >"$work/broken"
gives "a configuration that is wrong keeps nobody from stopping calls" 0 'broken:1:.* going on without the configuration' --config "$work/broken" kill --scope all
gives "who did it, from where" 0 'alice from 192.0.2.7' policy history
ack gw1 7
gives "the file is shown with its gateways" 0 'gw1 +obeyed +generation 7' policy show
gives "as JSON" 0 '"scope": "all"' policy show --json
gives "resume" 0 '^calls pass again' resume --reason "fixed"
gives "a limit" 0 '^generation 9' policy set limits.batch '{"match":{"feature":"batch"},"max_output_tokens":100}'
gives "it is what a gateway would do" 0 '"max_tokens":100' check --feature batch --max-tokens 5000
gives "a conflict is told" 1 'limits was changed by alice \(generation 9\) after you looked \(5\)' policy set --seen 5 limits.batch.timeout_ms 5
gives "a mistake is told" 1 'limits\[1\].on_exceed: must be one of: clamp reject' policy set limits.batch.on_exceed burst
gives "a valid policy" 0 'a valid policy' policy validate
echo '{"schema_version":1,"generation":1,"limits":[{"match":{}}]}' >"$work/p/other.json"
gives "an invalid one" 1 'other.json: limits\[0\].id: is missing' policy validate "$work/p/other.json"
gives "history as JSON" 0 '^\[\{"at":"20.*"action":"publish".*"outcome":"done"' policy history --json --limit 1
gives "bad duration" 2 'is no duration' kill --for soon
gives "bad scope" 2 'non_critical or all' kill --scope some
gives "read-only changes nothing" 2 'leave out --readonly' --readonly kill
gives "a place that is not there" 1 'create it' --policy "$work/nowhere/policy.json" kill

# The ledger keeps the trail too, when there is one.
echo '{}' >"$work/empty.jsonl"
"$bin" import --format litellm "$work/empty.jsonl" >"$work/out" 2>&1
"$bin" kill --reason "with a ledger" >"$work/out" 2>&1
trail() { "$bin" policy history --limit 2 >"$work/out" 2>&1; }
check "a ledger is no obstacle" trail
check "its row has the outcome" [ "$(sqlite3 "$XDG_STATE_HOME/tollwatch/ledger.db" "SELECT action, outcome FROM policy_event WHERE reason = 'with a ledger'")" = "kill|written" ]

sed -i 's/^publish = .*/publish = echo no route to gw2 >\&2; exit 7/' "$XDG_CONFIG_HOME/tollwatch/config"
gives "a failed publishing is told with its last word" 1 'publish: .* ended with code 7: no route to gw2' resume
gives "and is in the trail" 0 'publish +alice.*failed: publish' policy history
exit $failed
