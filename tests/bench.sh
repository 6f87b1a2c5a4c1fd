#!/bin/sh
# `make bench`: makes the corpora, runs each bench program, prints all figures as one table. Exits 1 when a bench failed
# (a program broke, or a sum was not exact); a missed target is shown as MISSED and is not a failure.
# BENCH_MB: megabytes of transcripts and of LiteLLM lines each (0.4 of it of access log), 100 unless said. CCUSAGE: path of ccusage's
# native binary. BENCH: names of the programs to run, all without.
set -u
BUILD=$(realpath "${BUILD:-build}") BENCH_MB=${BENCH_MB:-100}
BENCH_DIR=$BUILD/bench BENCH_CORPUS=$BUILD/corpus BENCH_TABLE=$BUILD/bench/table TOLLWATCH=$BUILD/tollwatch
export BUILD BENCH_DIR BENCH_CORPUS BENCH_TABLE TOLLWATCH
export TZ=UTC LC_ALL=C.UTF-8
mkdir -p "$BENCH_DIR" || exit 1
: >"$BENCH_TABLE"

# The corpora are the same for the same size and makers.
made="$BENCH_MB $(cat tests/corpus[._]* | cksum)"
if [ "$(cat "$BENCH_CORPUS/made" 2>/dev/null)" != "$made" ]; then
    echo "making corpora of $BENCH_MB MB in $BENCH_CORPUS"
    rm -rf "$BENCH_CORPUS"
    mkdir -p "$BENCH_CORPUS"
    "$BUILD/tests/corpus_claude" "$BENCH_CORPUS" "$BENCH_MB" && "$BUILD/tests/corpus_litellm" "$BENCH_CORPUS" "$BENCH_MB" &&
        "$BUILD/tests/corpus_access" "$BENCH_CORPUS" $(((BENCH_MB * 2 + 4) / 5)) || exit 1
    echo "$made" >"$BENCH_CORPUS/made"
fi

failed=
for b in ${BENCH:-$(cd tests && ls bench_*.c bench_*.sh | sed 's/\.c$//')}; do
    echo "== $b"
    echo "== $b" >>"$BENCH_TABLE"
    case $b in
        bench_scan) "$BUILD/tests/$b" litellm "$BENCH_CORPUS/litellm.jsonl" ;;
        *.sh) sh "tests/$b" ;;
        *) "$BUILD/tests/$b" ;;
    esac || failed="$failed $b"
done
rm -f "$BENCH_DIR"/*.db*
echo
echo "$(nproc) cores, load $(cut -d' ' -f1-3 /proc/loadavg), BENCH_MB=$BENCH_MB"
cat "$BENCH_TABLE"
[ -z "$failed" ] && exit 0
echo "failed:$failed"
exit 1
