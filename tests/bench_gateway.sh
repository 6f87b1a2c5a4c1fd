#!/bin/sh
# bench_gateway: what the nginx gateway adds to a call, as pairs with plain nginx, see tests/gateway/bench.py.
exec /usr/bin/python3 tests/gateway/bench.py
