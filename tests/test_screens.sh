#!/bin/sh
# The data screens as text, at four sizes, in UTF-8 and ASCII, over a made log and a fixed clock.
# GOLDEN=write writes what is shown as what is expected; look at it before committing.
. tests/shell_lab.sh
cd "$work" || exit 1

# Three features for six hours, one of which burns in the last twenty minutes; an error, a cache hit, an unpriced model.
awk 'BEGIN {
    for (i = 0; i < 360; i++) {
        t = sprintf("2026-11-24T%02d:%02d:07.250Z", int(i / 60), i % 60)
        one("doc-agent", "anthropic", "claude-opus-4-8", i > 340 ? 90000 : 3000, 400, 200, "miss")
        one("search", "openai", "gpt-4o-mini", 1200, 150, i % 50 ? 200 : 500, i % 9 ? "miss" : "hit")
        if (i % 40 == 0) one("", "openai", "next-exp", 800, 20, 200, "miss")
    }
}
function one(feature, provider, model, input, output, status, cache) {
    n++
    printf "{\"ts\":\"%s\",\"request_id\":\"r%d\",\"upstream_id\":\"u%d\",\"gateway\":\"edge-1\",\"provider\":\"%s\",", t, n, n, provider
    printf "\"endpoint\":\"/v1/x\",\"model_requested\":\"%s\",\"model\":\"%s\",\"feature\":\"%s\",\"team\":\"web\",", model, model, feature
    printf "\"user\":\"u\",\"key\":\"k\",\"stream\":true,\"status\":%d,\"refused\":null,\"usage\":", status
    if (provider == "anthropic")
        printf "{\"input_tokens\":%d,\"output_tokens\":%d,\"cache_read_input_tokens\":%d}", input, output, input / 2
    else
        printf "{\"prompt_tokens\":%d,\"completion_tokens\":%d,\"total_tokens\":%d}", input, output, input + output
    printf ",\"usage_state\":\"full\",\"cache\":\"%s\",\"latency_ms\":%d,\"ttft_ms\":%d}\n", cache, 900 + n % 700, 200 + n % 90
}' >a.jsonl

now="--now 2026-11-24T06:00:00Z"
"$bin" --db l.db $now import a.jsonl >/dev/null || failed=1

shows() { # NAME OPTIONS SCREEN SIZE
    "$bin" --db l.db --policy policy.json $now $2 render "$3" "$4" >shown 2>&1
    expect "$1"
}

expect() { # NAME: what is in the file `shown`
    expected=$here/tests/screens/$1.txt
    [ "${GOLDEN:-}" = write ] && cp shown "$expected"
    if cmp -s shown "$expected"; then echo "ok $1"; else
        echo "not ok $1"
        diff "$expected" shown | sed 's/^/# /'
        failed=1
    fi
}

for size in 20x1 80x3 40x10 80x24 120x40 200x60; do
    shows "overview_$size" "" overview $size
    shows "overview_ascii_$size" --ascii overview $size
    if LC_ALL=C grep -q '[^ -~]' shown; then echo "not ok ascii_$size is ASCII"; failed=1; else echo "ok ascii_$size is ASCII"; fi
done
# The policy: calls stopped three minutes ago, one gateway obeys, one is behind, one was never seen; edge-1 refuses since.
mkdir -p p/acks
cat >p/policy.json <<'END'
{"schema_version":1,"generation":42,"updated_by":{"user":"alice"},"critical":{"features":["checkout"]},
 "kill_switch":{"enabled":true,"scope":"non_critical","inflight":"drain","reason":"INC-4242 agent loop","engaged_at":"2026-11-24T05:57:00Z",
  "engaged_by":"alice","expires_at":"2026-11-24T06:27:00Z"},
 "budgets":[{"id":"search-day","owner":"guard","scope":{"type":"feature","value":"search"},"period":"day","limit_usd":"50.000000000",
  "enforcement":"hard","action":"block","state":"exhausted","resets_at":"2026-11-25T00:00:00Z"}],
 "limits":[{"id":"batch","match":{"feature":["batch","nightly-*"]},"max_output_tokens":1024,"on_exceed":"clamp"}]}
END
printf '{"host":"ops-1","workers":2,"generation":42,"applied_at":"2026-11-24T05:57:00.240Z","seen_at":"2026-11-24T05:59:55Z"}' >p/acks/edge-1.json
printf '{"host":"ops-2","workers":2,"generation":41,"applied_at":"2026-11-23T14:02:00Z","seen_at":"2026-11-24T05:59:51Z"}' >p/acks/edge-2.json
printf '[gateway batch-1]\nack = batch-1\n' >p/config
for line in '41,"action":"set","section":"limits","user":"bob","host":"ops-1","reason":"limits.batch = 1024","at":"2026-11-23T14:02:00Z"' \
    '42,"action":"kill","section":"kill_switch","user":"alice","host":"ops-3","reason":"INC-4242 agent loop","at":"2026-11-24T05:57:00Z"'; do
    for outcome in intended written; do echo "{\"from_generation\":40,\"generation\":$line,\"outcome\":\"$outcome\"}"; done
done >p/policy.audit.jsonl
for i in 1 2 3 4 5; do
    echo "{\"ts\":\"2026-11-24T05:58:0$i.000Z\",\"request_id\":\"x$i\",\"gateway\":\"edge-1\",\"provider\":\"openai\",\"model\":\"gpt-4o\",\"feature\":\"search\",\"status\":503,\"refused\":\"kill_switch_engaged\",\"usage\":null}"
done >b.jsonl
cp l.db lp.db
"$bin" --db lp.db $now import --format gateway b.jsonl >/dev/null || failed=1
shows_policy() { # NAME OPTIONS SIZE
    "$bin" --db lp.db --policy p/policy.json --config p/config $now $2 render policy "$3" >shown 2>&1
    expect "$1"
}
for size in 40x10 80x24 120x40 200x60; do
    shows_policy "policy_$size" "" $size
    shows_policy "policy_ascii_$size" --ascii $size
done
for screen in models features requests sources bills help; do
    for size in 40x10 80x24 120x40 200x60; do
        shows "${screen}_$size" "" $screen $size
        shows "${screen}_ascii_$size" --ascii $screen $size
        if LC_ALL=C grep -q '[^ -~]' shown; then echo "not ok $screen in ASCII at $size is ASCII"; failed=1; else echo "ok $screen in ASCII at $size is ASCII"; fi
    done
done
# Beside the three hours before, and back in time before it burnt.
for size in 40x10 80x24 120x40 200x60; do
    for screen in overview models features; do
        "$bin" --db l.db --policy policy.json $now render $screen $size --range 3h --compare before >shown 2>&1
        expect "compare_${screen}_$size"
    done
    for screen in models requests budgets alerts policy sources; do
        "$bin" --db l.db --policy p/policy.json $now render $screen $size --at 2026-11-24T04:30:00Z >shown 2>&1
        expect "asof_${screen}_$size"
    done
done
"$bin" --db l.db --policy p/policy.json $now render sources 120x40 --at 2026-11-01T04:30:00Z >shown 2>&1
if grep -q '^   calls  *? *$' shown && ! grep -q -e '-[0-9]' shown; then echo "ok calls of a day long ago are unknown, not -1"; else
    echo "not ok calls of a day long ago are unknown, not -1"; cat shown; failed=1; fi
# What happened since an incident began, for its channel and for programs.
for format in md table json; do
    "$bin" --db lp.db --policy p/policy.json $now report --since 2026-11-23T13:00:00Z --by feature --format $format >shown 2>&1
    expect "incident_report_$format"
done
# Of a ledger that is empty every screen says what to configure, and of one that is not there every one says how to begin.
: >none.jsonl
"$bin" --db empty.db $now import --format gateway none.jsonl >/dev/null || failed=1
printf '[source gateway]\npath = /nowhere/*.jsonl\n' >one-source
for screen in overview models features requests bills budgets alerts policy sources savings; do
    for size in 40x10 80x24; do
        XDG_CONFIG_HOME=/nowhere "$bin" --db empty.db --policy none.json $now render $screen $size >shown 2>&1
        expect "empty_${screen}_$size"
    done
    if XDG_CONFIG_HOME=/nowhere "$bin" --db missing.db --policy none.json $now render $screen 80x24 >shown 2>&1; then echo "not ok $screen without a ledger fails"; failed=1; fi
    if grep -q '^tollwatch: there is no ledger at missing.db yet; run `tollwatch collect` or' shown; then echo "ok $screen without a ledger says how to begin"; else
        echo "not ok $screen without a ledger says how to begin"; failed=1
    fi
done
"$bin" --db empty.db --config one-source --policy none.json $now render overview 80x24 >shown 2>&1
expect "empty_configured_80x24"
# Nothing configured, nothing found: where was looked, what to paste, the demo one key away.
says() { # WORDS
    if grep -qF -- "$1" shown; then echo "ok first-run says $1"; else echo "not ok first-run says $1"; sed 's/^/# /' shown; failed=1; fi
}
for size in 40x10 80x24 120x40; do
    HOME=$work/nobody XDG_CONFIG_HOME=/nowhere "$bin" --db l.db --policy policy.json $now render first-run $size >shown 2>&1
    says "Nothing to read yet."
    says "►Show me the demo"
    says "[source gateway]"
    [ $size = 40x10 ] && continue
    says "paste this into /nowhere/tollwatch/config"
    says "~/.claude/projects"
    says "key_env = OPENAI_ADMIN_KEY"
done
exit $failed
