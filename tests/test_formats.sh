#!/bin/sh
# test_formats: a log format of the user's own, one JSON file in the configuration folder and no code, end to end with the
# real binary: found by doctor, recognised by import, counted and priced by report. One per framing.
. tests/shell_lab.sh
formats=$XDG_CONFIG_HOME/tollwatch/formats
mkdir -p "$formats"
# WHAT FILE WANTED: a fresh ledger, the file imported, "requests errors input cached output cost" of it
counts() {
    "$bin" --db "$work/$1.db" --now 2026-10-26T00:00:00Z import "$2" >"$work/out" 2>&1 || sed 's/^/# /' "$work/out"
    is "$1" "$("$bin" --db "$work/$1.db" --now 2026-10-26T00:00:00Z report --since 2026-10-01 --format json |
        tr -d ' \n' | sed 's/.*"total"://; s/.*"requests":\([0-9]*\),"errors":\([0-9]*\),.*"input_tokens":\([0-9]*\),"cache_read_tokens":\([0-9]*\),.*"output_tokens":\([0-9]*\),.*"cost_usd":"\([0-9.]*\)".*/\1 \2 \3 \4 \5 \6/')" "$3"
}

# NAME MEMBERS AT RECORD: a format whose fields stand at the path AT, with a sample
make() {
    cat >"$formats/$1.json" <<END
{"name": "$1", "recognise": {"when": {"all": ["$3mark_$1", "$3when"]}}, $2
 "fields": {"time": "$3when", "model": "$3llm", "provider": {"const": "openai"}, "latency": {"path": "$3took", "unit": "s"},
            "status": "$3code", "requests": "$3calls"},
 "usage": {"input": "$3in", "output": "$3out", "cache_read": "$3hit", "inclusive": true}, "id": ["$3call"],
 "samples": [{"record": $4, "expect": [{"model": "gpt-4o", "input": 7, "output": 3, "requests": 2}]}]}
END
}
one='{"when": "2026-10-25T00:00:00Z", "llm": "gpt-4o", "in": 7, "out": 3, "calls": 2}'
make my-lines '' '' "$one"
make my-values '"framing": "json-values",' '' "$one"
make my-array '"framing": "array",' '' "$one"
make my-document '"framing": "document", "each": "days[].models[]",' 'days[].models[].' "{\"days\": [{\"models\": [$one]}]}"

"$bin" doctor >"$work/doctor" 2>&1
is "doctor runs their samples" "$(grep -c '^ok *formats: .* my-' "$work/doctor")" 1

# Spaces, null, odd order, an escaped key, numbers in quotes, usage in a text, a bad line, no newline at the end.
printf '%s\n' '{"mark_my-lines":1,"when":"2026-10-25T00:00:01Z","llm":"gpt-4o","in":1000,"out":100,"hit":600,"call":"a","took":1.5,"code":200}' \
    ' { "out" : 20 , "\u0069n" : "200" , "hit" : null , "note" : "\"in\":9999,\"out\":9999" , "llm" : "gpt-4o" , "call":"b", "when" : 1792886402.5, "mark_my-lines":1 } ' \
    '{"mark_my-lines":1,"when":' '' '{"mark_my-lines":1,"when":"2026-10-25T00:00:03Z","llm":"gpt-4o","call":"c","code":500}' >"$work/lines.log"
printf '%s' '{"mark_my-lines":1,"when":"2026-10-25T00:00:04Z","llm":"gpt-4o","in":300,"out":30,"call":"d"}' >>"$work/lines.log"
counts lines "$work/lines.log" "4 1 900 600 150 0.004500000"

# What a program says when it starts, then the first call: more than a look at the first bytes, from a file and from a pipe.
for n in 1 2 3 4 5 6 7 8; do echo "line $n of what a gateway tells of itself when it starts, with its version and all its settings: a=1 b=2 c=3"; done >"$work/late.log"
cat "$work/lines.log" >>"$work/late.log"
counts late "$work/late.log" "4 1 900 600 150 0.004500000"
cp "$work/late.log" "$work/late.in"
counts late-pipe - "4 1 900 600 150 0.004500000" <"$work/late.in"

printf '%s\n' 'a line of something else' '{' '  "mark_my-values": 1, "when": "2026-10-25T00:00:01Z",' '  "llm": "gpt-4o", "in": 1000, "out": 100, "note": "} {"' '}' \
    'INFO more of it' '{"mark_my-values":1,"when":"2026-10-25T00:00:02Z","llm":"gpt-4o","in":500,"out":1} {"mark_my-values":1,"when":"2026-10-25T00:00:03Z","llm":"gpt-4o","in":5,"out":2' '}' >"$work/values.log"
counts values "$work/values.log" "3 0 1505 0 103 0.004792500"

printf '%s\n' '[ {"mark_my-array":1,"when":"2026-10-25T00:00:01Z","llm":"gpt-4o","in":1000,"out":100,"call":"a"},' \
    '{"when":"2026-10-25T00:00:02Z","llm":"gpt-4o","in":10,"out":1,"call":"b"} ]' >"$work/array.json"
counts array "$work/array.json" "2 0 1010 0 101 0.003535000"

# Rows that sum up many calls: a row of 120 of them is 120 requests, one of none is none.
printf '%s' '{"days": [{"day": 1, "models": [{"mark_my-document": 1, "when": "2026-10-25T00:00:00Z", "llm": "gpt-4o", "in": 100000, "out": 1000, "calls": 120, "call": "1"},
  {"when": "2026-10-25T00:00:00Z", "llm": "gpt-4o-mini", "in": 0, "out": 0, "calls": 0, "call": "2"}]},
 {"models": [{"when": "2026-10-24T00:00:00Z", "llm": "gpt-4o", "calls": "3", "code": 500, "call": "3"}]}]}' >"$work/usage.json"
counts document "$work/usage.json" "123 3 100000 0 1000 0.260000000"
"$bin" --db "$work/document.db" import "$work/usage.json" >/dev/null 2>&1
counts document "$work/usage.json" "123 3 100000 0 1000 0.260000000"

# A log that has no usage is refused with what to do instead.
printf '%s\n' '{"message": "x", "level": "INFO", "timestamp": "2026-01-01T00:00:01.5", "component": "c", "logger": "l"}' >"$work/program.log"
"$bin" --db "$work/program.db" import "$work/program.log" >"$work/out" 2>&1
is "a log without usage says what to do" "$(grep -c 'log its payloads too' "$work/out")" 1

# Lines that are no JSON, by a pattern of the user's own.
cat >"$formats/my-text.json" <<'END'
{"name": "my-text", "text": {"mark": "LLM ", "lines": ["{}[{when}] LLM {llm} {{{note}} in={in} out={out};"]},
 "recognise": {"when": "llm"}, "fields": {"time": "when", "model": "llm", "provider": {"const": "openai"}}, "usage": {"input": "in", "output": "out"},
 "samples": [{"line": "x [25/Oct/2026:02:00:01 +0200] LLM gpt-4o {a}b} in=7 out=3;", "expect": [{"time": "2026-10-25T00:00:01.000Z", "input": 7, "output": 3}]}]}
END
printf '%s\n' 'started' '[25/Oct/2026:00:00:01 +0000] LLM gpt-4o {} in=100 out=10; more' 'p [25/Oct/2026:00:00:02 +0000] LLM gpt-4o {"q"} in=- out=5;' \
    '[25/Oct/2026:00:00:03 +0000] LLM gpt-4o {} in=100' >"$work/text.log"
counts text "$work/text.log" "2 0 100 0 15 0.000400000"

# Logs of all formats in one folder: every file is recognised, every record is met once, and a second time nothing is new.
mkdir "$work/mix"
for d in tests/formats/*; do
    case $d in */own-*) continue ;; esac
    cp "$d/log" "$work/mix/${d##*/}.log"
    cat "$d/expect" >>"$work/wanted"
done
mixed() { "$bin" --db "$work/mix.db" --now 2026-10-26T00:00:00Z import "$work/mix" >"$work/out" 2>&1; grep -c 'no known format' "$work/out"; }
met() { sed -n 's/.*: \([0-9]*\) new requests, \([0-9]*\) grown, \([0-9]*\) known already.*/\1 \2 \3/p' "$work/out"; }
is "a folder of all formats: files that no format fits" "$(mixed)" 0
is "its records" "$(met | awk '{print $1 + $2 + $3}')" "$(grep -c '^[0-9]*: [0-9]*-' "$work/wanted")"
mixed >/dev/null
is "nothing is new the second time" "$(met | awk '{print $1 + $2}')" 0

exit $failed
