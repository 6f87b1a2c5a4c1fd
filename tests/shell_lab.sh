# shell_lab: what a script of tests begins with, read with `.` from the repository's root: $bin, the program by its full path; $work, a
# folder of its own that goes with it; a home in it; and how a result is told. A script ends with `exit $failed`.
set -u
here=$(pwd) failed=0
bin=${TOLLWATCH:-build/tollwatch}
case $bin in /*) ;; *) bin=$here/$bin ;; esac
work=$(mktemp -d "${TMPDIR:-/tmp}/tollwatch-script.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
HOME=$work/home XDG_CONFIG_HOME=$work/home/.config XDG_STATE_HOME=$work/home/.state
export HOME XDG_CONFIG_HOME XDG_STATE_HOME
mkdir -p "$XDG_CONFIG_HOME/tollwatch"

check() { # WHAT CONDITION...: one result line
    what=$1
    shift
    if "$@"; then echo "ok $what"; else echo "not ok $what"; failed=1; fi
}

is() { # WHAT GOT WANTED
    if [ "$2" = "$3" ]; then echo "ok $1"; else printf 'not ok %s\n# got    %s\n# wanted %s\n' "$1" "$2" "$3"; failed=1; fi
}
