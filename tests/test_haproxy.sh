#!/bin/sh
# test_haproxy: the HAProxy gateway, end to end against the real HAProxy on loopback, see tests/gateway/haproxy_test.py.
# Without HAProxy there is nothing to test with; that is said, and `make test` installs it.
set -u
if ! [ -x /usr/sbin/haproxy ] || ! command -v python3 >/dev/null; then
    echo "ok haproxy # SKIP haproxy or python3 is not installed"
    exit 0
fi
exec python3 tests/gateway/haproxy_test.py
