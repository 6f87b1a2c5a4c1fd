#!/bin/sh
# test_averages: refused calls are in no average, and every face of the program says so with the same figures: 10 calls of
# $0.0035 and 2 s, 5 hits of the response cache, 30 refused ones of 1 ms. 5 of the 15 that were answered are a third.
. tests/shell_lab.sh
now=2026-11-24T12:00:00Z
call() { # ID FIELDS
    printf '{"ts":"2026-11-24T11:%02d:00Z","request_id":"r%d","gateway":"edge-1","provider":"openai","endpoint":"/v1/chat/completions","model_requested":"gpt-4o","model":"gpt-4o","feature":"search",%s}\n' "$1" "$1" "$2"
}
usage='"usage":{"prompt_tokens":1000,"completion_tokens":100,"total_tokens":1100},"usage_state":"full"'
i=0
while [ $i -lt 45 ]; do
    if [ $i -lt 10 ]; then call $i "\"status\":200,\"refused\":null,$usage,\"cache\":\"miss\",\"latency_ms\":2000"
    elif [ $i -lt 15 ]; then call $i "\"status\":200,\"refused\":null,$usage,\"cache\":\"hit\",\"latency_ms\":2000"
    else call $i '"status":429,"refused":"kill_switch","usage":null,"usage_state":"missing","cache":"miss","latency_ms":1'; fi
    i=$((i + 1))
done >"$work/log.jsonl"
tw() { "$bin" --db "$work/l.db" --now $now "$@" 2>"$work/err"; }
tw import "$work/log.jsonl" >"$work/out"
tw report --format json >"$work/report"
tw metrics >"$work/metrics"
tw render overview 150x40 >"$work/overview"
check "all of them are calls" grep -q '"requests":45,"errors":0,"refused_requests":30' "$work/report"
check "report: cost per request" grep -q '"usd_per_request":"0.002333333"' "$work/report"
check "report: response-cache hit rate" grep -q '"response_cache_hit_permille":333' "$work/report"
check "metrics: cost per request" grep -q '^llm_cost_per_request_usd{period="today".*} 0.002333333$' "$work/metrics"
check "metrics: response-cache hit rate" grep -q '^llm_response_cache_hit_ratio{period="today".*} 0.333$' "$work/metrics"
check "metrics: latency" grep -q '^llm_tier_latency_seconds{tier="[a-z]*"} 2.000$' "$work/metrics"
check "overview: response-cache hit rate" grep -q 'response cache 33% saved' "$work/overview"
check "overview: cost per call" grep -q '0.23¢/call' "$work/overview"
check "overview: latency" grep -q 'latency  p50 2.0  p95 2.0 s' "$work/overview"
check "overview: error rate" grep -q 'errors         0.0% of 15 calls' "$work/overview"
exit $failed
