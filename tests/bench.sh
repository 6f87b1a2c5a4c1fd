#!/bin/sh
# `make bench`: makes the corpora, runs each bench program, prints all figures as one table. Exits 1 when a bench failed
# (a program broke, or a sum was not exact); a missed target is shown as MISSED and is not a failure.
# BENCH_MB: megabytes of transcripts and of LiteLLM lines each, 100 unless said; the access log always has 2 million lines, because
# fewer are over before a rate can be told. CCUSAGE: path of ccusage's native binary. BENCH: names of the programs to run, all without.
set -u
BUILD=$(realpath "${BUILD:-build}") BENCH_MB=${BENCH_MB:-100}
BENCH_DIR=$BUILD/bench BENCH_CORPUS=$BUILD/corpus BENCH_TABLE=$BUILD/bench/table TOLLWATCH=$BUILD/tollwatch
export BUILD BENCH_DIR BENCH_CORPUS BENCH_TABLE TOLLWATCH
export TZ=UTC LC_ALL=C.UTF-8
mkdir -p "$BENCH_DIR" || exit 1
: >"$BENCH_TABLE"

# A corpus is the same for the same size and maker, and stays.
corpus() { # NAME MB FILE...: makes it anew when it is another one than what is there
    made="$2 $(cat tests/corpus.h "tests/corpus_$1.c" | cksum)"
    name=$1 size=$2
    shift 2
    [ "$(cat "$BENCH_CORPUS/made.$name" 2>/dev/null)" = "$made" ] && return
    echo "making $size MB of $name in $BENCH_CORPUS"
    (cd "$BENCH_CORPUS" && rm -rf "$@") || exit 1
    "$BUILD/tests/corpus_$name" "$BENCH_CORPUS" "$size" || exit 1
    echo "$made" >"$BENCH_CORPUS/made.$name"
}
mkdir -p "$BENCH_CORPUS" || exit 1
corpus claude "$BENCH_MB" .claude claude.oracle.csv
corpus litellm "$BENCH_MB" litellm.jsonl litellm.oracle.csv
corpus access 746 access.jsonl access.log access.oracle.csv

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
