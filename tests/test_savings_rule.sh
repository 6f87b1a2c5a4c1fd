#!/bin/sh
# `tollwatch savings --dry-run`, `--write` and `--undo`: exit codes, errors that say what to do, the four formats, what is written
# and what is taken out again, what was saved since. Figures can be worked out by hand.
. tests/shell_lab.sh
cd "$work" || exit 1
TOLLWATCH_USER=ana
export TOLLWATCH_USER

# Yesterday: 100 simple calls of a chat, 1,000 in and 100 out on a dear model, each 5,000,000 + 2,500,000 nano-dollars; and
# 20 questions that come again at once. "sent" is what a gateway logs that called the cheap model instead.
line() { # N TIME MODEL ASKED GENERATION
    printf '{"ts":"%s","request_id":"r%s","upstream_id":"u%s","gateway":"edge-1","provider":"anthropic","endpoint":"/v1/messages",' "$2" "$1" "$1"
    printf '"model":"%s","model_requested":"%s","feature":"chat","key":"k","stream":false,"status":200,"refused":null,' "$3" "$4"
    printf '"usage":{"input_tokens":1000,"output_tokens":100},"usage_state":"full","cache":"miss","latency_ms":900,"prompt_hash":"h%s",' "$(($1 % 20))"
    printf '"prompt_bytes":4000,"tools":0,"policy_generation":%s}\n' "$5"
}
i=0
while [ $i -lt 100 ]; do
    line $i "2026-11-23T10:1$((i / 50)):$((i % 50 + 10)).000Z" claude-opus-4-8 claude-opus-4-8 0
    i=$((i + 1))
done >a.jsonl
now=2026-11-24T06:00:00Z
tw() { "$bin" --db l.db --policy p.json --now "$now" "$@"; }
tw import --format gateway a.jsonl >/dev/null || failed=1

check() { # WHAT EXPECTED SHOWN
    if [ "$2" = "$3" ]; then echo "ok $1"; else echo "not ok $1: $3 instead of $2"; failed=1; fi
}
fails() { # WHAT EXIT PATTERN ARG...
    what=$1 code=$2 pattern=$3
    shift 3
    tw "$@" >out 2>err
    got=$?
    if [ $got = "$code" ] && grep -q "^tollwatch: .*$pattern" err && [ "$(wc -l <err)" = 1 ]; then echo "ok $what"; else
        echo "not ok $what: exit $got, $(cat err)"; failed=1
    fi
}
field() { python3 -c "import json,sys; d=json.load(open(sys.argv[1])); print($1)" "$2"; }

route='route feature=chat model=claude-opus-4-8 tools=no max_prompt_bytes=8000 set_model=claude-haiku-4-5'

# ---- a dry run writes nothing, and says the same in each format ----
tw savings --dry-run "$route" --format json >d.json || failed=1
check "the calls of yesterday would change" "100 0 0" "$(field 'd["changed"], d["guessed"], d["repriced"]' d.json | tr -d '(),')"
check "what they cost" 0.750000000 "$(field 'd["before_usd"]' d.json)"
check "what they would" 0.150000000 "$(field 'd["after_usd"]' d.json)"
check "saved is the difference" 0.600000000 "$(field 'd["saved_usd"]' d.json)"
check "all of them have no spread" "0.000000000 0.600000000" "$(field 'd["spread_usd"] + " " + d["expected_usd"]' d.json)"
check "ten examples" "10 claude-haiku-4-5" "$(field 'len(d["examples"]), d["examples"][0]["to_model"]' d.json | tr -d "(),'")"
check "where it would stand" routing.rules.savings-routing-chat "$(field 'd["path"]' d.json)"
check "nothing is written" no "$([ -e p.json ] && echo yes || echo no)"
tw savings --dry-run "$route percent=20" --format json >d20.json
check "a share is a fifth, with twice the standard deviation" "0.120000000 0.048000000" "$(field 'd["expected_usd"] + " " + d["spread_usd"]' d20.json)"
tw savings --dry-run "$route" --format csv >d.csv
check "CSV" "changed,100,0.750000000,0.150000000,0.600000000,0.000000000" "$(sed -n 2p d.csv)"
check "CSV: expected" "expected,100,0.750000000,0.150000000,0.600000000,0.000000000" "$(tail -1 d.csv)"
tw savings --dry-run "$route" --format md >d.md
check "Markdown: a table of what would change" 1 "$(grep -c '^| would change | 100 | 0.75 | 0.15 | 0.60 |$' d.md)"
check "Markdown: a table of examples" 10 "$(grep -c '^| 2026-11-23 .*claude-haiku-4-5' d.md)"
tw savings --dry-run "$route" >d.txt
check "words" 1 "$(grep -c '^would change  *100  *0.75  *0.15  *0.60$' d.txt)"
tw savings --dry-run "$(field 'json.dumps(d["rule"])' d.json)" --format json >again.json
check "the rule as JSON is the same rule" "$(field 'd["saved_usd"]' d.json)" "$(field 'd["saved_usd"]' again.json)"
tw savings --dry-run 'cache feature=chat ttl_seconds=300' --format json >c.json
check "a cache answers all but the first of each question" 80 "$(field 'd["hits"]' c.json)"
tw savings --dry-run 'limit feature=chat max_output_tokens=60' --format json >l.json
check "a limit cuts 40 tokens of each" "4000 0.100000000" "$(field 'str(d["output_cut"]) + " " + d["saved_usd"]' l.json)"
tw savings --dry-run 'rate feature=chat requests_per_minute=40' --format json >r.json
check "a rate refuses what is over it" "$(field 'd["changed"]' r.json)" "$(field 'd["refused"]' r.json)"
check "and what is refused costs nothing" 0.000000000 "$(field 'd["after_usd"]' r.json)"

# A name with what Markdown takes for its own begins no column.
line 900 2026-11-23T10:00:00.000Z claude-opus-4-8 claude-opus-4-8 1 | sed 's/"feature":"chat"/"feature":"a|b"/' >pipe.jsonl
"$bin" --db pipe.db --now "$now" import --format gateway pipe.jsonl >/dev/null || failed=1
"$bin" --db pipe.db --policy none.json --now "$now" savings --dry-run 'route model=claude-opus-4-8 set_model=claude-haiku-4-5' --format md >pipe.md
check "a bar in a name is no column" 1 "$(grep -cF ' | a\|b | ' pipe.md)"

# ---- what is wrong ----
fails "no rule" 1 "the rule is empty" savings --dry-run ''
fails "no verb" 1 "begins with route, limit, rate or cache" savings --dry-run 'switch feature=x'
fails "no value" 1 "NAME=VALUE" savings --dry-run 'route feature'
fails "nothing to do" 1 "needs set_tier or set_model" savings --dry-run 'route feature=chat'
fails "no act" 1 "a limit max_output_tokens" savings --dry-run '{"limits":[{"on_exceed":"clamp"}]}'
fails "no JSON" 1 "is no JSON" savings --dry-run '{"limits":'
fails "a share over all" 1 "0 to 100" savings --dry-run "$route percent=101"
fails "two at a time" 2 "one of --dry-run, --write and --undo" savings --dry-run "$route" --write "$route" --reason x
fails "no reason to write" 2 "needs --reason" savings --write "$route"
fails "no reason to undo" 2 "needs --reason" savings --undo x
fails "looking only" 2 "leave out --readonly" --readonly savings --write "$route" --reason x
fails "looking only, undo" 2 "leave out --readonly" --readonly savings --undo x --reason x
fails "no such rule runs" 1 "no rule nothing runs; \`tollwatch savings\` lists" savings --undo nothing --reason x
fails "no such format" 2 "table, json, csv or md" savings --dry-run "$route" --format yaml
"$bin" --db none.db --policy p.json --now "$now" savings --write "$route" --reason x >out 2>err
check "without a ledger nothing is written" "1 no" "$? $([ -e p.json ] && echo yes || echo no)"

# ---- written, followed, taken out ----
tw savings --write "$route" --reason "chat is simple" >out 2>err
check "the first rule is the first generation" "0 generation 1" "$? $(cat out)"
check "it stands in the policy" claude-haiku-4-5 "$(field 'd["routing"]["rules"][0]["set_model"]' p.json)"
fails "another rule of the same name" 1 "undo it first" savings --write "$route percent=50" --reason more
tw policy history >history
check "the audit trail has who and why" 1 "$(grep -c 'ana.*chat is simple' history)"
tw savings --dry-run "$route" --format json >d2.json
i=200
while [ $i -lt 210 ]; do
    line $i "2026-11-24T06:$((i - 190)):00.000Z" claude-haiku-4-5 claude-opus-4-8 1
    i=$((i + 1))
done >b.jsonl
line 300 2026-11-24T06:30:00.000Z claude-opus-4-8 claude-opus-4-8 1 >>b.jsonl # one that was not sent on
line 301 2026-11-24T06:31:00.000Z claude-haiku-4-5 claude-opus-4-8 0 >>b.jsonl
now=2026-11-24T12:00:00Z
tw import --format gateway b.jsonl >/dev/null || failed=1
tw savings --since 24h --format json >s.json
check "measured is the price of what was asked for less what was paid" "0.066000000 True 11" \
    "$(field '" ".join(str(d["rules"][0][k]) for k in ("measured_usd", "exact", "changed"))' s.json)"
check "beside what was expected" "0.600000000" "$(field 'd["rules"][0]["expected_usd_per_day"]' s.json)"
tw savings --since 24h >s.txt
check "and so in words" 1 "$(grep -c '^savings-routing-chat  *2026-11-24 06:00  *1  *0.60  *0.07  *11 of 12  ana$' s.txt)"
tw savings --undo savings-routing-chat --reason enough >out 2>err
check "undone" "0 generation 2" "$? $(cat out)"
check "nothing of it is left" 0 "$(field 'len(d["routing"]["rules"])' p.json)"
fails "undone once" 1 "no rule savings-routing-chat runs" savings --undo savings-routing-chat --reason again
tw savings --since 24h --format json >u.json
check "it stays in the book, with its end" "True 0.066000000" "$(field 'str(d["rules"][0]["undone_at"] is not None) + " " + d["rules"][0]["measured_usd"]' u.json)"

# ---- published, or said that it is not ----
printf '[policy]\npublish = echo published >>where\n' >config
"$bin" --config config --db l.db --policy p.json --now "$now" savings --write 'cache feature=chat ttl_seconds=60' --reason y >out 2>err
check "published after it is written" "0 generation 3 published published" "$? $(tr '\n' ' ' <out | sed 's/ $//') $(cat where 2>/dev/null)"
printf '[policy]\npublish = exit 3\n' >config
"$bin" --config config --db l.db --policy p.json --now "$now" savings --undo savings-cache-chat --reason y >out 2>err
check "a publishing that fails is an error, and the rule is out" "1 0" "$? $(field 'len(d["cache"])' p.json)"
tw savings --write 'limit feature=chat max_output_tokens=60' --reason z >/dev/null || failed=1
tw policy set limits.savings-limit-chat '{"match":{"feature":"chat"},"max_output_tokens":50}' >/dev/null || failed=1
fails "what somebody changed since stays" 1 "was changed since it was written" savings --undo savings-limit-chat --reason z

# ---- the newest calls alone: what a day of them would be is scaled, and says so ----
tw savings --dry-run "$route" --since 2026-11-23 --until 2026-11-24 --calls 50 >cut.txt
check "of a sample a day has a spread" 1 "$(grep -c '^expected .* ±.* a day; scaled from the newest calls' cut.txt)"
tw savings --dry-run "$route" --since 2026-11-23 --until 2026-11-24 --calls 50 --format json >cut.json
check "and in JSON" "True 50 True" "$(field 'd["cut"], d["calls"], float(d["spread_usd_per_day"]) > 0' cut.json | tr -d '(),')"

# ---- a policy that may not be written: one line, nothing is lost, and later it can be undone ----
mkdir ro
now=2026-11-24T12:00:00Z
"$bin" --db ro.db --now "$now" import --format gateway a.jsonl >/dev/null || failed=1
"$bin" --db ro.db --policy ro/p.json --now "$now" savings --write "$route" --reason chat >/dev/null || failed=1
chmod 444 ro/p.json
cp ro/p.json kept.json
as=
[ "$(id -u)" != 0 ] || as="setpriv --bounding-set=-all --inh-caps=-all" # root, whom nothing stops, without its powers
chmod 555 ro
$as "$bin" --db ro.db --policy ro/p.json --now "$now" savings --undo savings-routing-chat --reason enough >out 2>err
check "a policy that may not be written is one line that says so" "1 1 1" "$? $(wc -l <err) $(grep -c '^tollwatch: .*ro/.*Permission denied' err)"
check "the policy is as it was" same "$(cmp -s ro/p.json kept.json && echo same)"
"$bin" --db ro.db --policy ro/p.json --now "$now" savings --since 24h --format json >ro.json
check "the rule is followed on" "None" "$(field 'd["rules"][0]["undone_at"]' ro.json)"
chmod 755 ro
$as "$bin" --db ro.db --policy ro/p.json --now "$now" savings --undo savings-routing-chat --reason enough >out 2>err
check "once it may, the rule is taken out" "0 0" "$? $(field 'len(d["routing"]["rules"])' ro/p.json)"
exit $failed
