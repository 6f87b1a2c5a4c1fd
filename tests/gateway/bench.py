"""Added latency of the gateway: the same calls through plain nginx and through the gateway, in turn on one kept connection
each, so that whatever else the machine does hits both. Prints medians of the pairs as rows of `make bench`."""
import json
import os
import socket
import statistics
import sys
import time

sys.dont_write_bytecode = True

from lab import Lab, policy  # noqa: E402

TARGET_MS = 0.15
RULES = {
    "budgets": [{"id": f"b{i}", "scope": {"type": "feature", "value": f"f{i}"}, "enforcement": "hard", "state": "ok"} for i in range(20)],
    "limits": [{"id": f"l{i}", "match": {"feature": [f"f{i}", "x*"]}, "max_output_tokens": 1000, "on_exceed": "clamp"} for i in range(10)],
    "rate_limits": [{"id": "all", "requests_per_minute": 10_000_000, "tokens_per_minute": 10_000_000_000}],
    "routing": {"tiers": {"economy": "gpt-4.1-nano"}, "rules": [{"id": "r", "match": {"feature": "f*"}, "set_tier": "economy"}]},
}


class Raw:
    """One kept connection that sends the same bytes again and again; http.client would take longer than what is measured."""

    def __init__(self, port, body, headers=""):
        self.sock = socket.create_connection(("127.0.0.1", port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.data = (f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sk-search\r\n{headers}"
                     f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}").encode()

    def call(self):
        began = time.perf_counter_ns()
        self.sock.sendall(self.data)
        got = b""
        while not got.endswith(b"\r\n0\r\n\r\n"):
            got += self.sock.recv(262144)
        took = time.perf_counter_ns() - began
        if not got.startswith(b"HTTP/1.1 200"):
            raise SystemExit(f"bench: {got[:200]!r}")
        return took / 1e6


def pairs(plain, gateway, n):
    """n pairs in changing order; the first tenth warms up."""
    out = []
    for i in range(n + n // 10):
        if i % 2:
            a, b = plain.call(), gateway.call()
        else:
            b, a = gateway.call(), plain.call()
        if i >= n // 10:
            out.append((a, b))
    return out


def row(what, figures, target="", verdict=""):
    line = f"{what:42} {figures:64} {target:16} {verdict}"
    print(line, flush=True)
    with open(os.environ.get("BENCH_TABLE", os.devnull), "a", encoding="utf-8") as f:
        f.write(line + "\n")


def run(lab, name, body, n, headers="", target=None):
    got = pairs(Raw(lab.plain_port, body, headers), Raw(lab.port, body, headers), n)
    plain, gateway = statistics.median(a for a, _ in got), statistics.median(b for _, b in got)
    added, ratio = statistics.median(b - a for a, b in got), statistics.median(b / a for a, b in got)
    figures = f"+{added:.3f} ms p50, {ratio:.2f} x plain nginx ({gateway:.3f} : {plain:.3f} ms)"
    row("gateway: " + name, figures, *((f"<= +{target} ms", "met" if added <= target else "MISSED") if target else ()))


def main():
    lab = Lab()
    try:
        lab.write_policy(policy(1, **RULES))
        lab.start()
        lab.start_plain()
        lab.wait_generation(1)
        say = lambda n: [{"role": "user", "content": 'say "hi"\n' * (n // 11)}]
        run(lab, "2 KB prompt, JSON answer", json.dumps({"model": "gpt-4o-mini", "messages": say(2000)}), 3000, target=TARGET_MS)
        run(lab, "2 KB prompt, 12 events", json.dumps({"model": "gpt-4o-mini", "stream": True, "messages": say(2000)}), 1000, "x-mock-chunks: 10\r\n")
        run(lab, "200 KB prompt, JSON answer", json.dumps({"model": "gpt-4o-mini", "messages": say(200_000)}), 300)
    finally:
        lab.stop()


main()
