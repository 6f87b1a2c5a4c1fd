#!/bin/sh
# test_gateway: the nginx gateway, end to end against the real nginx with two workers on loopback, see tests/gateway/.
# Without nginx, its Lua module or Python there is nothing to test with; that is said, and `make test` installs them.
set -u
python=/usr/bin/python3
[ -x "$python" ] || python=$(command -v python3 || true)
if [ -z "$python" ] || ! [ -e /usr/lib/nginx/modules/ngx_http_lua_module.so ]; then
    echo "ok gateway # SKIP nginx-light, libnginx-mod-http-lua, lua-cjson or python3 is not installed"
    exit 0
fi
# What waits most runs beside what works most.
"$python" tests/gateway/run.py policy >"$HOME/policy.out" 2>&1 &
"$python" tests/gateway/run.py calls switch loop
failed=$?
wait $! || failed=1
cat "$HOME/policy.out"
exit $failed
