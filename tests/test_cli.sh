#!/bin/sh
# test_cli: the command line as a user meets it: exit codes, one line on stderr, help and completions from the tables.
. tests/shell_lab.sh
# WHAT EXIT PATTERN ARGS...: exit code, nothing on stdout, exactly one line "tollwatch: ..." that matches on stderr
refuses() {
    what=$1 code=$2 pattern=$3
    shift 3
    "$bin" "$@" >"$work/out" 2>"$work/err" </dev/null
    got=$?
    if [ "$got" = "$code" ] && [ ! -s "$work/out" ] && [ "$(wc -l <"$work/err")" = 1 ] &&
        grep -q "^tollwatch: .*$pattern" "$work/err"; then
        echo "ok $what"
    else
        echo "not ok $what (exit $got instead of $code)"
        sed 's/^/# /' "$work/err"
        failed=1
    fi
}

says() { # PATTERN ARGS...
    pattern=$1
    shift
    "$bin" "$@" 2>&1 | grep -q -e "$pattern"
}

check "version" says '^tollwatch [0-9]*\.[0-9]*\.[0-9]*$' --version
check "help names import" says '^  import ' --help
check "help hides what is for make install" sh -c "! '$bin' --help | grep -q help-man"
check "help stays within 80 columns for options" sh -c "! '$bin' --help | grep -E '^  .{79}'"
check "help of a command, asked after it" says '--billing KIND' import --help
check "help of a command by the short option" says '--billing KIND' import -h
check "help of a command, asked before it" says '--billing KIND' --help import
for c in $("$bin" --help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
    check "help of $c" says "^usage: tollwatch $c" "$c" --help
    refuses "$c: unknown option" 2 "no option --no-such-thing" "$c" --no-such-thing
done

refuses "unknown command" 2 'no command; did you mean "import"' imprt
refuses "unknown option" 2 'did you mean "--version"' --versoin
refuses "option without its value" 2 '--config needs FILE' --config
refuses "option with an empty value" 2 '--db needs FILE' --db= import x
refuses "flag with a value" 2 '--ascii takes no value' --ascii=yes import x
refuses "a clock that is none" 2 '--now tomorrow is not a time' --now tomorrow import x
refuses "nothing to import" 2 'name the files' import
refuses "unknown shell" 2 'bash, zsh or fish' help-completion tcsh
refuses "control bytes stay on one line" 2 'no command' "$(printf 'a\nb\033[31mc')"

# A bad configuration is named with file and line, whatever the command.
echo x >"$work/log.jsonl"
printf '[general]\ntimezone = Europe/Berlin\n\n[source a]\npath = x\nformt = litellm\n' >"$XDG_CONFIG_HOME/tollwatch/config"
refuses "configuration found by itself" 1 "$XDG_CONFIG_HOME/tollwatch/config:6: .*did you mean \"format\"" import "$work/log.jsonl"
printf '[source a]\n' >"$work/other"
refuses "configuration named after the command" 1 "$work/other:1: .*needs either path" import --config "$work/other" "$work/log.jsonl"
refuses "configuration named before the command" 1 "$work/other:1: " --config="$work/other" import "$work/log.jsonl"
refuses "configuration that is not there" 1 "$work/nowhere" --config "$work/nowhere" import "$work/log.jsonl"
rm "$XDG_CONFIG_HOME/tollwatch/config"
refuses "unknown display zone" 1 'time zone "Nowhere/City" is not known' --tz Nowhere/City import "$work/log.jsonl"

check "man page has every command and key of the tables" sh -c "'$bin' help-man >'$work/man' &&
    grep -q '^.SS import' '$work/man' && grep -q 'critical_features' '$work/man' && grep -q 'show.-content' '$work/man'"
check "man page has no bad request" sh -c "! grep -nE \"^[.'][^A-Z\\\\]\" '$work/man'"
for s in bash zsh fish; do
    check "completion for $s has the options of import" sh -c "'$bin' help-completion $s | grep -q -e reopen"
done
if command -v bash >/dev/null 2>&1; then
    "$bin" help-completion bash >"$work/complete.bash"
    cat >"$work/ask.bash" <<'EOF'
. "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _tollwatch; echo "${COMPREPLY[*]}"
EOF
    completes() { test "$(bash "$work/ask.bash" "$work/complete.bash" tollwatch "$@")" = "$expected"; }
    expected=import; check "bash completes a command" completes imp
    expected='payg notional'; check "bash completes an option's values" completes --readonly import --billing ''
    expected=--theme; check "bash completes a global option" completes --th
fi

# A schema of the user's makes new ledgers; what is wrong in it is said.
mkdir -p "$work/own/schema" && : >"$work/own/config" && { cat store/schema.sql; echo 'CREATE VIEW mine AS SELECT 7;'; } >"$work/own/schema/schema.sql"
"$bin" --config "$work/own/config" --db "$work/own.db" import "$work/log.jsonl" >/dev/null 2>&1
check "a user's schema makes the ledger" sh -c "cat '$work'/own.db* | grep -q 'CREATE VIEW mine'"
echo 'CREATE NONSENSE' >"$work/own/schema/schema_2.sql"
refuses "a wrong one is told" 1 'NONSENSE' --config "$work/own/config" --db "$work/own2.db" import "$work/log.jsonl"
rm "$work/own/schema/schema_2.sql"; echo 'CREATE TABLE own(x);' >"$work/own/schema/schema.sql"
refuses "tables that it lacks are its mistake, not ours" 1 'own/schema/schema.sql, which replaces our schema' --config "$work/own/config" --db "$work/own3.db" import "$work/log.jsonl"

# --log: errors of the background go there, each with its time; standard error keeps those of the start.
refuses "a log that cannot be opened" 1 "open $work/no/log: .*another file with --log" --log "$work/no/log" --db "$work/l.db" collect
refuses "a file of metrics without a path" 2 "metrics-file needs PATH" collect --metrics-file
refuses "an argument to metrics" 2 "takes no argument" metrics x
refuses "metrics of no ledger" 1 "no ledger" --db "$work/none.db" metrics
timeout 1 "$bin" --log "$work/log" --db "$work/no-folder/l.db" collect 2>"$work/err"
check "background errors are in the log" grep -q "^tollwatch: 20[0-9-]*T[0-9:.]*Z .*no-folder" "$work/log"
check "and not on standard error" test ! -s "$work/err"
mkdir "$work/taken" && echo "box 7 alice" >"$work/taken/ledger.lock"
timeout 3 flock "$work/taken/ledger.lock" timeout 2 "$bin" --db "$work/taken/ledger.db" collect 2>"$work/err"
check "a second collector says for whom it waits" grep -q "^tollwatch: .*Z box 7 alice collects already; this one waits" "$work/err"
"$bin" -v --db "$work/v.db" --tz Europe/Berlin import "$work/log.jsonl" >/dev/null 2>"$work/err"
check "-v says which files and zones are used" grep -q "database $work/v.db, .* shown in Europe/Berlin" "$work/err"

# What cannot be written is a failure, not a success with nothing in the file.
if [ -e /dev/full ]; then
    "$bin" --help >/dev/full 2>"$work/err"
    check "a full disk is told" test "$?" = 1 -a -s "$work/err"
fi
check "works with closed standard descriptors" sh -c "'$bin' --version <&- >/dev/null 2>&-"

# A theme that there is none of: one line, whatever the command; only stopping calls goes on all the same.
for c in "render overview 80x24" report status "prices list" "policy show" doctor demo collect; do
    refuses "$c: an unknown theme" 2 'no theme "nosuch"; choose one of: ' --db "$work/l.db" --theme nosuch $c
done
"$bin" --policy "$work/p.json" --theme nosuch kill --reason x >"$work/out" 2>"$work/err"
check "kill says so and stops calls" sh -c "grep -q 'no theme' '$work/err' && grep -q 'generation' '$work/out'"

# The demo has a configuration of its own, and the user's themes: one that is known gets as far as the terminal.
mkdir -p "$work/config/tollwatch/themes" && cp themes/light.theme "$work/config/tollwatch/themes/mine.theme"
XDG_CONFIG_HOME=$work/config "$bin" demo --theme mine </dev/null >/dev/null 2>"$work/err"
check "the demo finds the user's theme" grep -q "not a terminal" "$work/err"
XDG_CONFIG_HOME=$work/config "$bin" demo --theme nobodys </dev/null >/dev/null 2>"$work/err"
check "and names it among the others" grep -q "no theme \"nobodys\"; choose one of: .* mine" "$work/err"
exit $failed
