#!/bin/sh
# test_prices: `tollwatch prices` as a user meets it: cost's lines, explain, a model without a price from import to reprice,
# a refused update.
. tests/shell_lab.sh
conf=$XDG_CONFIG_HOME/tollwatch
prices() { "$bin" --now 2026-11-24T12:00:00Z prices "$@"; }
says() { # PATTERN ARGS...
    pattern=$1
    shift
    prices "$@" 2>&1 | grep -q -e "$pattern"
}
ends() { # EXIT ARGS...: that exit code
    want=$1
    shift
    prices "$@" >"$work/out" 2>"$work/err"
    [ $? = "$want" ]
}

# cost: one line a record, in order, and a total that is the sum
prices cost tests/prices/cases.jsonl >"$work/cost"
check "cost prints a line a record and a total" [ "$(wc -l <"$work/cost")" = 75 ]
check "cost: id, nano-dollars, row, flags" grep -q "^oa-flex-round	63	openai/gpt-5@2025-08-07	-$" "$work/cost"
check "cost: flags by name" grep -q "^an-geo	12100000	anthropic/claude-opus-5@2026-07-24	geo$" "$work/cost"
check "cost: unpriced is never 0" grep -q "^oa-no-fuzzy	UNPRICED	-	-$" "$work/cost"
check "cost: the total is the sum" sh -c "awk -F'\t' '\$1 == \"total\" { t = \$2; next } \$2 != \"UNPRICED\" { s += \$2 } END { exit s != t }' '$work/cost'"
check "cost reads standard input" sh -c "'$bin' prices cost - <tests/prices/cases.jsonl | tail -1 | grep -q '73 priced	1 unpriced'"
printf '{"id":"x","provider":"openai","model":"gpt-5","output":-1}\nnot json\n{"id":"y","provider":"openai","model":"gpt-5","output":1}\n' >"$work/bad"
check "cost: a bad record is named, the rest goes on, exit 1" ends 1 cost "$work/bad"
check "cost: the bad lines" grep -q "bad:1: output is not a count" "$work/err"
check "cost: the good line" grep -q "^y	10000	" "$work/out"

check "explain shows the row" says "^row      openai/gpt-5.6-sol from 2026-08-21" explain gpt-5.6
check "explain shows what was done to the name" says "^name     \[1m\] taken off" explain 'claude-opus-5[1m]' --provider anthropic
check "explain at a time" says "^cost     \$0.002800000" explain deepseek/deepseek-v4-flash --at 2026-07-01 --cached 1000000
check "explain says when a price begins" says "begins on 2026-03-05" explain gpt-5.4 --at 2026-01-01
check "explain shows the arithmetic" says "300,000 x      8.00 / 1,000,000 = \$2.400000000000" explain gpt-5.6 --input 300000
check "explain never guesses" says "UNPRICED: no row of exactly this name" explain gpt-5.4-ultra
check "explain says who else knows it" says "known to bedrock" explain anthropic.claude-opus-5
check "list finds" says "^google  *gemini-4-argon .* announced$" list argon
check "list --csv is a book" sh -c "'$bin' prices list --csv >'$work/book.csv' && '$bin' prices update --dry-run '$work/book.csv' | grep -q ' 0 new, 0 changed, 13.* the same'"

# a model without a price, from import to reprice
cat >"$work/log" <<'END'
{"ts":"2026-11-24T10:00:00.000Z","request_id":"a1","gateway":"g","provider":"openai","endpoint":"/v1/chat/completions","model_requested":"gpt-5","model":"gpt-5","stream":false,"status":200,"usage":{"prompt_tokens":1000,"completion_tokens":10,"total_tokens":1010},"usage_state":"full"}
{"ts":"2026-11-24T10:01:00.000Z","request_id":"a2","gateway":"g","provider":"azure","endpoint":"/v1/chat/completions","model_requested":"ours","model":"ours","stream":false,"status":200,"usage":{"prompt_tokens":2000,"completion_tokens":20,"total_tokens":2020},"usage_state":"full"}
END
"$bin" --now 2026-11-24T12:00:00Z import --format gateway "$work/log" >/dev/null
check "unpriced names the model and how much" says "^azure  *ours  *1  *2,020$" unpriced
printf 'provider,model,aliases\nazure,gpt-4.1,ours\n' >"$conf/prices.csv"
check "reprice tells how many changed" says "^1 request has another cost" reprice
check "and then all is priced" says "every recorded call has a price" unpriced
check "reprice again changes nothing" says "^0 requests" reprice
printf '%s\n' '{"ts":"2026-11-24T10:02:00.000Z","request_id":"a3","gateway":"g","provider":"azure","endpoint":"/v1/chat/completions","stream":false,"status":200,"usage":{"prompt_tokens":2000,"completion_tokens":20,"total_tokens":2020},"usage_state":"full"}' >"$work/log2"
"$bin" --now 2026-11-24T12:00:00Z import --format gateway "$work/log2" >/dev/null
check "a call without a model is told" says "^azure  *(none)  *1 " unpriced
check "and that no price helps" sh -c "'$bin' prices unpriced | grep -q 'names* no model' && ! '$bin' prices unpriced | grep -q 'Give them a price'"

# updates
printf 'provider,model,input_per_mtok,output_per_mtok\nopenai,gpt-4o,2500,10\n' >"$work/slip.csv"
check "a thousandfold slip is refused" ends 1 update "$work/slip.csv"
check "with its line, on one line" sh -c "[ \$(wc -l <'$work/err') = 1 ] && grep -q 'slip.csv:2: openai/gpt-4o: input_per_mtok 2500 ' '$work/err'"
check "and nothing is written" [ ! -e "$conf/prices-updated.csv" ]
check "a map is taken" ends 0 update tests/prices/map.json
check "its refusals are named" grep -q "refused: tests/prices/map.json:14: openai/gpt-4o" "$work/err"
check "its prices count from today" says "^row      openai/gpt-4.1 from 2026-11-24" explain gpt-4.1
check "the history stays" says "^row      openai/gpt-4.1 from 2025-04-14" explain gpt-4.1 --at 2026-11-23
check "a broken update file is one clear line" sh -c "echo broken >'$conf/prices-updated.csv'; '$bin' prices list 2>&1 | grep -q 'prices-updated.csv:1: column \"broken\" is unknown'"
rm "$conf/prices-updated.csv"
check "readonly writes nothing" ends 2 --readonly update tests/prices/map.json
exit $failed
