"""The LiteLLM gateway: the switch, streams in flight, and the rules for readers of the policy."""

import json
import os
import subprocess
import threading
import time

from litellm_lab import CRITICAL, KILL, PROMPT, TOLLWATCH, Client, check, key, refused_as, until


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
