#!/bin/sh
# test_haproxy: the HAProxy gateway, end to end against the real HAProxy on loopback, see tests/gateway/haproxy_test.py, and
# the decision endpoint of the recipes for other proxies. What is not installed cannot be tested with; that is said.
set -u
if [ -x /usr/sbin/nginx ] && command -v curl >/dev/null; then
    sh tests/gateway/recipe_test.sh
else
    echo "ok decision endpoint # SKIP nginx or curl is not installed"
fi
if [ -x /usr/sbin/haproxy ] && command -v python3 >/dev/null; then
    exec python3 tests/gateway/haproxy_test.py
fi
echo "ok haproxy # SKIP haproxy or python3 is not installed"
