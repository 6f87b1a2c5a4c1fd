#!/bin/sh
# `tollwatch savings` and its screen over a made log with a fixed clock: figures that can be worked out by hand, what is unknown,
# and that they agree with the report. GOLDEN=write writes what is shown as what is expected; look at it before committing.
. tests/shell_lab.sh
cd "$work" || exit 1

# An agent that sends one prefix every minute, a chat on a dear and a cheap model, questions that come again, cache reads.
awk 'BEGIN {
    for (i = 0; i < 300; i++) {
        t = sprintf("2026-11-24T%02d:%02d:07.250Z", int(i / 60), i % 60)
        one("doc-agent", "claude-opus-4-8", "\"input_tokens\":9000,\"output_tokens\":400", "p" i, "sys1", 24000)
        one("chat", "claude-opus-4-8", "\"input_tokens\":800,\"output_tokens\":120", "c" i, "", 0)
        one("faq", "claude-haiku-4-5", "\"input_tokens\":1500,\"output_tokens\":200", "q" i % 3, "", 0)
        if (i % 30 == 0) one("search", "claude-haiku-4-5", "\"input_tokens\":200,\"output_tokens\":50,\"cache_read_input_tokens\":6000", "s" i, "sys2", 20000)
    }
}
function one(feature, model, usage, prompt, prefix, bytes) {
    n++
    printf "{\"ts\":\"%s\",\"request_id\":\"r%d\",\"upstream_id\":\"u%d\",\"gateway\":\"edge-1\",\"provider\":\"anthropic\",", t, n, n
    printf "\"endpoint\":\"/v1/messages\",\"model\":\"%s\",\"feature\":\"%s\",\"stream\":false,\"status\":200,\"refused\":null,\"usage\":{%s},", model, feature, usage
    printf "\"prompt_hash\":\"%s\",\"prefix_hash\":%s,\"prefix_bytes\":%d,\"usage_state\":\"full\",\"cache\":\"miss\",\"latency_ms\":900}\n", prompt, prefix == "" ? "null" : "\"" prefix "\"", bytes
}' >a.jsonl
sed 's/"prompt_hash".*"usage_state"/"usage_state"/' a.jsonl >plain.jsonl
now="--now 2026-11-24T06:00:00Z"
"$bin" --db l.db $now import a.jsonl >/dev/null || failed=1
"$bin" --db plain.db $now import plain.jsonl >/dev/null || failed=1

expect() { # NAME: what is in the file `shown`
    expected=$here/tests/screens/$1.txt
    [ "${GOLDEN:-}" = write ] && cp shown "$expected"
    if cmp -s shown "$expected"; then echo "ok $1"; else
        echo "not ok $1"
        diff "$expected" shown | sed 's/^/# /'
        failed=1
    fi
}
check() { # WHAT EXPECTED SHOWN
    if [ "$2" = "$3" ]; then echo "ok $1"; else
        echo "not ok $1: $3 instead of $2"
        failed=1
    fi
}

for size in 40x10 80x24 120x40 200x60; do
    "$bin" --db l.db --policy none.json $now render savings $size >shown 2>&1
    expect "savings_$size"
    "$bin" --db l.db --policy none.json $now --ascii render savings $size >shown 2>&1
    expect "savings_ascii_$size"
    if LC_ALL=C grep -q '[^ -~]' shown; then echo "not ok savings_ascii_$size is ASCII"; failed=1; else echo "ok savings_ascii_$size is ASCII"; fi
done
"$bin" --db plain.db --policy none.json $now render savings 120x40 >shown 2>&1
expect savings_plain_120x40
for format in table json csv md; do
    "$bin" --db l.db $now savings --format $format >shown 2>&1
    expect "savings_$format"
done

# What was paid and what the cache saved are the report's figures, to the nano-dollar.
field() { python3 -c "import json,sys; d=json.load(open(sys.argv[1])); print($1)" "$2"; }
"$bin" --db l.db $now savings --format json >s.json
"$bin" --db l.db $now report --since 7d --format json >r.json
"$bin" --db l.db $now report --since 7d --where feature:doc-agent --by feature --format json >q.json
check "paid is the report's cost" "$(field 'd["total"]["cost_usd"]' r.json)" "$(field 'd["paid_usd"]' s.json)"
check "saved by the prompt cache is the report's" "$(field 'd["total"]["saved_cache_usd"]' r.json)" \
    "$(field '[s["saved_usd"] for s in d["strategies"] if s["strategy"]=="prompt caching"][0]' s.json)"
# What of a row's cost was output and premium: 300 x (9,000 x $5/M + 400 x $25/M); the whole is the mix of `savings`.
check "output's part of a feature's cost" 181 "$(field 'd["rows"][0]["output_cost_permille"]' q.json)"
check "premium's part of a feature's cost" 1000 "$(field 'd["rows"][0]["premium_cost_permille"]' q.json)"
check "output's part of all is the mix of savings" "$(field 'int(float(d["mix"]["output_usd"])*1000/float(d["mix"]["priced_usd"]))' s.json)" \
    "$(field 'd["total"]["output_cost_permille"]' r.json)"
printf "[tier standard]\nmodels = claude-opus-*\n" >tiers
"$bin" --config tiers --db l.db $now report --since 7d --where feature:doc-agent --by feature --format json >tr.json
"$bin" --config tiers --db l.db $now savings --format json >ts.json
check "a tier of the configuration counts in the report" 0 "$(field 'd["rows"][0]["premium_cost_permille"]' tr.json)"
check "and in savings" "0 600" "$(field '" ".join(str([t["calls"] for t in d["mix"]["tiers"] if t["tier"]==n][0]) for n in ("premium","standard"))' ts.json)"
# 297 of 300 questions came again; each answer serves 300 s, so that one in five minutes of each question is asked anew.
"$bin" --db l.db $now savings --ttl 86400 --where feature:faq --format json >t.json
check "with a day's TTL all but the first of each question" 297 "$(field 'd["strategies"][0]["calls"]' t.json)"
"$bin" --db l.db $now metrics >m.prom
for which in realised:saved possible:possible; do
    check "the metric of ${which%:*} savings is the command's" \
        "$(field "[s['${which#*:}_usd'] for s in d['strategies'] if s['strategy']=='model routing'][0]" s.json)" \
        "$(sed -n "s/^llm_savings_${which%:*}_usd{strategy=\"model routing\".*} //p" m.prom)"
done
for ttl in 60 300 3600 86400; do
    check "the metric of a cache of $ttl s is the command's" "$(field "[t['possible_usd'] for t in d['ttls'] if t['ttl_seconds']==$ttl][0]" s.json)" \
        "$(sed -n "s/^llm_savings_response_cache_usd{ttl_seconds=\"$ttl\"} //p" m.prom)"
done
check "tiers of the metrics are the command's" "$(field '[t["cost_usd"] for t in d["mix"]["tiers"] if t["tier"]=="premium"][0]' s.json)" \
    "$(sed -n 's/^llm_tier_cost_usd{tier="premium"} //p' m.prom)"
check "and their calls" "$(field '[t["calls"] for t in d["mix"]["tiers"] if t["tier"]=="classifier"][0]' s.json)" \
    "$(sed -n 's/^llm_tier_requests{tier="classifier"} //p' m.prom)"
check "all endpoints' cost is what was paid" "$(field 'd["paid_usd"]' s.json)" "$(sed -n 's/^llm_endpoint_cost_usd{endpoint=".*"} //p' m.prom)"
check "mean latency of a tier" 0.900 "$(sed -n 's/^llm_tier_latency_seconds{tier="premium"} //p' m.prom)"
"$bin" --db plain.db $now metrics >n.prom
check "what is unknown is no sample" 0 "$(grep -c 'llm_savings_possible_usd{strategy="response' n.prom)"
check "cost per request is the report's" "$(field 'd["rows"][0]["usd_per_request"]' q.json)" \
    "$(sed -n 's/^llm_cost_per_request_usd{period="today",.*feature="doc-agent"} //p' m.prom)"
"$bin" --db plain.db $now savings --format json >u.json
check "unknown is null" None "$(field 'd["strategies"][0]["possible_usd"]' u.json)"
printf "[savings]\ncan_be_cheap = doc-agent\n" >config
for how in "--config config" "--cheap doc-agent"; do # 300 x (9,000 x $4/M + 400 x $20/M) more than the simple calls of chat
    case $how in --config*) "$bin" $how --db l.db $now savings --format json >x.json ;; *) "$bin" --db l.db $now savings $how --format json >x.json ;; esac
    check "a feature that tolerates a cheaper model, by ${how%% *}" "14.880000000" "$(field 'd["strategies"][1]["possible_usd"]' x.json)"
done
"$bin" --db l.db $now savings --calls 10 --format json >v.json
"$bin" --db l.db $now savings --batch faq --format json >w.json
check "a feature that is named to wait goes at half the price" "0.375000000" "$(field 'd["strategies"][4]["possible_usd"]' w.json)"
printf "[savings]\ncan_wait = faq\n" >config
"$bin" --config config --db l.db $now savings --format json >x.json
check "the configuration can name it too" "0.375000000" "$(field 'd["strategies"][4]["possible_usd"]' x.json)"
check "what is scaled to the range carries its spread" "$(field 'd["paid_usd"]' s.json) True" \
    "$(field 'd["range_paid_usd"] + " " + str(all(float(r["spread_usd"]) >= 0 for r in d["range"]) and len(d["range"]) > 1)' v.json)"
check "a whole sample is not scaled" False "$(field '"range" in d' s.json)"
check "a cut sample says so" "True 10" "$(field 'd["cut"], d["calls"]' v.json | tr -d '(),')"
"$bin" --db l.db $now savings --ttl 0 >/dev/null 2>shown
check "a TTL of nothing is refused" 2 $?
exit $failed
