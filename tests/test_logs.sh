#!/bin/sh
# test_logs: logs of all programs that we read, each a file of tests/logs, databases made of their tables: one by one they give
# the figures of tests/logs/expect (file, requests, input, read, written, output tokens), and all at once the same, each call once. Two files
# show the same calls: their line with a minus.
. tests/shell_lab.sh
mkdir -p "$work/all"
# LEDGER: "requests input read written output" of all that is in it, flat-rate use too
sums() {
    "$bin" --db "$1" --now 2027-01-01T00:00:00Z report --since 2020-01-01 --by provider --format csv |
        awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
                 { r += $at["requests"]; i_ += $at["input_tokens"]; h += $at["cache_read_tokens"]; w += $at["cache_write_5m_tokens"] + $at["cache_write_1h_tokens"]; o += $at["output_tokens"] }
                 END { print r + 0, i_ + 0, h + 0, w + 0, o + 0 }'
}

for f in tests/logs/*; do
    case $f in
    */expect) ;;
    *.sql) python3 -c 'import sqlite3, sys; sqlite3.connect(sys.argv[2]).executescript(open(sys.argv[1]).read())' "$f" "$work/all/$(basename "$f" .sql).db" || exit 1 ;;
    *) cp "$f" "$work/all/" ;;
    esac
done
for f in "$work"/all/*; do
    n=$(basename "$f")
    "$bin" --db "$work/$n.ledger" import "$f" >"$work/out" 2>&1 || sed 's/^/# /' "$work/out"
    is "$n" "$n $(sums "$work/$n.ledger")" "$(grep "^$n " tests/logs/expect)"
done

"$bin" --db "$work/mix.ledger" import "$work/all" "$work"/all/*.db >"$work/out" 2>&1 || { sed 's/^/# /' "$work/out"; failed=1; }
is "all in one folder, each record once" "$(sums "$work/mix.ledger")" \
    "$(sed 's/^minus/x/' tests/logs/expect | awk '{ s = $1 == "x" ? -1 : 1; r += s * $2; i += s * $3; h += s * $4; w += s * $5; o += s * $6 } END { print r, i, h, w, o }')"

# What two logs say of one call, in both orders: Claude Code's transcript and its event know the same request; an hour of
# metrics yields to spans of the service.
event() { sed 's/1774290629936000000/1787220003000000000/g' tests/logs/otel-logs.jsonl; }
event >"$work/events.jsonl"
transcript=tests/logs/claude-code.jsonl
for order in "$transcript $work/events.jsonl" "$work/events.jsonl $transcript"; do
    rm -f "$work"/two.ledger*
    for f in $order; do "$bin" --db "$work/two.ledger" import "$f" >"$work/out" 2>&1 || sed 's/^/# /' "$work/out"; done
    is "a transcript and its event are one call: the event counts" "$(sums "$work/two.ledger")" "1 337 1000 500 1201"
done
for order in "otel otel-metrics" "otel-metrics otel"; do
    rm -f "$work"/two.ledger*
    for f in $order; do "$bin" --db "$work/two.ledger" import "tests/logs/$f.jsonl" >"$work/out" 2>&1 || sed 's/^/# /' "$work/out"; done
    is "metrics beside spans: the spans count ($order)" "$(sums "$work/two.ledger")" "3 276 9024 900 480"
done
"$bin" --db "$work/mix.ledger" import "$work/all" "$work"/all/*.db >"$work/out" 2>&1
is "nothing is new the second time" "$(sed -n 's/.*: \([0-9]*\) new requests, \([0-9]*\) grown.*/\1 \2/p' "$work/out")" "0 0"
exit $failed
