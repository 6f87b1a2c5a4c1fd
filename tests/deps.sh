#!/bin/sh
# Installs the Debian packages named as arguments when they are missing: as root by itself, else it prints the one
# command to run. On other systems it only says which libraries are needed. Says what it does.
set -eu
if ! command -v dpkg-query >/dev/null 2>&1; then
    echo "tollwatch: not a Debian system; the build needs (Debian names): $*" >&2
    exit 0
fi
missing=
for p in "$@"; do
    dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing="$missing $p"
done
[ -z "$missing" ] && exit 0
if [ "$(id -u)" != 0 ]; then
    echo "tollwatch: packages are missing; run, or ask whoever may: sudo apt-get update && sudo apt-get install -y --no-install-recommends$missing" >&2
    exit 1
fi
echo "tollwatch: installing$missing"
apt-get update -q >/dev/null || echo "tollwatch: apt-get update failed; going on with the lists that are here" >&2
# Servers are installed for tests that run them on loopback; as services of this machine they must not start, now or at boot.
policy=/usr/sbin/policy-rc.d
if ! [ -e $policy ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy
fi
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing >/dev/null || {
    echo "tollwatch: apt-get could not install$missing; install them by hand and run this again" >&2
    exit 1
}
for p in $missing; do
    case $p in
        nginx-light) systemctl disable --quiet nginx 2>/dev/null || true ;;
        haproxy) systemctl disable --quiet haproxy 2>/dev/null || true ;;
    esac
done
