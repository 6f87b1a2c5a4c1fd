"""The flip itself, as 8 clients with kept connections meet it, and streams that are under way."""
import http.client
import json
import os
import threading
import time

from lab import Failed, Lab, note, policy, switch, until

CLIENTS, FLIPS = 8, 16


class Clients:
    """8 clients that call without pause; each answer with the time it began and ended."""

    def __init__(self, lab):
        self.lab, self.stop, self.answers, self.failures = lab, threading.Event(), [], []
        self.threads = [threading.Thread(target=self.work) for _ in range(CLIENTS)]
        for t in self.threads:
            t.start()

    def work(self):
        c, fresh = self.lab.connect(), True
        while not self.stop.is_set():
            began = time.time()
            try:
                status = self.lab.chat(connection=c).status
            except Exception as e:  # nginx closes kept connections when it reloads; a new one must work
                if fresh or not isinstance(e, (ConnectionError, http.client.HTTPException)):
                    self.failures.append(repr(e))
                    return
                c, fresh = self.lab.connect(), True
                continue
            fresh = False
            self.stop.wait(0.003)  # the machine has others to serve
            self.answers.append((began, time.time(), status))
        c.close()

    def end(self):
        self.stop.set()
        for t in self.threads:
            t.join(20)


def percentile(values, p):
    return sorted(values)[min(len(values) - 1, int(len(values) * p))]


def flip(lab, on):
    """`tollwatch kill` or `resume`. When the file was replaced, what the program said and how it ended."""
    done = lab.tollwatch("kill", "--reason", "INC-1", "--wait", "5") if on else lab.tollwatch("resume", "--reason", "fixed", "--wait", "5")
    if done.returncode != 0:
        raise Failed(f"tollwatch: {done.stdout}{done.stderr}")
    return os.stat(lab.policy_file).st_mtime, done.stdout


def flips(lab, r):
    """The program stops and resumes under load; it waits for the gateway, and the clients agree."""
    clients, log = Clients(lab), []
    try:
        for i in range(FLIPS):
            at, said = flip(lab, i % 2 == 0)
            log.append((at, time.time(), i % 2 == 0))
            settled = len(clients.answers)
            until("calls after the flip", lambda: len(clients.answers) > settled + 2 * CLIENTS)
    finally:
        clients.end()
    r.equal("no client failed", clients.failures, [])
    r.check("tollwatch saw the gateway obey", "obeyed by 1 of 1" in said, said)
    admitted, late = {True: [], False: []}, []
    for i, (at, obeyed, on) in enumerate(log):
        end = log[i + 1][0] if i + 1 < len(log) else float("inf")
        wrong = [began for began, _, status in clients.answers if at <= began < end and status == (200 if on else 503)]
        admitted[on].append(max(wrong, default=at) - at)
        late += [began - obeyed for began in wrong if on and began > obeyed]
    stops, opens = admitted[True], admitted[False]
    note(f"from the flip to the last call admitted, ms: p50 {percentile(stops, .5) * 1e3:.0f}, p99 {percentile(stops, .99) * 1e3:.0f} "
         f"of {len(stops)} stops; from resume to the last refused: {percentile(opens, .5) * 1e3:.0f}, {percentile(opens, .99) * 1e3:.0f}")
    r.check(f"after {len(stops)} stops no call is admitted later than 1 s ({len(clients.answers)} calls)", max(stops) <= 1.0, stops)
    r.equal("none is admitted once the program says that all obey", late, [])
    r.check("after each resume none is refused later than 1 s", max(opens) <= 1.0, opens)
    r.equal("every answer is one or the other", {s for _, _, s in clients.answers}, {200, 503})


def nothing_is_refused_while_off(lab, r):
    lab.obey(policy(80))
    clients = Clients(lab)
    try:
        for i in range(20):
            lab.obey(policy(81 + i, budgets=[{"id": "x", "scope": {"type": "global"}, "state": "ok", "limit_usd": "1.00"}]))
            if i in (5, 12):
                lab.reload()
    finally:
        clients.end()
    statuses = {s for _, _, s in clients.answers}
    r.check(f"no call is refused or lost while the switch is off, over 20 policies and 2 reloads ({len(clients.answers)} calls)",
            statuses == {200} and not clients.failures and len(clients.answers) > 100, (statuses, clients.failures))


class Stream(threading.Thread):
    """A stream that goes on for up to `chunks` x 20 ms, read as it comes."""

    def __init__(self, lab, tag, chunks, path="/v1/chat/completions", split=False, **body):
        super().__init__()
        self.lab, self.tag, self.chunks, self.path, self.split = lab, tag, chunks, path, split
        self.body = dict({"model": "gpt-4o-mini", "stream": True, "messages": []}, **body)
        self.lines, self.ended = [], None
        self.start()
        until("the first event", lambda: len(self.lines) > 2)

    def run(self):
        c = self.lab.connect()
        headers = {"Authorization": "Bearer sk-search", "x-mock-tag": self.tag, "x-mock-chunks": str(self.chunks), "x-mock-chunk-ms": "20"}
        c.request("POST", self.path, json.dumps(self.body), dict(headers, **({"x-mock-split": "1"} if self.split else {})))
        response = c.getresponse()
        try:
            for line in iter(response.readline, b""):
                self.lines.append(line.decode())
            self.ended = "whole"
        except Exception:
            self.ended = "cut"
        self.at = time.monotonic()
        c.close()


def drain_and_abort(lab, r):
    lab.obey(policy(110))
    drained = Stream(lab, "drain", 60)
    lab.obey(policy(111, kill_switch=switch("all", inflight="drain")))
    r.equal("drain: new calls are refused", lab.chat().status, 503)
    drained.join(20)
    r.check("drain: a stream under way comes to its end", drained.ended == "whole" and "data: [DONE]\n" in drained.lines, drained.lines[-3:])
    lab.obey(policy(112))
    lab.skip_lines()
    streams = [Stream(lab, "abort1", 500), Stream(lab, "abort2", 500, "/v1/messages", True, model="claude-sonnet-4-5", max_tokens=9)]
    lab.reload()
    until("the new workers", lambda: lab.errors().count("exiting") or lab.errors().count("gracefully shutting down") >= 1)
    at = time.monotonic()
    lab.write_policy(policy(113, kill_switch=switch("all", inflight="abort")))
    for s in streams:
        s.join(20)
    r.check("abort: streams that are left behind by a reload are cut within 1 s", max(s.at for s in streams) - at <= 1.0,
            [s.at - at for s in streams])
    text = ["".join(s.lines) for s in streams]
    r.check("abort: and say why, in the API's shape", '"code":"kill_switch_engaged"' in text[0] and "event: error" in text[1], [t[-300:] for t in text])
    data = [line[6:] for s in streams for line in s.lines if line.startswith("data: ")]
    r.check("abort: no event is torn, also where events come in pieces", [json.loads(d) for d in data], data[-3:])
    r.check("abort: the vendor stops", until("the vendor to see it", lambda: all(lab.seen(t)["closed"] == 1 for t in ("abort1", "abort2"))))
    lines = {x["provider"]: x for x in lab.new_lines(2)}
    r.equal("abort: incomplete, and what they cost is not 0", [(lines[p]["status"], lines[p]["usage_state"], lines[p]["refused"])
            for p in ("openai", "anthropic")], [(499, "missing", None), (499, "estimated", None)])
    lab.obey(policy(114))
    kept = Stream(lab, "reload", 60)
    lab.reload()
    kept.join(20)
    r.equal("a stream across a reload comes to its end", kept.ended, "whole")
    until("its line", lambda: any(x["usage_state"] == "full" and x["stream"] for x in lab.lines()[-3:]))


def run(r):
    lab = Lab()
    try:
        lab.write_policy(policy(1))
        lab.start()
        lab.wait_generation(1)
        for test in (flips, nothing_is_refused_while_off, drain_and_abort):
            lab.skip_lines()
            r.run(test.__name__, test, lab, r)
        r.check("no worker crashed", "exited on signal" not in lab.errors(), os.path.join(lab.run, "gateway-error.log"))
    finally:
        lab.stop()
