"""The HAProxy gateway, end to end: the real HAProxy with two threads in front of a made-up provider on loopback.

Prints "ok WHAT" or "not ok WHAT" a line; exits 1 if one is not ok.
"""

import http.client
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True

from upstream import Upstream  # noqa: E402

GATEWAYS = pathlib.Path(__file__).resolve().parent.parent.parent / "collectors/gateways"
PROMPT = [{"role": "user", "content": "x"}]
KILL = {"enabled": True, "scope": "non_critical", "reason": "INC-1"}
CRITICAL = {"features": ["checkout"]}
KEYS = "sk-search search/web/alice/k1/acme\nsk-checkout checkout/shop/bob/k2/\n"
failed = []


def check(what, fine, detail=""):
    failed.extend([] if fine else [what])
    print("ok" if fine else "not ok", what, "" if fine else f"# {detail}"[:500], flush=True)


def until(condition, seconds, what):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.01)


class Lab:
    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="tollwatch-haproxy-")
        self.path = pathlib.Path(self.folder.name)
        self.socket, self.generation = self.path / "llm.sock", 0
        self.policy, self.ack_path, self.log = self.path / "policy/policy.json", self.path / "policy/acks/lab.json", self.path / "haproxy.log"
        self.ack_path.parent.mkdir(parents=True)
        (self.path / "state").mkdir()
        (self.path / "keys.map").write_text(KEYS)
        self.upstream = Upstream()
        self.process = None

    def start(self):
        text = (GATEWAYS / "haproxy/haproxy.cfg").read_text()  # as it is, but for where the providers are
        config = self.path / "haproxy.cfg"
        config.write_text(re.sub(r"(server \w+) \S+:443 ssl .*", rf"\1 {self.upstream.url[7:]}", text))
        env = dict(os.environ, TOLLWATCH_GATEWAYS=str(GATEWAYS), TOLLWATCH_LISTEN=f"unix@{self.socket}", TOLLWATCH_KEYS=str(self.path / "keys.map"),
                   LLM_POLICY_FILE=str(self.policy), TOLLWATCH_GATEWAY_ID="lab", TOLLWATCH_STATE_DIR=str(self.path / "state"))
        with open(self.log, "ab") as out:
            self.process = subprocess.Popen([HAPROXY, "-db", "-f", str(config)], env=env, stdout=out, stderr=out)
        until(self.answers, 20, "HAProxy answers")

    def answers(self):
        if self.process.poll() is not None:
            raise AssertionError("HAProxy ended: " + self.log.read_text()[-2000:])
        try:
            return Client(self, "none").chat()[0] in (200, 503)
        except OSError:
            return False

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(20)
            self.process = None

    def close(self):
        self.stop()
        self.upstream.release.set()
        self.upstream.shutdown()
        self.folder.cleanup()

    def write(self, text):
        new = self.policy.with_suffix(".new")
        new.write_text(text)
        new.rename(self.policy)

    def apply(self, **sections):
        """Writes a policy; the time by which that is acknowledged is bounded."""
        self.generation += 1
        self.write(json.dumps({"schema_version": 1, "generation": self.generation, "kill_switch": {"enabled": False}, **sections}))
        until(lambda: self.ack().get("generation") == self.generation, 5, f"generation {self.generation} is acknowledged")

    def ack(self):
        try:
            return json.loads(self.ack_path.read_text())
        except FileNotFoundError:
            return {}

    def refusals(self):
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=20)
        self.path = path

    def connect(self):
        import socket
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(self.path))


class Client:
    """One keep-alive connection."""

    def __init__(self, lab, key):
        self.connection, self.key = UnixConnection(lab.socket), key

    def post(self, path, body, **headers):
        headers = {"authorization": "Bearer " + self.key, "content-type": "application/json", **headers}
        self.connection.request("POST", path, json.dumps(body), headers)
        response = self.connection.getresponse()
        data = response.read().decode()
        kind = response.getheader("content-type", "")
        return response.status, json.loads(data) if kind.startswith("application/json") else data, response

    def chat(self, model="gpt-4o", **more):
        return self.post("/v1/chat/completions", {"model": model, "messages": PROMPT, **more})

    def messages(self, model="claude-sonnet-4-5", **more):
        return self.post("/v1/messages", {"model": model, "max_tokens": 9, "messages": PROMPT, **more})


def test_switch(lab):
    search, checkout = Client(lab, "sk-search"), Client(lab, "sk-checkout")
    lab.apply(critical=CRITICAL)
    gemini = search.post("/v1beta/models/gemini-2.5-pro:generateContent", {"contents": []})[1]
    check("off: calls pass, as JSON and as a stream", gemini["usageMetadata"]["totalTokenCount"] == 150 and search.chat()[1]["usage"]["prompt_tokens"] == 1000 and "[DONE]" in search.chat(stream=True)[1]
          and search.messages()[1]["usage"]["output_tokens"] == 20)
    lab.apply(kill_switch=KILL, critical=CRITICAL)
    status, body, response = search.chat()
    check("non-critical stopped: OpenAI's shape", status == 503 and body["error"]["code"] == "kill_switch_engaged" and "INC-1" in body["error"]["message"]
          and response.getheader("x-should-retry") == "false" and response.getheader("x-llm-policy-generation") == str(lab.generation), [status, body])
    status, body, response = search.messages()
    check("non-critical stopped: Anthropic's shape", status == 503 and body["type"] == "error" and body["error"]["type"] == "api_error", body)
    status, body, response = search.post("/v1beta/models/gemini-2.5-pro:generateContent", {"contents": []})
    check("non-critical stopped: Gemini's shape", status == 503 and body["error"]["status"] == "UNAVAILABLE", body)
    check("a critical feature passes", checkout.chat()[0] == 200)
    check("a key that is in no map is not critical", Client(lab, "sk-other").chat()[0] == 503)
    check("a header of the client's own is not believed", search.post("/v1/chat/completions", {"model": "gpt-4o"}, **{"x-llm-feature": "checkout"})[0] == 503)
    check("a critical key beside the one that the provider looks at is no way in", search.post("/v1/chat/completions", {"model": "gpt-4o"}, **{"x-api-key": "sk-checkout"})[0] == 503
          and search.post("/v1/messages", {"model": "c"}, **{"x-api-key": "sk-search", "authorization": "Bearer sk-checkout"})[0] == 503
          and search.post("/v1beta/models/g:generateContent?key=sk-checkout", {}, **{"x-goog-api-key": "sk-search"})[0] == 400)
    check("each provider's own way to show a key", search.post("/v1/messages", {"model": "c"}, **{"x-api-key": "sk-checkout"})[0] == 200
          and search.post("/v1beta/models/g:generateContent?key=sk-checkout", {})[0] == 200
          and search.post("/v1beta/models/g:generateContent", {}, **{"x-goog-api-key": "sk-checkout"})[0] == 200)
    check("a call that is not about money passes", search.post("/v1/messages/count_tokens", {"model": "claude"})[0] == 200)
    lab.apply(kill_switch=dict(KILL, scope="all"), critical=CRITICAL)
    check("all stopped: a critical feature too", checkout.chat()[0] == 503)
    end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2))
    lab.apply(kill_switch=dict(KILL, expires_at=end), critical=CRITICAL)
    check("before its end a stop is on", search.chat()[0] == 503)
    until(lambda: search.chat()[0] == 200, 5, "the stop ends by itself")
    check("after it off, without a writer", True)


def test_models(lab):
    search, checkout = Client(lab, "sk-search"), Client(lab, "sk-checkout")
    own = {"feature": "search", "team": "web", "user": "alice", "key": "k1", "account": "acme", "provider": "openai", "model": "gpt-4o"}
    for scope, value in [("global", None), *own.items()]:
        lab.apply(budgets=[{"id": "b", "scope": {"type": scope, "value": value}, "state": "exhausted", "resets_at": "2100-01-01T00:00:00Z"}])
        status, body, _ = search.chat()
        other = checkout.messages()[0]
        check(f"budget of scope {scope}: refused for its own calls, others pass", status == 429 and body["error"]["code"] == "budget_exceeded"
              and other == (429 if scope == "global" else 200), [status, body, other])
    lab.apply(limits=[{"id": "l", "match": {"model": "gpt-4o*"}, "max_output_tokens": 100, "on_exceed": "reject"}])
    check("a limit that rejects, by model", search.chat(max_tokens=101)[0] == 400 and search.chat(max_tokens=100)[0] == 200
          and search.messages(max_tokens=500)[0] == 200)
    lab.apply(budgets=[{"id": "b", "scope": {"type": "model", "value": "gpt-4o"}, "state": "exhausted"}])
    long = [{"role": "user", "content": "y" * 200000}]
    check("a prompt longer than HAProxy's buffer is judged by its model too", search.post("/v1/chat/completions", {"model": "gpt-4o", "messages": long})[0] == 429)
    check("and passes where nothing is against it", search.post("/v1/chat/completions", {"model": "gpt-4o-mini", "messages": long, "tools": []})[0] == 200
          and lab.upstream.requests[-1][1]["tools"] == [] and len(lab.upstream.requests[-1][1]["messages"][0]["content"]) == 200000)


def test_flip(lab):
    lab.apply()
    ending, calls, lock = threading.Event(), [], threading.Lock()

    def hammer():
        client = Client(lab, "sk-search")
        while not ending.is_set():
            sent = time.monotonic()
            status = client.chat()[0]
            with lock:
                calls.append((sent, time.monotonic(), status))

    threads = [threading.Thread(target=hammer, daemon=True) for _ in range(8)]
    for t in threads:
        t.start()
    delays = []
    for _ in range(6):
        until(lambda: all(s == 200 for _, _, s in calls[-24:]) and calls, 10, "all pass")
        flipped = time.monotonic()
        lab.apply(kill_switch=KILL)
        until(lambda: all(s == 503 for _, _, s in calls[-24:]), 10, "all are refused")
        released = time.monotonic()
        lab.apply()
        until(lambda: all(s == 200 for _, _, s in calls[-24:]), 10, "all pass again")
        delays.append(max([0] + [sent - flipped for sent, got, s in calls if s == 200 and flipped < sent and got < released]))
    ending.set()
    for t in threads:
        t.join(20)
    check(f"last admitted call after a flip: median {sorted(delays)[3] * 1000:.0f} ms, worst {max(delays) * 1000:.0f} ms of 6, at most 1 s "
          f"(8 clients, {len(calls)} calls)", max(delays) <= 1.0, delays)
    check("nothing but 200 and 503", {s for _, _, s in calls} == {200, 503})


def test_readers_rules(lab):
    search = Client(lab, "sk-search")
    lab.apply(kill_switch=KILL)
    ack = lab.ack()
    check("acknowledged", ack["gateway"] == "lab" and ack["workers"] == 1 and ack["applied_at"].endswith("Z") and ack["host"], ack)
    line = [d for d in (search.chat(), lab.refusals())[1]][-1]
    check("a refusal has its line", (line["refused"], line["status"], line["feature"], line["key"], line["model_requested"], line["usage"]) ==
          ("kill_switch_engaged", 503, "search", "k1", "gpt-4o", None) and line["policy_generation"] == lab.generation, line)
    lab.write('{"schema_version":1,"gener')
    end = time.monotonic() + 0.6
    until(lambda: time.monotonic() > end, 2, "two polls")
    check("a cut file: the last good policy stays", search.chat()[0] == 503)
    lab.policy.unlink()
    lab.stop()
    lab.start()
    search = Client(lab, "sk-search")
    check("after a restart without the file: the last good policy", search.chat()[0] == 503)
    lab.generation = 0
    lab.apply()
    check("a lower generation is obeyed", search.chat()[0] == 200)
    log = lab.path / "refusals.jsonl"
    log.write_text("".join(json.dumps(d) + "\n" for d in lab.refusals()))
    tollwatch = [os.environ.get("TOLLWATCH", "build/tollwatch"), "--db", str(lab.path / "ledger.db")]
    env = {"HOME": str(lab.path), "PATH": os.environ["PATH"]}
    subprocess.run([*tollwatch, "import", "--format", "gateway", str(log)], env=env, capture_output=True, timeout=60)
    report = subprocess.run([*tollwatch, "report", "--since", "2020-01-01", "--format", "json"], env=env, capture_output=True, timeout=60, text=True)
    total = json.loads(report.stdout or '{"total": {}}')["total"]
    check("tollwatch counts the refusals and no money", total.get("refused_requests") == len(lab.refusals()) > 100 and total["cost_usd"] == "0.000000000",
          [report.stdout, report.stderr])


HAPROXY = "/usr/sbin/haproxy"


def main():
    lab = Lab()
    try:
        lab.write('{"schema_version":1,"generation":0,"kill_switch":{"enabled":false}}')
        lab.start()
        for test in (test_switch, test_models, test_flip, test_readers_rules):
            try:
                test(lab)
            except Exception as e:  # a test that breaks off has failed; the others go on
                check(test.__name__, False, repr(e))
    finally:
        if failed:
            print("\n".join("# " + line for line in lab.log.read_text().splitlines() if not line.startswith("{"))[-3000:])
        lab.close()
    return 1 if failed else 0


sys.exit(main())
