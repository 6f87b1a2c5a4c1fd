#!/bin/sh
# The rules that no compiler checks: layers, sizes, tables, words. One line per finding; exit 1 if there is any.
set -u
bad=0
say() { echo "lint: $*"; bad=1; }

# Includes go one way: tui -> collectors -> store. Only main, screens and commands may see the terminal.
grep -snE '#include "(collectors|tui)/' store/*.[ch] && say "store/ includes upwards"
grep -snE '#include "tui/' collectors/*.[ch] collectors/*/*.[ch] && say "collectors/ includes tui/"
grep -slE '#include <(ncurses|curses|term)\.h>' */*.[ch] | grep -v '^tui/term' && say "curses outside tui/term*"
grep -slE '#include <pthread\.h>' store/*.[ch] tui/*.[ch] && say "threads outside collectors/"
grep -slE '#include <curl/' store/*.[ch] tui/*.[ch] && say "network outside collectors/"

# Sizes: files up to 400 lines, functions up to 60, nine in ten up to 50.
for f in */*.c */*.h collectors/*/*.[ch]; do
    n=$(wc -l <"$f")
    [ "$n" -gt 400 ] && say "$f has $n lines (400 at most)"
    head -1 "$f" | grep -q '^/\*' || say "$f does not open with a comment on what it owns"
done
awk 'FNR == 1 { inside = 0 }
     /^[A-Za-z_].*\) \{$/ { inside = 1; start = FNR; name = $0 }
     inside && /^}/ { n = FNR - start + 1; all++; if (n > 50) big++;
                      if (n > 60) { print "lint: " FILENAME ":" start ": function of " n " lines"; bad = 1 } inside = 0 }
     END { if (all && big * 10 > all) { print "lint: more than one function in ten is over 50 lines"; bad = 1 } exit bad }' \
    */*.c collectors/*/*.c || bad=1

# The gateways' Lua and Python: sizes, and an opening that says what the file owns.
for f in collectors/gateways/*/lua/tollwatch/*.lua collectors/gateways/*/*.py tests/gateway/*.lua tests/gateway/*.py; do
    [ -e "$f" ] || continue
    n=$(wc -l <"$f")
    [ "$n" -gt 400 ] && say "$f has $n lines (400 at most)"
    head -1 "$f" | grep -qE '^(--|""")' || say "$f does not open with a comment on what it owns"
done
awk '/^(local )?function / { start = FNR } /^end/ && start { n = FNR - start + 1; start = 0
     if (n > 50) { print "lint: " FILENAME ":" FNR ": function of " n " lines"; bad = 1 } } END { exit bad }' \
    collectors/gateways/*/lua/tollwatch/*.lua tests/gateway/*.lua || bad=1

# Visible tables: a command or a screen that has a file has its line.
for f in tui/cmd_*.c; do
    for c in $(sed -n 's/^const Command \(cmd_[a-z_]*\).*/\1/p' "$f" 2>/dev/null); do
        grep -q "&$c\b" tui/commands.c || say "$c has no line in commands[]"
    done
done
for s in $(sed -n 's/^const Screen \(screen_[a-z_]*\).*/\1/p' tui/screen_*.c 2>/dev/null); do
    grep -q "&$s\b" tui/screens.c 2>/dev/null || say "$s has no line in screens[]"
done

for c in $(sed -n 's/^const ChannelType \(channel_[a-z_]*\).*/\1/p' collectors/channels/*.c); do
    grep -q "&$c\b" collectors/channels/channels.c || say "$c has no line in channels[]"
done

# The README names every alert rule and channel.
for n in $(sed -n 's/^    {"\([a-z]*\)", ".*/\1/p' store/alert_rules.c) $(sed -n 's/.*{\.name = "\([a-z]*\)", \.needs.*/\1/p' collectors/channels/*.c); do
    grep -q "\`$n\`" README.md || say "the README does not name $n"
done

# Money is an integer; nothing unfinished; nothing that waits by the clock.
grep -snE '\b(double|float)\b[^;]*(cost|usd|price|spend|nano|pico)' */*.[ch] && say "floating point near money"
grep -rnIE '\b(TODO|FIXME|XXX|HACK)\b' store collectors tui Makefile && say "unfinished work"
grep -nIE '\b(sleep|usleep|nanosleep)\b *[(0-9]' tests/*.c tests/*.sh | grep -v '^tests/lint' && say "a test sleeps"

# Every file of a log format is data that is tested by its own samples.
for f in $(ls collectors/formats/*.json 2>/dev/null); do
    grep -q '"samples"' "$f" || say "$f has no samples"
done
# A function of ours with a library's name would be called by the library instead of its own.
program=${BUILD:-build}/tollwatch
if [ -x "$program" ] && [ -f "${BUILD:-build}/libtollwatch.a" ]; then
    names=$(mktemp)
    ldd "$program" | awk '$3 ~ /^\// { print $3 }' | while read -r l; do nm -D --defined-only "$l"; done |
        awk '{ sub(/@.*/, "", $3); print $3 }' | sort -u >"$names"
    taken=$(nm -g --defined-only "${BUILD:-build}/libtollwatch.a" 2>/dev/null | awk '$2 ~ /[TDBR]/ { print $3 }' | sort -u |
        comm -12 - "$names")
    rm -f "$names"
    [ -n "$taken" ] && say "names that a library has too:" $taken
fi
[ $bad = 0 ] && echo "lint: clean"
exit $bad
