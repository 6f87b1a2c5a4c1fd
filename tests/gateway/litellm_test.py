"""The LiteLLM gateway against the real LiteLLM proxy: two workers, its mock answers, and a made-up provider on loopback.

    litellm_test.py [WORD...]    only the tests with one of the words in their names

Prints "ok WHAT" or "not ok WHAT" a line and closes with "N passed, N failed".
"""

import json
import os
import subprocess
import sys
import threading
import time

from litellm_lab import MODELS, OFF, Client, Lab, key, until

PROMPT = [{"role": "user", "content": "x"}]
KILL = {"enabled": True, "scope": "non_critical", "inflight": "drain", "reason": "INC-1", "expires_at": None, "retry_after_seconds": 60}
CRITICAL = {"features": ["checkout"]}
TOLLWATCH = os.path.abspath(os.environ.get("TOLLWATCH", "build/tollwatch"))
results = []


def check(what, fine, detail=""):
    results.append(bool(fine))
    print("ok" if fine else "not ok", what, "" if fine else f"# {detail}"[:600], flush=True)


def refused_as(answer, status, code):
    got, body, headers = answer
    return got == status and body["error"]["code"] == code and headers.get("x-should-retry") == "false"


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


# ---- the switch ----
class Hammer(threading.Thread):
    """One keep-alive client that calls without a pause and remembers when it sent what was answered how."""

    def __init__(self, lab, number, ending):
        super().__init__(daemon=True)
        self.client, self.number, self.ending, self.calls, self.error = Client(lab, key("batch", name=f"k{number}")), number, ending, [], None

    def run(self):
        while not self.ending.is_set():
            sent = time.monotonic()
            try:
                status = self.client.chat("mock")[0] if self.number % 2 else self.client.messages("mock")[0]
            except Exception as e:  # reported by the test as a failure of its own
                self.error = e
                return
            self.calls.append((sent, time.monotonic(), status))

    def last(self, status, after):
        return any(s == status and sent > after for sent, _, s in self.calls[-3:])


def test_flip_is_obeyed_within_a_second(lab):
    lab.apply(critical=CRITICAL)
    ending = threading.Event()
    hammers = [Hammer(lab, n, ending) for n in range(8)]
    for h in hammers:
        h.start()
    begun, delays, windows = time.monotonic(), [], []
    all_say = lambda status, after: until(lambda: all(h.error or h.last(status, after) for h in hammers), 20, f"all clients get {status}")
    for _ in range(6):
        all_say(200, time.monotonic())
        lab.apply_nowait(kill_switch=KILL, critical=CRITICAL)
        flipped = time.monotonic()
        all_say(503, flipped)
        released = time.monotonic()
        lab.apply_nowait(critical=CRITICAL)
        all_say(200, time.monotonic())
        windows.append((flipped, time.monotonic()))
        delays.append(max([0] + [sent - flipped for h in hammers for sent, got, s in h.calls if s == 200 and flipped < sent and got < released]))
    ending.set()
    for h in hammers:
        h.join(20)
    calls = [(sent, status) for h in hammers for sent, _, status in h.calls]
    stray = [status for sent, status in calls if status != 200 and not any(a - 1 < sent < b for a, b in windows)]
    check(f"last admitted call after a flip: p50 {percentile(delays, .5) * 1000:.0f} ms, p99 {percentile(delays, .99) * 1000:.0f} ms, at most 1 s "
          f"(2 workers, 8 clients, {len(calls)} calls, {len(calls) / (time.monotonic() - begun):.0f}/s)", max(delays) <= 1.0, delays)
    check("no call refused while off, no connection lost", not stray and not any(h.error for h in hammers), [stray[:5], [h.error for h in hammers]])
    check("every call has its line, and no two share an id", until(lambda: len({d["request_id"] for d in lab.lines() if d["feature"] == "batch"}) >= len(calls), 20,
          "a line for each call") and len([d for d in lab.lines() if d["feature"] == "batch"]) == len(calls), len(calls))


def test_kill_scopes(lab):
    search, checkout = Client(lab, key("search")), Client(lab, key("checkout"))
    lab.apply(kill_switch=KILL, critical=CRITICAL)
    answer = search.chat()
    check("non-critical stopped: refused in OpenAI's shape", refused_as(answer, 503, "kill_switch_engaged") and
          answer[1]["error"]["type"] == "service_unavailable" and "INC-1" in answer[1]["error"]["message"], answer)
    check("the refusal names its generation and when to come again", answer[2].get("x-llm-policy-generation") == str(lab.generation)
          and answer[2].get("retry-after") == "60", answer[2])
    check("a critical feature passes", checkout.chat("mock")[0] == 200)
    check("a call without a label is refused", Client(lab, key()).chat("mock")[0] == 503)
    lying = search.post("/v1/chat/completions", {"model": "mock", "messages": PROMPT, "metadata": {"feature": "checkout"}}, **{"x-tollwatch-feature": "checkout"})
    check("a client's own label is not believed", lying[0] == 503, lying)
    answer = search.messages()
    check("refused in Anthropic's shape", answer[0] == 503 and answer[1]["type"] == "error" and answer[1]["error"]["type"] == "api_error"
          and answer[2].get("x-should-retry") == "false", answer)
    answer = search.post("/v1beta/models/gemini-2.5-pro:generateContent", {"contents": [{"role": "user", "parts": [{"text": "x"}]}]})
    check("refused in Gemini's shape", answer[0] == 503 and answer[1]["error"]["status"] == "UNAVAILABLE" and answer[2].get("x-should-retry") == "false", answer)
    seen = len(lab.upstream.requests)
    for path, body in {"/v1/responses": {"input": "x"}, "/v1/embeddings": {"input": "x"}, "/v1/completions": {"prompt": "x"},
                       "/v1/audio/speech": {"input": "x", "voice": "alloy"}, "/anthropic/v1/messages": {"messages": PROMPT, "max_tokens": 9},
                       "/openai/v1/chat/completions": {"messages": PROMPT}}.items():
        answer = search.post(path, dict(body, model="gpt-4o"))
        check(f"refused on {path}", refused_as(answer, 503, "kill_switch_engaged"), answer)
    for path, body in {"/v1/images/generations": {"prompt": "x"}, "/v1/rerank": {"query": "x", "documents": ["a"]}}.items():
        check(f"refused on {path}, where LiteLLM writes its own headers", search.post(path, dict(body, model="gpt-4o"))[0] == 503)
    check("nothing of it reached the provider", len(lab.upstream.requests) == seen, lab.upstream.requests[seen:])
    line = lab.line(feature="search", endpoint="/v1/messages", status=503)
    check("a refusal has its line: code, generation, no usage", line["refused"] == "kill_switch_engaged" and line["usage"] is None
          and line["policy_generation"] == lab.generation, line)
    lab.apply(kill_switch=dict(KILL, scope="all"), critical=CRITICAL)
    check("all stopped: a critical feature is refused too", checkout.chat("mock")[0] == 503)
    lab.apply(kill_switch=dict(KILL, expires_at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2))), critical=CRITICAL)
    check("a stop with an end is on before it", search.chat("mock")[0] == 503)
    until(lambda: search.chat("mock")[0] == 200, 5, "the stop ends by the gateway's clock")
    check("and off after it, without a writer", True)


def test_the_real_switch(lab):
    c = Client(lab, key("search"))
    lab.apply()
    run = lambda *a: subprocess.run([TOLLWATCH, "--policy", str(lab.policy), *a], capture_output=True, text=True, timeout=60,
                                    env={"HOME": str(lab.path), "PATH": os.environ["PATH"], "TOLLWATCH_USER": "tester"})
    done = run("kill", "--scope", "all", "--reason", "INC-2", "--for", "5m", "--wait", "5")
    answer = c.chat("mock")
    check("tollwatch kill --wait: all obeyed, calls are refused with its reason", done.returncode == 0 and answer[0] == 503 and "INC-2" in answer[1]["error"]["message"],
          [done, answer])
    told = json.loads(run("check", "--feature", "search").stdout)
    check("tollwatch check says the same", (told["decision"], told["code"]) == ("refuse", "kill_switch_engaged"), told)
    done = run("resume", "--reason", "over")
    lab.generation = json.loads(lab.policy.read_text())["generation"]
    lab.obeyed()
    check("tollwatch resume: calls pass", done.returncode == 0 and c.chat("mock")[0] == 200, done)


# ---- budgets, limits, routes ----
def test_budgets(lab):
    own = {"feature": "search", "team": "web", "user": "alice", "key": "k1", "account": "acme", "provider": "openai", "model": "gpt-4o"}
    mine, others = Client(lab, key("search", "web", "alice", "k1", "acme")), Client(lab, key("chat", "ops", "bob", "k2", "other"))
    for scope, value in [("global", None), *own.items()]:
        lab.apply(budgets=[{"id": "b", "scope": {"type": scope, "value": value}, "enforcement": "hard", "action": "block",
                            "state": "exhausted", "resets_at": "2100-01-01T00:00:00Z"}])
        answer = mine.chat("gpt-4o")
        other = others.messages()[0]
        check(f"budget of scope {scope}: 429 for its own calls, others pass", refused_as(answer, 429, "budget_exceeded") and
              answer[1]["error"]["type"] == "insufficient_quota" and other == (429 if scope == "global" else 200), [answer, other])
    exhausted = {"id": "b", "scope": {"type": "global"}, "state": "exhausted", "resets_at": "2020-01-01T00:00:00Z"}
    lab.apply(budgets=[exhausted, dict(exhausted, enforcement="soft", resets_at=None), dict(exhausted, action="alert", resets_at=None)])
    check("a budget whose period is over, a soft one, one that only alerts: calls pass", mine.chat("mock")[0] == 200)


def last_body(lab, path):
    return [body for p, body in lab.upstream.requests if p.endswith(path)][-1]


def test_limits(lab):
    c = Client(lab, key("batch"))
    lab.apply(limits=[{"id": "l", "match": {"feature": "batch", "model": ["gpt-4o", "claude-*", "gemini-*"]}, "max_output_tokens": 50, "on_exceed": "clamp"}])
    c.chat(max_tokens=4000)
    check("clamped: chat", last_body(lab, "/chat/completions")["max_tokens"] == 50)
    c.chat(max_completion_tokens=4000)
    body = last_body(lab, "/chat/completions")
    check("clamped: max_completion_tokens where the client uses it", body["max_completion_tokens"] == 50 and "max_tokens" not in body, body)
    c.chat()
    check("a call that says nothing gets the limit", last_body(lab, "/chat/completions")["max_tokens"] == 50)
    c.chat(max_tokens=7)
    check("less is left alone", last_body(lab, "/chat/completions")["max_tokens"] == 7)
    c.messages(max_tokens=4000)
    check("clamped: Anthropic's messages", last_body(lab, "/messages")["max_tokens"] == 50)
    c.post("/v1/responses", {"model": "gpt-4o", "input": "x", "max_output_tokens": 4000})
    check("clamped: Responses", last_body(lab, "/responses")["max_output_tokens"] == 50)
    c.post("/v1beta/models/gemini-2.5-pro:generateContent", {"contents": [{"role": "user", "parts": [{"text": "x"}]}]})
    check("clamped: Gemini", last_body(lab, ":generateContent")["generationConfig"]["maxOutputTokens"] == 50, lab.upstream.requests[-1])
    lab.apply(limits=[{"id": "l", "match": {}, "max_output_tokens": 50, "on_exceed": "reject"}])
    check("rejected: chat", refused_as(c.chat(max_tokens=51), 400, "max_tokens_exceeded"))
    answer = c.messages(max_tokens=51)
    check("rejected: Anthropic's messages", answer[0] == 400 and answer[1]["error"]["type"] == "invalid_request_error", answer)
    check("exactly the limit passes", c.messages(max_tokens=50)[0] == 200)
    lab.apply(limits=[{"id": "t", "match": {}, "timeout_ms": 300}])
    begun = time.monotonic()
    status, took = c.chat("gpt-4o-stall")[0], time.monotonic() - begun
    check("timeout_ms: a provider that does not answer is given up", status in (408, 504) and took < 5, [status, took])


def counted(lab, call):
    """How many of 12 calls passed, all in one minute; begins again if a minute ended on the way."""
    while True:
        minute = int(time.time() // 60)
        passed = [call(n) for n in range(12)]
        if int(time.time() // 60) == minute:
            return passed


def test_rates(lab):
    clients = [Client(lab, key("chat")) for _ in range(4)]
    lab.apply(rate_limits=[{"id": f"r{lab.generation}", "match": {"feature": "chat"}, "requests_per_minute": 5, "per": "gateway"}])
    answers = counted(lab, lambda n: clients[n % 4].chat("mock"))
    check("requests per minute: exactly 5 of 12 over both workers", [a[0] for a in answers].count(200) == 5 and refused_as(answers[-1], 429, "rate_limit_exceeded")
          and 1 <= int(answers[-1][2]["retry-after"]) <= 60, [a[0] for a in answers])
    check("others are not counted", Client(lab, key("search")).chat("mock")[0] == 200)
    lab.apply(rate_limits=[{"id": f"t{lab.generation}", "match": {"feature": "chat"}, "tokens_per_minute": 2000, "per": "gateway"}])
    passed = 0
    while clients[0].chat()[0] == 200 and passed < 12:
        passed += 1
        until(lambda: len([d for d in lab.lines() if d["policy_generation"] == lab.generation and d["status"] == 200]) >= passed, 10, "the tokens are counted")
    check("tokens per minute: after 1100 and 1100 tokens 2000 are over", passed in (2, 3), passed)  # 3: a minute ended on the way


def test_routing(lab):
    c = Client(lab, key("summaries"))
    rules = [{"id": "cheap", "match": {"feature": "summaries", "model": "gpt-4o"}, "set_tier": "economy"},
             {"id": "claude", "match": {"model": "claude-*", "percent": 100}, "set_model": "gpt-4o-mini"}]
    lab.apply(routing={"tiers": {"economy": "gpt-4o-mini"}, "rules": rules})
    for stream in (False, True):
        seen = len(lab.upstream.requests)
        check(f"routed to the tier's model, stream {stream}", c.chat(stream=stream)[0] == 200 and lab.upstream.requests[seen][1]["model"] == "gpt-4o-mini")
        line = lab.line(feature="summaries", endpoint="/v1/chat/completions", stream=stream)
        check("the line has what was asked for and what was called", (line["model_requested"], line["model"]) == ("gpt-4o", "gpt-4o-mini"), line)
    lab.apply(routing={"tiers": {}, "rules": [dict(rules[1], match={"model": "claude-*", "percent": 0})]})
    c.messages()
    check("percent 0 routes nobody", last_body(lab, "/messages")["model"] == "claude-sonnet-4-5")
    lab.apply(routing={"tiers": {"economy": "gpt-9-unheard-of"}, "rules": [rules[0]]})
    check("a model that the proxy does not have is no route", c.chat()[0] == 200)


# ---- streams ----
def stream_until_cut(lab, path, body, during):
    """Reads a stream that would not end by itself; (bytes after `during` ran, seconds until it ended)."""
    response = Client(lab, key("agent")).send(path, body)
    response.read1(1)
    during()
    begun, size = time.monotonic(), 0
    while time.monotonic() - begun < 10:
        try:
            data = response.read1(65536)
        except Exception:  # cut in the middle of a chunk
            data = b""
        if not data:
            break
        size += len(data)
    return size, time.monotonic() - begun


def test_streams_in_flight(lab):
    for path, body in (("/v1/chat/completions", {"model": "gpt-4o-slow", "messages": PROMPT, "stream": True}),
                       ("/v1/messages", {"model": "claude-slow", "max_tokens": 64, "messages": PROMPT, "stream": True})):
        lab.apply()
        size, took = stream_until_cut(lab, path, body, lambda: lab.apply_nowait(kill_switch=dict(KILL, inflight="abort")))
        check(f"abort: a stream on {path} is cut within a second", took < 1.0, took)
        line = lab.line(endpoint=path, status=499)
        check("its line: not whole, what it used is not known", line["usage_state"] == "missing" and line["refused"] is None, line)
        lab.apply()

        def stop_and_release():
            lab.apply(kill_switch=KILL)
            lab.upstream.release.set()
        size, took = stream_until_cut(lab, path, body, stop_and_release)
        lab.upstream.release.clear()
        line = lab.line(endpoint=path, status=200, stream=True, model_requested=body["model"])
        check(f"drain: a stream on {path} goes on to its end", size > 0 and line["usage_state"] == "full", [size, line])
    lab.apply()
    c = Client(lab, key("leaver"))
    c.send("/v1/chat/completions", {"model": "gpt-4o-slow", "messages": PROMPT, "stream": True}).read1(1)
    c.connection.sock.close()
    c.connection.close()
    line = lab.line(feature="leaver")
    check("a client that goes away has its line", line["stream"] is True and line["status"] in (200, 499), line)


# ---- the log ----
COSTS_NANO = {"gpt-4o": 2750000, "gpt-4o-mini": 13500, "claude-sonnet-4-5": 831000, "gemini-2.5-pro": 625000, "responses": 1000000}


def test_log_is_exact(lab):
    lab.apply()
    c = Client(lab, key("priced", "web", "alice", "k1"))
    for stream in (False, True):
        c.chat("gpt-4o", stream=stream)
        c.messages("claude-sonnet-4-5", stream=stream)
        c.chat("claude-sonnet-4-5", stream=stream)
    c.chat("mock")
    c.post("/v1/responses", {"model": "gpt-4o", "input": "x"})
    c.post("/v1beta/models/gemini-2.5-pro:generateContent", {"contents": [{"role": "user", "parts": [{"text": "x"}]}]})
    c.post("/anthropic/v1/messages", {"model": "claude-sonnet-4-5", "max_tokens": 9, "messages": PROMPT})
    c.post("/openai/v1/chat/completions", {"model": "gpt-4o", "messages": PROMPT})
    mine = until(lambda: [d for d in lab.lines() if d["feature"] == "priced"][10:] and [d for d in lab.lines() if d["feature"] == "priced"], 10, "11 lines")
    check("a line a call", len(mine) == 11, len(mine))
    check("labels from the key", all((d["team"], d["user"], d["key"], d["gateway"]) == ("web", "alice", "k1", "lab") for d in mine))
    chat = [d for d in mine if d["endpoint"] == "/v1/chat/completions" and d["model"] == "gpt-4o"]
    check("the provider's own usage, its id, times", [d["usage"]["prompt_tokens_details"]["cached_tokens"] for d in chat] == [600, 600]
          and all(d["upstream_id"].startswith("chatcmpl-") and d["latency_ms"] >= 0 for d in chat) and chat[1]["ttft_ms"] is not None, chat)
    check("equal prompts have equal hashes, and they are not the prompt's", len({d["prompt_hash"] for d in chat}) == 1 and len(chat[0]["prompt_hash"]) == 16, chat)
    log = lab.path / "priced.jsonl"
    log.write_text("".join(json.dumps(d) + "\n" for d in mine))
    run = lambda *a: subprocess.run([TOLLWATCH, "--db", str(lab.path / "ledger.db"), *a], capture_output=True, text=True, timeout=60,
                                    env={"HOME": str(lab.path), "PATH": os.environ["PATH"]})
    run("import", "--format", "gateway", str(log))
    report = run("report", "--since", "2020-01-01", "--by", "model", "--format", "json")
    rows = json.loads(report.stdout or '{"total": {}}')
    cost = 3 * COSTS_NANO["gpt-4o"] + 5 * COSTS_NANO["claude-sonnet-4-5"] + sum(COSTS_NANO[m] for m in ("gpt-4o-mini", "gemini-2.5-pro", "responses"))
    check("tollwatch import reads them, to the nano-dollar", rows["total"].get("cost_usd") == f"0.{cost:09d}" and rows["total"]["requests"] == 11
          and rows["total"]["unpriced_requests"] == 0, [report.stdout, report.stderr, cost])


# ---- the SDKs people use ----
def test_sdks(lab):
    import anthropic
    import openai

    base = f"http://127.0.0.1:{lab.port}"
    talk = openai.OpenAI(base_url=base + "/v1", api_key=key("sdk"), max_retries=2)
    ask = anthropic.Anthropic(base_url=base, api_key=key("sdk"), max_retries=2)
    lab.apply()
    check("openai: passes while off", talk.chat.completions.create(model="gpt-4o", messages=PROMPT).usage.prompt_tokens == 1000)
    parts = list(talk.chat.completions.create(model="gpt-4o", messages=PROMPT, stream=True))
    check("openai: a stream that did not ask for usage has none", parts and all(p.choices for p in parts))
    check("anthropic: passes while off", ask.messages.create(model="claude-sonnet-4-5", max_tokens=9, messages=PROMPT).usage.output_tokens == 20)
    with ask.messages.stream(model="claude-sonnet-4-5", max_tokens=9, messages=PROMPT) as stream:
        check("anthropic: streams while off", stream.get_final_text() == "hello")
    lab.apply(kill_switch=KILL)
    for name, call, error in (
            ("openai", lambda: talk.chat.completions.create(model="gpt-4o", messages=PROMPT), openai.APIStatusError),
            ("anthropic", lambda: ask.messages.create(model="claude-sonnet-4-5", max_tokens=9, messages=PROMPT), anthropic.APIStatusError)):
        before = len([d for d in lab.lines() if d["feature"] == "sdk" and d["refused"]])
        try:
            call()
            raised = None
        except error as e:
            raised = e
        tries = len([d for d in lab.lines() if d["feature"] == "sdk" and d["refused"]]) - before
        check(f"{name}: one try, its own error", raised is not None and raised.status_code == 503 and tries == 1, [raised, tries])


# ---- the rules for readers ----
def test_readers_rules(lab):
    c = Client(lab, key("search"))
    ack = lab.ack()
    check("acknowledged by both workers", ack["workers"] == 2 and ack["gateway"] == "lab" and ack["applied_at"].endswith("Z"), ack)
    took = lab.apply(kill_switch=KILL)
    check("a change is acknowledged within a second", took < 1.0, took)
    seen = lab.ack()["seen_at"]
    lab.write('{"schema_version":1,"generation":99,"kill_switch":{"enab')
    check("a cut file: the last good policy stays", poll(lab) and c.chat("mock")[0] == 503)
    lab.write('{"schema_version":2,"generation":100}')
    check("a newer schema: the last good policy stays", poll(lab) and c.chat("mock")[0] == 503)
    lab.policy.unlink()
    check("a missing file: the last good policy stays", poll(lab) and c.chat("mock")[0] == 503)
    until(lambda: lab.ack()["seen_at"] > seen, 15, "the acknowledgement is repeated every 10 s")
    check("the acknowledgement is repeated without a change", lab.ack()["generation"] == lab.generation)
    lab.stop()
    check("a worker that ends leaves the acknowledgement", lab.ack()["generation"] == lab.generation)
    lab.start()
    check("after a restart without the file: the copy of the last good policy", c_new(lab).chat("mock")[0] == 503)
    lab.generation = 0
    lab.apply()
    check("a lower generation is obeyed", c_new(lab).chat("mock")[0] == 200)


def c_new(lab):
    return Client(lab, key("search"))


def poll(lab):
    """Both workers have looked at the file again: their polls change nothing, so only their threads' time can be waited for."""
    end = time.monotonic() + 0.6
    return until(lambda: time.monotonic() > end, 2, "two polls")


def main():
    words = sys.argv[1:]
    lab = Lab()
    assert OFF and MODELS
    try:
        lab.apply_nowait()
        lab.start()
        for name, test in list(globals().items()):
            if name.startswith("test_") and (not words or any(w in name for w in words)):
                try:
                    test(lab)
                except Exception as e:  # a test that breaks off has failed; the others go on
                    check(name, False, repr(e))
                    if lab.process is None or lab.process.poll() is not None:
                        raise
    except Exception as e:
        check("the proxy runs", False, f"{e!r}\n{lab.tail()}")
    finally:
        if not all(results):
            print(lab.tail())
        lab.close()
    print(f"{results.count(True)} passed, {results.count(False)} failed")
    return 0 if results and all(results) else 1


sys.exit(main())
