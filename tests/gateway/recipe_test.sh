#!/bin/sh
# The decision endpoint of collectors/gateways/recipes/README.md, taken out of the page, in the real nginx on a socket.
set -u
work=$(mktemp -d) || exit 1
nginx=0
trap '[ $nginx = 0 ] || kill $nginx; rm -rf "$work"' EXIT
mkdir -p "$work/derived"
chmod 755 "$work" "$work/derived"
{
    [ "$(id -u)" != 0 ] || echo "user root;" # the folder is this user's alone
    echo "daemon off; pid $work/pid; error_log $work/error; worker_processes 1; events {} http {"
    for t in client_body proxy fastcgi uwsgi scgi; do echo "${t}_temp_path $work/$t;"; done
    sed -n '/^```nginx/,/^```$/p' collectors/gateways/recipes/README.md | grep -v '^```' |
        sed "s#/var/lib/llm-policy#$work#; s#127.0.0.1:9180#unix:$work/socket#"
    echo "}"
} >"$work/nginx.conf"
/usr/sbin/nginx -e "$work/error" -c "$work/nginx.conf" &
nginx=$!
ask() { curl -s -o /dev/null -w '%{http_code}' --retry 20 --retry-connrefused --retry-all-errors --retry-delay 0 --retry-max-time 10 \
    --unix-socket "$work/socket" -H "x-llm-feature: $1" http://localhost/v1/chat/completions; }
is() { # WHAT FEATURE STATUS
    got=$(ask "$2")
    if [ "$got" = "$3" ]; then echo "ok decision endpoint: $1"; else echo "not ok decision endpoint: $1 # $got"; cat "$work/error"; fi
}
until [ -S "$work/socket" ] || ! kill -0 $nginx 2>/dev/null; do ask search >/dev/null; done
is "no flag: go on" search 200
: >"$work/derived/kill_non_critical"
is "non-critical stopped: others are refused" search 403
is "non-critical stopped: a critical feature goes on" checkout 200
: >"$work/derived/kill_all"
is "all stopped: a critical feature too" checkout 403
rm "$work"/derived/*
is "no flag again: go on" search 200
