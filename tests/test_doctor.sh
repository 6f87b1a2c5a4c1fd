#!/bin/sh
# test_doctor: each thing that can be wrong with a set-up is found, says how to mend it, and makes the exit code 1.
. tests/shell_lab.sh
conf=$XDG_CONFIG_HOME/tollwatch
mkdir -p "$conf/formats" "$work/logs"
doctor() { "$bin" --db "$work/ledger.db" --policy "$work/policy.json" --now 2026-11-24T09:00:00Z "$@" doctor >"$work/out" 2>"$work/err"; }

finds() { # WHAT EXIT PATTERN [OPTION...]
    what=$1 code=$2 pattern=$3
    shift 3
    doctor "$@"
    got=$?
    if [ "$got" = "$code" ] && grep -qE "$pattern" "$work/out" && [ ! -s "$work/err" ]; then
        echo "ok $what"
    else
        echo "not ok $what (exit $got instead of $code, or nothing like: $pattern)"
        sed 's/^/# /' "$work/out" "$work/err"
        failed=1
    fi
}

write_config() { printf '%s\n' "$@" >"$conf/config"; }

good='{"ts":"2026-11-24T08:00:00.000Z","request_id":"r1","gateway":"g","provider":"openai","model_requested":"gpt-4o","model":"gpt-4o","status":200,"usage_state":"full","usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}}'
printf '%s\n' "$good" >"$work/logs/a.jsonl"

# A machine that runs a gateway has logs at the usual places; then they are what is found.
if ls /var/log/tollwatch/*.jsonl /var/log/litellm/*.jsonl >/dev/null 2>&1; then
    finds "logs at the usual places" 0 '^ok +source at a usual place: '
else
    finds "no log anywhere" 1 '^mend +sources: no log at the usual places; add \[source'
    twice=$("$bin" doctor 2>&1 | grep 'usual place:' | sort | uniq -d)
    if [ -z "$twice" ]; then echo "ok each place is named once"; else echo "not ok each place is named once: $twice"; failed=1; fi
fi
mkdir -p "$HOME/.claude/projects/p" && echo '{"type":"user"}' >"$HOME/.claude/projects/p/s.jsonl"
finds "logs at a usual place" 0 '^ok +source at a usual place: ~/.claude/projects: 1 file, format claude-code'
rm -r "$HOME/.claude"
write_config '[source gw]' "path = $work/logs"
finds "what is not there yet is no fault" 0 '^note +database: .*ledger.db is not there yet'
finds "a good set-up" 0 '^ok +source gw: .*1 file, format gateway'
finds "prices are counted" 0 '^ok +prices: 1[0-9]{3} rows, the newest of 2026-'
finds "formats are tested by their samples" 0 '^ok +formats: [0-9]+ with [0-9]+ samples, all read as expected:.* litellm'
finds "the last line sums up" 0 '^nothing to mend$'

finds "tiers are counted" 0 '^ok +tiers: price rows: [1-9][0-9]* premium, [1-9][0-9]* standard, [1-9][0-9]* classifier, .*by list price'
write_config '[source gw]' "path = $work/logs" '[tier premium]' 'models = no-such-model-*'
finds "a tier that names no model" 0 '^note +tiers: \[tier premium\] models = no-such-model-\*: none is in the price book'
write_config '[source gw]' "path = $work/logs" 'format = gatewy'
finds "unknown format" 1 '^mend +source gw: there is no format "gatewy"'
write_config '[source gw]' "path = $work/nowhere/*.jsonl"
finds "nothing at the path" 1 '^mend +source gw: .*nowhere/\*.jsonl: no file matches; correct path ='
printf 'not a log\nat all\n' >"$work/other.log"
write_config '[source gw]' "path = $work/other.log"
finds "a file of no known format" 1 '^mend +source gw: .*text of no known log'
write_config '[source gw]' 'command = no-such-program-here -x'
finds "a command without its program" 0 '^note +source gw: .*no program no-such-program-here in PATH'

ok_source="[source gw]
path = $work/logs"
write_config "$ok_source" '[account o]' 'provider = openai' 'key_env = TOLLWATCH_TEST_UNSET'
finds "key variable not set" 1 '^mend +account o: key_env names TOLLWATCH_TEST_UNSET, which is not set'
echo secret >"$work/key" && chmod 640 "$work/key"
write_config "$ok_source" '[account o]' 'provider = openai' "key_file = $work/key"
finds "key file that others may read" 1 '^mend +account o: key_file .*mode 0640\); chmod 600'
chmod 600 "$work/key"
finds "key file of mode 0600" 0 'nothing to mend'
if grep -q secret "$work/out"; then echo "not ok the key stays secret"; failed=1; else echo "ok the key stays secret"; fi
write_config "$ok_source" '[general]' 'theme = no-such-theme'
finds "unknown theme" 1 '^mend +theme: .*no-such-theme'
write_config "$ok_source" 'formt = x'
finds "bad configuration line" 1 "^mend +configuration: $conf/config:3: .*did you mean \"format\""
write_config "$ok_source"

echo '{"name":"mine"' >"$conf/formats/mine.json"
finds "broken format file" 1 '^mend +formats: .*mine'
rm "$conf/formats/mine.json"
printf 'provider,model,input_per_mtok\nopenai,my-model,cheap\n' >"$conf/prices.csv"
finds "broken price file" 1 '^mend +prices: .*prices.csv:2'
rm "$conf/prices.csv"
printf 'provider,billed,model\nopenai,GPT Five,gpt-5\n' >"$conf/products.csv"
finds "names of bills" 0 '^ok +products: .*products.csv is read'
printf 'GPT Five\n' >>"$conf/products.csv"
finds "broken names of bills" 1 '^mend +products: .*products.csv:3: is not PROVIDER,BILLED AS,MODEL; mend the line'
rm "$conf/products.csv"

"$bin" --db "$work/ledger.db" import "$work/logs/a.jsonl" >/dev/null || failed=1
finds "a database in order" 0 '^ok +database: '
finds "nobody collects" 0 '^note +collector: nobody is collecting'
finds "calls and sums are held against each other" 0 '^ok +ledger: every call can be read, and all sums are theirs'
chmod 644 "$work/ledger.db"
finds "database that others may read" 1 '^mend +database: .*others may read it \(mode 0644\); chmod 0640'
chmod 600 "$work/ledger.db"
printf '%s\nbroken\n' "$good" >"$work/logs/b.jsonl"
"$bin" --db "$work/ledger.db" import "$work/logs/b.jsonl" >/dev/null 2>&1
finds "lines that were left out" 0 '^note +read from import gateway: 1 of [0-9]+ lines are left out'
echo 'no database' >"$work/bad.db" && chmod 600 "$work/bad.db"
finds "a damaged database" 1 '^mend +database: .*damaged' --db "$work/bad.db"

printf '{"schema_version":1,"generation":3}' >"$work/policy.json" && chmod 664 "$work/policy.json"
finds "a policy in order" 0 '^ok +policy: .*generation 3, calls pass'
printf '{"schema_version":1,"gener' >"$work/policy.json"
finds "a cut policy" 1 '^mend +policy: .*policy.json:1: .*last good one'
printf '{"schema_version":1,"generation":3}' >"$work/policy.json" && chmod 666 "$work/policy.json"
finds "a policy that anyone may write" 1 '^mend +policy: .*others may change it \(mode 0666\); chmod 0664'

# ---- doctor FILE ----
looks() { # WHAT EXIT STREAM PATTERN FILE
    what=$1 code=$2 stream=$3 pattern=$4
    shift 4
    "$bin" --now 2026-11-24T09:00:00Z doctor "$@" >"$work/out" 2>"$work/err"
    got=$?
    if [ "$got" = "$code" ] && grep -qE "$pattern" "$work/$stream"; then echo "ok $what"; else
        echo "not ok $what (exit $got instead of $code, or nothing like: $pattern)"
        sed 's/^/# /' "$work/out" "$work/err"
        failed=1
    fi
}
looks "a log of a known format" 0 out 'a.jsonl: format gateway: ' "$work/logs/a.jsonl"
looks "how its calls are read" 0 out 'first call: 2026-11-24T08:00:00.000Z openai/gpt-4o, input 10 uncached, 0 read, 0 written, output 5, \$0.000075000' "$work/logs/a.jsonl"
looks "which of its lines are bad" 1 out '^mend +first bad record: .*b.jsonl:2: ' "$work/logs/b.jsonl"
looks "a file that is not there" 1 out '^mend .*/none: No such file' "$work/none"
: >"$work/logs/empty"
looks "an empty one" 1 out '^mend .*/empty: it is empty' "$work/logs/empty"
echo 'GET / HTTP/1.1 200' >"$work/logs/text"
looks "text" 1 out '^mend .*text of no known log; let the gateway log JSON' "$work/logs/text"
echo '{"time":"2026-11-24T08:00:00Z","who":"me"}' >"$work/logs/other"
looks "a log without tokens" 1 out '^mend .*neither a model nor tokens' "$work/logs/other"
tar -cf "$work/logs/a.tar" -C "$work/logs" a.jsonl && gzip -c "$work/logs/a.tar" >"$work/logs/a.tar.gz"
# Envoy's defaults leave cached tokens out: that is told, with what to add, and only while it is so.
envoy='{"start_time":"2026-11-24T08:00:00.000Z","request.path":"/v1/messages","response_code":200,"duration":4250,"x-request-id":"e1","gen_ai.request.model":"claude-sonnet-4-5","gen_ai.provider.name":"anthropic","gen_ai.usage.input_tokens":9003,"gen_ai.usage.output_tokens":400'
printf '%s}\n' "$envoy" >"$work/logs/envoy"
looks "Envoy without cached tokens" 0 out '^note .*no call in it has cached tokens: .*add CachedInputToken and CacheCreationInputToken to llmRequestCosts' "$work/logs/envoy"
printf '%s,"gen_ai.usage.cached_input_tokens":8000}\n' "$envoy" >"$work/logs/envoy"
looks "Envoy with them" 0 out '8000 read' "$work/logs/envoy"
if grep -q 'cached tokens: ' "$work/out"; then echo "not ok nothing is missing then"; failed=1; else echo "ok nothing is missing then"; fi
looks "an archive" 1 out '^mend .*a.tar.gz: is a tar archive; unpack it: tar' "$work/logs/a.tar.gz"

# A log of no known format: what is printed is a format file that proves itself, is found, and reads the log.
for n in 1 2 3; do
    printf '{"started-at":"2026-11-24T08:00:0%sZ","llm":{"model.name":"gpt-4o","vendor":"openai"},"tok":{"tokens_in":1200,"tokens_out":80,"tokens_cached":1000},"took_ms":812,"app":"search","request-id":"r%s"}\n' $n $n
done >"$work/logs/home-made.log"
looks "a log of no known format" 1 err 'this is one to start from: time = started-at, model = llm."model.name"' "$work/logs/home-made.log"
cp "$work/out" "$conf/formats/home-made.json"
looks "what is suggested recognises the log" 0 out 'home-made.log: format home-made: ' "$work/logs/home-made.log"
looks "and counts the cache as the log does" 0 out '3 calls, 0 that are none, 0 bad' "$work/logs/home-made.log"
looks "and prices it" 0 out 'input 200 uncached, 1000 read, 0 written, output 80, \$0.002550000' "$work/logs/home-made.log"
finds "its sample proves itself" 1 '^ok +formats: [0-9]+ with [0-9]+ samples, all read as expected:.* home-made'
printf '{"log":{"at":{"ts":1792886400.5}},"resp":"{\\"model\\":\\"gpt-4o\\",\\"usage\\":{\\"prompt_tokens\\":9,\\"completion_tokens\\":1}}"}\n' >"$work/logs/inside.log"
printf '{"ts":"2026-11-20T10:00:00Z","h":{"authorization":"Bearer SECRET"},"request_body":"{\\"messages\\":\\"SECRET\\"}","resp":"{\\"model\\":\\"gpt-4o\\",\\"usage\\":{\\"prompt_tokens\\":9,\\"completion_tokens\\":1},\\"text\\":\\"SECRET\\"}","messages":[{"content":"SECRET"}]}\n' >"$work/logs/private.log"
looks "a suggestion has what is mapped" 1 out 'prompt_tokens.*9' "$work/logs/private.log"
if grep -q SECRET "$work/out"; then echo "not ok and nothing else of the record"; failed=1; else echo "ok and nothing else of the record"; fi
looks "counters inside of a string" 1 err 'model = resp->model, usage = resp->usage' "$work/logs/inside.log"
exit $failed
