"""`make gateway`: the nginx gateway in front of a made-up vendor, with a bounded load, to flip the switch and see.

demo.py FOLDER [SECONDS [CALLS_PER_SECOND]]: everything of it is in FOLDER; nothing leaves this machine.
"""
import itertools
import os
import random
import signal
import sys
import threading
import time

sys.dont_write_bytecode = True

from lab import TOLLWATCH, Failed, Lab, policy  # noqa: E402

CHAT, MESSAGES, GENERATE = "/v1/chat/completions", "/v1/messages", "/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse"
SAY = [{"role": "system", "content": "You are helpful. " * 40}, {"role": "user", "content": "What now?"}]
CALLS = [  # how often, key, path, body
    (5, "sk-search", CHAT, {"model": "gpt-4o-mini", "messages": SAY}),
    (2, "sk-search", CHAT, {"model": "gpt-4o", "messages": SAY, "temperature": 0}),
    (3, "sk-checkout", MESSAGES, {"model": "claude-sonnet-4-5", "max_tokens": 500, "messages": SAY[1:]}),
    (4, "sk-batch", MESSAGES, {"model": "claude-opus-4-5", "max_tokens": 4000, "stream": True, "messages": SAY[1:]}),
    (2, "sk-batch", GENERATE, {"contents": [{"role": "user", "parts": [{"text": "What now?"}]}]}),
    (1, "sk-nobody", CHAT, {"model": "gpt-4o", "stream": True, "messages": SAY}),
]
CONFIG = """[source gateway]
path = {log}
format = gateway
[policy]
critical_features = checkout
"""


class Load:
    """`workers` clients that share a rhythm; counts what came back."""

    def __init__(self, lab, rate, seconds, workers=8):
        self.lab, self.gap, self.end = lab, 1 / rate, time.monotonic() + seconds
        self.turn, self.lock, self.counts = itertools.count(), threading.Lock(), {}
        self.begin, self.stop = time.monotonic(), threading.Event()
        for _ in range(workers):
            threading.Thread(target=self.work, daemon=True).start()

    def work(self):
        while not self.stop.is_set():
            due = self.begin + next(self.turn) * self.gap
            if due > self.end or self.stop.wait(max(0, due - time.monotonic())):
                return
            _, key, path, body = random.choices(CALLS, [c[0] for c in CALLS])[0]
            try:
                answer = self.lab.call(path, body, key, x_mock_delay_ms=random.randint(20, 400), x_mock_chunk_ms=60, x_mock_chunks=8)
                state = answer.headers["x-llm-refused"] or ("passed" if answer.status == 200 else str(answer.status))
            except OSError:
                state = "no answer"
            with self.lock:
                self.counts[state] = self.counts.get(state, 0) + 1

    def take(self):
        with self.lock:
            counts, self.counts = self.counts, {}
        return counts


def main():
    folder, seconds, rate = os.path.abspath(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1800, float(sys.argv[3]) if len(sys.argv) > 3 else 5
    os.makedirs(folder, exist_ok=True)
    lab = Lab(keep=folder)
    if not os.path.exists(lab.policy_file):
        lab.write_policy(policy(1))
    config = os.path.join(folder, "tollwatch.conf")
    with open(config, "w", encoding="utf-8") as f:
        f.write(CONFIG.format(log=lab.log_file))
    for end_of_terminal in signal.SIGTERM, signal.SIGHUP:
        signal.signal(end_of_terminal, signal.default_int_handler)
    try:
        lab.start()
        program = f"{os.path.relpath(TOLLWATCH)} --config {os.path.relpath(config)} --db {os.path.relpath(folder)}/ledger.db --policy {os.path.relpath(lab.policy_file)}"
        print(f"gateway http://127.0.0.1:{lab.port} with {lab.workers} workers, in front of a made-up vendor; log {os.path.relpath(lab.log_file)}\n"
              f"In another terminal, the dashboard (K stops calls, R lets them pass again):\n\n    {program}\n\nor:\n\n"
              f"    {program} kill --reason 'try it' --wait 5\n    {program} resume --wait 5\n\n"
              f"{rate:g} calls a second for {seconds} s at most; Ctrl-C ends it.", flush=True)
        load, end = Load(lab, rate, seconds), time.monotonic() + seconds
        while time.monotonic() < end and lab.gateway.poll() is None:
            load.stop.wait(min(2, max(0, end - time.monotonic())))
            states = ", ".join(f"{n} {state}" for state, n in sorted(load.take().items()))
            print(f"{time.strftime('%H:%M:%S')} generation {lab.ack().get('generation', '?')}: {states or 'no answers'}", flush=True)
        load.stop.set()
    except KeyboardInterrupt:
        print()
    except Failed as e:
        sys.exit(f"make gateway: {e}")
    finally:
        lab.stop_all()


main()
