"""The LiteLLM gateway: budgets, limits, rates, routes; the log; the SDKs that people call with."""

import json
import os
import subprocess
import time

from litellm_lab import KILL, PROMPT, TOLLWATCH, Client, check, key, refused_as, until


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


def test_rates(lab):
    clients = [Client(lab, key("chat")) for _ in range(4)]
    minute = None
    while minute != int(time.time() // 60):  # begins again if a minute ended on the way
        minute = int(time.time() // 60)
        lab.apply(rate_limits=[{"id": f"r{lab.generation}", "match": {"feature": "chat"}, "requests_per_minute": 5, "per": "gateway"}])
        answers = [clients[n % 4].chat("mock") for n in range(12)]
    check("requests per minute: exactly 5 of 12 over both workers", [a[0] for a in answers].count(200) == 5 and refused_as(answers[-1], 429, "rate_limit_exceeded")
          and 1 <= int(answers[-1][2]["retry-after"]) <= 60, [a[0] for a in answers])
    check("others are not counted", Client(lab, key("search")).chat("mock")[0] == 200)
    lab.apply(rate_limits=[{"id": f"t{lab.generation}", "match": {"feature": "chat"}, "tokens_per_minute": 2000, "per": "gateway"}])
    passed = 0
    while clients[0].chat()[0] == 200 and passed < 12:
        passed += 1
        until(lambda: len([d for d in lab.lines() if d["policy_generation"] == lab.generation and d["status"] == 200]) >= passed, 10, "the tokens are counted")
    check("tokens per minute: after 1100 and 1100 tokens 2000 are over", passed in (2, 3), passed)  # 3: the window slid on the way


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
    for _ in range(2):
        c.chat("gpt-4o", cache={"use-cache": True}, seed=7)
    mine = until(lambda: [d for d in lab.lines() if d["feature"] == "priced"][12:] and [d for d in lab.lines() if d["feature"] == "priced"], 10, "13 lines")
    check("a line a call", len(mine) == 13, len(mine))
    check("what LiteLLM's cache answered is a hit", [d["cache"] for d in mine].count("hit") == 1 and mine[-1]["upstream_id"] == mine[-2]["upstream_id"], mine[-2:])
    check("labels from the key", all((d["team"], d["user"], d["key"], d["gateway"]) == ("web", "alice", "k1", "lab") for d in mine))
    chat = [d for d in mine if d["endpoint"] == "/v1/chat/completions" and d["model"] == "gpt-4o"][:2]
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
    cost = 4 * COSTS_NANO["gpt-4o"] + 5 * COSTS_NANO["claude-sonnet-4-5"] + sum(COSTS_NANO[m] for m in ("gpt-4o-mini", "gemini-2.5-pro", "responses"))
    check("tollwatch import reads them, to the nano-dollar", rows["total"].get("cost_usd") == f"0.{cost:09d}" and rows["total"]["requests"] == 13
          and rows["total"]["unpriced_requests"] == 0 and rows["total"]["response_cache_hits"] == 1, [report.stdout, report.stderr, cost])


def test_hostile_bodies(lab):
    lab.apply(limits=[{"id": "t", "match": {"model": "gpt-4o"}, "timeout_ms": 9000}])
    c = Client(lab, key("hostile"))
    forged = {"litellm_call_id": "same", "metadata": {"requester_metadata": 7}, "proxy_server_request": 7, "model": "gpt-4o", "messages": PROMPT}
    passed = [c.post("/openai/v1/chat/completions", forged)[0] for _ in range(2)]
    passed += [c.post("/v1/chat/completions", {"model": "gpt-4o", "messages": PROMPT}, **{"x-litellm-call-id": "same"})[0] for _ in range(2)]
    mine = until(lambda: [d for d in lab.lines() if d["feature"] == "hostile"][3:] and [d for d in lab.lines() if d["feature"] == "hostile"], 10, "4 lines")
    check("clients cannot choose ids, nor hide calls behind one another", passed == [200] * 4 and len({d["request_id"] for d in mine}) == len(mine) == 4
          and "same" not in json.dumps(mine), [passed, mine])
    for body in ({"model": ["gpt-4o"]}, {"model": "gpt-4o", "timeout": "soon"}, {"model": "m" * 100000}, {"model": "gpt-4o", "messages": 7, "tools": "x", "max_tokens": "many"}, {"model": "gpt-4o", "messages": [[[]], None]}):
        status = c.post("/v1/chat/completions", dict({"messages": PROMPT}, **body))[0]
        check(f"odd body {str(body)[:40]}: an answer", status < 600 and c.chat("mock")[0] == 200, status)
    lab.apply(kill_switch=KILL)
    seen = len(lab.upstream.requests)
    answers = [c.post(path, dict(forged, model=m))[0] for path in ("/openai/v1/chat/completions", "/v1/chat/completions") for m in ("gpt-4o", ["gpt-4o"])]
    check("and none of them passes a stop", answers[0] == answers[2] == 503 and min(answers) >= 400 and len(lab.upstream.requests) == seen, answers)
    check("LiteLLM's own log is not filled with refusals", "stopped by operations" not in lab.tail(), lab.tail())


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
