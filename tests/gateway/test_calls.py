"""Calls that pass: bodies, labels, limits, routes, rates, the cache, and what is written of each."""
import gzip
import json
import os

from lab import Lab, policy, until

USAGE_OPENAI = {"prompt_tokens": 120, "completion_tokens": 34, "total_tokens": 154, "prompt_tokens_details": {"cached_tokens": 64},
                "completion_tokens_details": {"reasoning_tokens": 8}}
USAGE_ANTHROPIC = {"input_tokens": 25, "cache_creation_input_tokens": 200, "cache_read_input_tokens": 1000,
                   "cache_creation": {"ephemeral_5m_input_tokens": 150, "ephemeral_1h_input_tokens": 50}, "output_tokens": 15}
USAGE_GEMINI = {"promptTokenCount": 100, "candidatesTokenCount": 20, "thoughtsTokenCount": 30, "totalTokenCount": 150}
FIELDS = ("ts request_id upstream_id gateway provider endpoint model_requested model feature team user key stream status refused "
          "usage usage_state cache latency_ms ttft_ms max_tokens tools prompt_bytes prompt_hash prefix_hash prefix_bytes policy_generation").split()

CLAUDE = {"model": "claude-sonnet-4-5", "max_tokens": 100, "messages": [{"role": "user", "content": "hi"}]}
GEMINI = {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}
PRO = "/v1beta/models/gemini-2.5-pro:"


# Nano-dollars by the vendors' lists, dollars per million: 0.15/0.075/0.60, half of 1.25/0.125/10 (flex),
# 3/0.30/3.75/6/15, 1.25/10 with thoughts as output.
COSTS = {
    "gpt-4o-mini": lambda u: 56 * 150 + 64 * 75 + 34 * 600,
    "gpt-5": lambda u: (56 * 1250 + 64 * 125 + 34 * 10000) // 2,
    "claude-sonnet-4-5": lambda u: 25 * 3000 + 1000 * 300 + 150 * 3750 + 50 * 6000 + u["output_tokens"] * 15000,
    "gemini-2.5-pro": lambda u: 100 * 1250 + 50 * 10000,
}


def usage_of_every_api(lab, r):
    for cut, split in (("", {}), (", events in pieces of 7 bytes", {"x_mock_split": 1}), (", lines with CR", {"x_mock_crlf": 1, "x_mock_split": 1})):
        cases = [
            ("chat", "/v1/chat/completions", {"model": "gpt-4o-mini", "messages": []}, USAGE_OPENAI, "openai"),
            ("chat stream", "/v1/chat/completions", {"model": "gpt-4o-mini", "stream": True, "messages": []}, USAGE_OPENAI, "openai"),
            ("messages", "/v1/messages", CLAUDE, USAGE_ANTHROPIC, "anthropic"),
            ("messages stream", "/v1/messages", dict(CLAUDE, stream=True), USAGE_ANTHROPIC, "anthropic"),
            ("generate", PRO + "generateContent", GEMINI, USAGE_GEMINI, "google"),
            ("generate stream", PRO + "streamGenerateContent?alt=sse", GEMINI, USAGE_GEMINI, "google"),
            ("generate stream as an array", PRO + "streamGenerateContent", GEMINI, USAGE_GEMINI, "google"),
        ]
        for name, path, body, usage, provider in cases:
            answer = lab.call(path, body, "sk-search", **split)
            line = lab.new_lines()[0]
            want = (200, usage, "full", provider, 200)
            r.equal(f"usage of {name} is the vendor's{cut}",
                    (answer.status, line["usage"], line["usage_state"], line["provider"], line["status"]), want)
    for stream in (False, True):
        lab.call("/v1/responses", {"model": "gpt-4o", "input": "hi", "stream": stream}, "sk-search")
        r.equal(f"usage of responses{' stream' if stream else ''}", lab.new_lines()[0]["usage"]["output_tokens"], 50)
    r.equal("the line has exactly its fields", list(line), FIELDS)
    lab.call("/v1/messages", dict(CLAUDE, stream=True), "sk-search", x_mock_error=1)
    line = lab.new_lines()[0]
    r.equal("a stream that ends in an error has told only the half", (line["usage_state"], line["usage"]["output_tokens"]), ("estimated", 1))
    lab.call("/mistral/v1/chat/completions", {"model": "mistral-small", "stream": True}, "sk-search", x_mock_tag="mistral")
    line, seen = lab.new_lines()[0], lab.seen("mistral")["request"]
    r.equal("another vendor under a prefix, not asked for what it does not know", (line["provider"], line["endpoint"], seen["uri"], "stream_options" in seen["body"]),
            ("mistral", "/v1/chat/completions", "/v1/chat/completions", False))
    lab.chat(model="gpt-5", headers={"x-mock-tier": "flex"})
    r.equal("the tier that was served stands in the usage", lab.new_lines()[0]["usage"].get("service_tier"), "flex")


def injected_usage_is_taken_out_again(lab, r):
    body = {"model": "gpt-4o-mini", "stream": True, "messages": []}
    direct = lab.call("/v1/chat/completions", body, connection=lab.connect(lab.mock_port)).events()
    through = lab.call("/v1/chat/completions", body, "sk-search", x_mock_tag="inject").events()
    same = [json.loads(e) | {"id": ""} if e[0] == "{" else e for e in through] == \
           [json.loads(e) | {"id": ""} if e[0] == "{" else e for e in direct]
    r.check("a stream looks as if usage had not been asked for", same, (through, direct))
    r.equal("it was asked for", json.loads(lab.seen("inject")["request"]["body"])["stream_options"], {"include_usage": True})
    body["stream_options"] = {"include_usage": True}
    asked = lab.call("/v1/chat/completions", body, "sk-search").events()
    r.check("a client that asks gets it", '"choices":[],"usage":{' in asked[-2], asked)
    for options, name in ((None, "null"), ({}, "empty"), ({"include_usage": False}, "false"), ({"x": [1]}, "another")):
        lab.call("/v1/chat/completions", dict(body, stream_options=options), "sk-search", x_mock_tag="opt")
        got = json.loads(lab.seen("opt")["request"]["body"])["stream_options"]
        r.equal(f"stream_options {name} is completed", got, dict(options or {}, include_usage=True))
    lab.skip_lines()


def bodies_are_the_clients_bytes(lab, r):
    odd = b'{ "tools" : [], "model":"gpt-4o-mini","x":1.0e0, "big":12345678901234567890,"messages":[ {"role":"user","content":"\\u00e9\\ud83d\\ude00 \\" ] } "} ] }'
    lab.call("/v1/chat/completions", odd, "sk-search", x_mock_tag="bytes")
    r.equal("a body that nothing changes arrives byte for byte", lab.seen("bytes")["request"]["body"], odd.decode())
    lab.call("/v1/chat/completions", odd[:-1] + b',"stream":true}', "sk-search", x_mock_tag="bytes")
    body = lab.seen("bytes")["request"]["body"]
    r.equal("an edit leaves all other bytes", body, '{"stream_options":{"include_usage":true},' + odd.decode()[1:-1] + ',"stream":true}')
    for size in (200_000, 3_000_000):
        text = ('say "hi" \\ \n' * (size // 11))[:size]
        answer = lab.chat(messages=[{"role": "user", "content": text}], stream=True, headers={"x-mock-tag": "large"})
        got = json.loads(lab.seen("large")["request"]["body"])
        r.check(f"a prompt of {size // 1000} KB arrives whole", answer.status == 200 and got["messages"][0]["content"] == text)
    lab.skip_lines()


def gzip_both_ways(lab, r):
    body = json.dumps({"model": "gpt-4o-mini", "stream": False, "messages": [{"role": "user", "content": "hi" * 5000}]})
    answer = lab.call("/v1/chat/completions", gzip.compress(body.encode()), "sk-search", Content_Encoding="gzip",
                      Accept_Encoding="gzip", x_mock_tag="gzip", Content_Type="application/json")
    line, seen = lab.new_lines()[0], lab.seen("gzip")["request"]
    r.check("a packed body arrives plain", seen["body"] == body and "content-encoding" not in seen["headers"], seen["headers"])
    r.equal("a packed body is read", (line["model"], line["usage"]), ("gpt-4o-mini", USAGE_OPENAI))
    r.check("a client that can gets gzip", answer.headers["Content-Encoding"] == "gzip" and b"usage" in gzip.decompress(answer.body),
            dict(answer.headers))
    bomb = gzip.compress(b" " * 80_000_000)
    for name, data in (("cut", gzip.compress(body.encode())[:-20]), ("no gzip", b"hello"), ("a bomb", bomb)):
        answer = lab.call("/v1/chat/completions", data, "sk-search", Content_Encoding="gzip")
        r.equal(f"a packed body that is {name} is refused", (answer.status, answer.json()["error"]["code"]), (400, "invalid_body"))
    r.equal("what cannot be unpacked is refused by name", lab.call("/v1/chat/completions", b"x", "sk-search", Content_Encoding="br").status, 400)
    lab.skip_lines()


def bodies_that_two_readers_read_differently(lab, r):
    bad = {"no JSON": "hello", "cut": '{"model":"x"', "an array": "[]", "nothing": "", "two keys": '{"max_tokens":1,"max_tokens":9}',
           "two keys, one escaped": '{"model":"a","mod\\u0065l":"b"}', "something behind": '{"model":"a"} {}', "no colon": '{"a" 1}',
           "octets": None, "deep and cut": "[" * 100000 + '{"a":' * 50000}
    for name, text in bad.items():
        kind = "application/octet-stream" if text is None else "application/json"
        answer = lab.call("/v1/chat/completions", text or "", "sk-search", Content_Type=kind)
        r.equal(f"a body with {name} is refused", (answer.status, answer.json()["error"]["code"]), (400, "invalid_body"))
    answer = lab.call("/v1/chat/completions", '{"model":"gpt-4o-mini","max_tokens":99,"x":' + "[" * 900 + "]" * 900 + "}", "sk-search")
    r.equal("a deep body is no trouble", answer.status, 200)
    c = lab.connect()
    c.putrequest("POST", "/v1/chat/completions")
    c.putheader("Content-Length", str(65 << 20))
    c.endheaders()
    answer = c.getresponse()
    r.equal("a body that is too large, in the API's shape", (answer.status, json.loads(answer.read())["error"]["code"]), (413, "request_too_large"))
    c.close()
    lab.skip_lines()


def labels_cannot_be_spoofed(lab, r):
    spoof = {"x-llm-feature": "checkout", "x-llm-team": "ceo", "x-llm-key": "other", "x-llm-user": "root"}
    lab.chat(headers=dict(spoof, **{"x-mock-tag": "spoof"}))
    line = lab.new_lines()[0]
    r.equal("labels come from the key", [line[k] for k in ("feature", "team", "user", "key")], ["search", "web", "ann", "search-prod"])
    r.check("label headers do not go on", not any(k.startswith("x-llm") for k in lab.seen("spoof")["request"]["headers"]))
    lab.chat(key="sk-nobody", headers=spoof)
    line = lab.new_lines()[0]
    r.equal("an unknown key has no labels but a name of its own", (line["feature"], line["team"], line["key"][:4]), ("unknown", None, "key-"))
    r.check("the key itself is not written", "sk-nobody" not in open(lab.log_file, encoding="utf-8").read())
    lab.call("/v1/responses", {"model": "gpt-4o", "input": "x"}, "sk-nobody")
    r.equal("a route gives labels", lab.new_lines()[0]["feature"], "agents")
    lab.call("/v1/messages", CLAUDE, "sk-checkout", x_api_key="sk-batch", x_mock_tag="two")
    line, seen = lab.new_lines()[0], lab.seen("two")["request"]["headers"]
    r.check("of two credentials only the one that labels goes on",
            line["feature"] == "batch" and "authorization" not in seen and seen["x-api-key"] == "sk-batch", (line, seen))
    lab.call(PRO + "generateContent?key=sk-search", GEMINI)
    r.equal("Gemini's key in the query", lab.new_lines()[0]["key"], "search-prod")


def limits_clamp_or_reject(lab, r):
    lab.obey(policy(10, limits=[{"id": "batch", "match": {"feature": "batch"}, "max_output_tokens": 50, "on_exceed": "clamp"},
                                {"id": "wide", "match": {"feature": "batch"}, "max_output_tokens": 500, "on_exceed": "clamp"},
                                {"id": "strict", "match": {"model": "gpt-5*"}, "max_output_tokens": 10, "on_exceed": "reject"}]))
    cases = [
        ("lowered", "/v1/chat/completions", {"model": "m", "max_tokens": 400}, {"max_tokens": 50}),
        ("below: kept", "/v1/chat/completions", {"model": "m", "max_tokens": 4}, {"max_tokens": 4}),
        ("absent: put in", "/v1/chat/completions", {"model": "m"}, {"max_completion_tokens": 50}),
        ("null: put in", "/v1/chat/completions", {"model": "m", "max_tokens": None}, {"max_completion_tokens": 50}),
        ("both lowered", "/v1/chat/completions", {"max_tokens": 60, "max_completion_tokens": 70}, {"max_tokens": 50, "max_completion_tokens": 50}),
        ("empty object", "/v1/chat/completions", {}, {"max_completion_tokens": 50}),
        ("as text", "/v1/chat/completions", {"max_tokens": "400"}, {"max_tokens": 50}),
        ("another vendor's name for it", "/mistral/v1/chat/completions", {"model": "m"}, {"max_tokens": 50}),
        ("a path written otherwise", "/v1//chat/%63ompletions/", {"model": "m", "max_tokens": 400}, {"max_tokens": 50}),
        ("responses", "/v1/responses", {"input": "x"}, {"max_output_tokens": 50}),
        ("messages", "/v1/messages", {"max_tokens": 400}, {"max_tokens": 50}),
        ("generate", PRO + "generateContent", {"generationConfig": {"maxOutputTokens": 400, "topK": 1}}, {"generationConfig": {"maxOutputTokens": 50, "topK": 1}}),
        ("generate, other spelling", PRO + "generateContent", {"generation_config": {"max_output_tokens": 400}}, {"generation_config": {"max_output_tokens": 50}}),
        ("generate, absent", PRO + "generateContent", {"contents": []}, {"generationConfig": {"maxOutputTokens": 50}}),
        ("generate, empty", PRO + "generateContent", {"generationConfig": {}}, {"generationConfig": {"maxOutputTokens": 50}}),
        ("embeddings: none", "/v1/embeddings", {"input": "x"}, {}),
    ]
    for name, path, body, want in cases:
        lab.call(path, body, "sk-batch", x_mock_tag="limit")
        got = json.loads(lab.seen("limit")["request"]["body"])
        r.equal(f"limit: {name}", got, {k: v for k, v in dict(body, **want).items()})
    lab.skip_lines()
    lab.call("/v1/chat/completions", {"model": "m", "max_tokens": 400}, "sk-batch")
    r.equal("the log has the limit that was sent", lab.new_lines()[0]["max_tokens"], 50)
    answer = lab.chat(model="gpt-5", max_tokens=11)
    r.equal("above the limit: rejected", (answer.status, answer.json()["error"]["code"]), (400, "max_tokens_exceeded"))
    r.equal("at the limit: passes", lab.chat(model="gpt-5-x", max_tokens=10).status, 200)
    answer = lab.call(PRO + "generateContent", {"generationConfig": {"maxOutputTokens": 9}, "generation_config": {"maxOutputTokens": 9000}}, "sk-batch")
    r.equal("both of Gemini's spellings: refused", answer.status, 400)
    lab.skip_lines()


def timeouts(lab, r):
    lab.obey(policy(11, limits=[{"id": "quick", "match": {"feature": "batch"}, "timeout_ms": 150}]))
    answer = lab.chat(key="sk-batch", headers={"x-mock-delay-ms": 2000})
    r.equal("no answer in time: 504 in the API's shape", (answer.status, answer.json()["error"]["code"]), (504, "timeout"))
    line = lab.new_lines()[0]
    r.check("after the time that was set", line["status"] == 504 and 140 <= line["latency_ms"] < 1900, line)
    answer = lab.call("/v1/messages", CLAUDE, "sk-batch", x_mock_delay_ms=2000)
    r.equal("Anthropic's shape", answer.json()["error"]["type"], "timeout_error")
    answer = lab.chat(key="sk-batch", stream=True, headers={"x-mock-chunks": 100, "x-mock-chunk-ms": 30})
    lab.new_lines(2)
    r.check("a stream that goes on too long is cut", b"timeout" in answer.body and answer.body.endswith(b"!cut"), answer.body[-200:])
    r.equal("others have all the time", lab.chat(headers={"x-mock-delay-ms": 300}).status, 200)
    lab.skip_lines()


def rates(lab, r):
    lab.obey(policy(12, rate_limits=[{"id": "few", "match": {"feature": "search"}, "requests_per_minute": 6, "per": "gateway"},
                                     {"id": "small", "match": {"feature": "batch"}, "tokens_per_minute": 400}]))
    got = [lab.chat() for _ in range(12)]
    passed = sum(a.status == 200 for a in got)
    r.check("requests per minute, counted over all workers", 6 <= passed <= 7 and got[-1].status == 429, [a.status for a in got])
    r.equal("its code", got[-1].json()["error"]["code"], "rate_limit_exceeded")
    r.check("says when to come again", 1 <= int(got[-1].headers["Retry-After"]) <= 60)
    r.equal("other features are not counted", lab.chat(key="sk-checkout").status, 200)
    lab.skip_lines()
    statuses = []
    for _ in range(5): # each uses 154 tokens, known when it is over: two fit, the third begins below the limit
        statuses.append(lab.chat(key="sk-batch").status)
        lab.new_lines()
    r.check("tokens per minute, by what calls really used", statuses[:2] == [200, 200] and 429 in statuses[2:4] and statuses[4] == 429, statuses)
    lab.skip_lines()


def routing(lab, r):
    lab.obey(policy(13, routing={"tiers": {"economy": "gpt-4.1-nano"}, "rules": [
        {"id": "small", "match": {"feature": "search", "model": "gpt-4o*", "tools": False, "max_prompt_bytes": 300}, "set_tier": "economy"},
        {"id": "half", "match": {"feature": "batch", "percent": 50}, "set_model": "gpt-4.1-mini"},
        {"id": "claude", "match": {"provider": "anthropic", "endpoint": "/v1/mess*"}, "set_model": "claude-haiku-4-5"},
        {"id": "gem", "match": {"provider": "google"}, "set_model": "gemini-2.5-flash"},
        {"id": "odd", "match": {"phase_of_moon": "full"}, "set_model": "never"}]}))

    def model_sent(path, body, key="sk-search"):
        lab.call(path, body, key, x_mock_tag="route")
        seen = lab.seen("route")["request"]
        return json.loads(seen["body"]).get("model") or seen["uri"]

    chat = {"model": "gpt-4o", "tools": [], "messages": []}
    r.equal("a tier's model", model_sent("/v1/chat/completions", chat), "gpt-4.1-nano")
    line = lab.new_lines()[0]
    r.equal("both models are logged", (line["model_requested"], line["model"]), ("gpt-4o", "gpt-4.1-nano"))
    r.equal("with tools: not", model_sent("/v1/chat/completions", dict(chat, tools=[{"type": "function"}])), "gpt-4o")
    r.equal("a long prompt: not", model_sent("/v1/chat/completions", dict(chat, x="y" * 300)), "gpt-4o")
    r.equal("a condition that is not understood never holds", model_sent("/v1/chat/completions", chat, "sk-checkout"), "gpt-4o")
    r.equal("Anthropic's model", model_sent("/v1/messages", CLAUDE), "claude-haiku-4-5")
    r.equal("Gemini's model is in the path", model_sent(PRO + "streamGenerateContent?alt=sse", GEMINI),
            "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse")
    lab.skip_lines()
    c = lab.connect()
    for _ in range(200):
        lab.chat(key="sk-batch", connection=c)
    c.close()
    lines = lab.new_lines(200)
    import zlib
    want = ["gpt-4.1-mini" if zlib.crc32(x["request_id"].encode()) % 100 < 50 else "gpt-4o-mini" for x in lines]
    r.equal("percent is by CRC-32 of the request id", [x["model"] for x in lines], want)
    r.check("which is about that share", 60 <= want.count("gpt-4.1-mini") <= 140, want.count("gpt-4.1-mini"))


def response_cache(lab, r):
    lab.obey(policy(14, cache=[{"id": "faq", "match": {"feature": "search"}, "ttl_seconds": 2},
                               {"id": "any", "match": {"feature": "batch"}, "ttl_seconds": 60, "any_temperature": True}]))

    def states(n, **body):
        for _ in range(n):
            last = lab.chat(headers={"x-mock-tag": "cache"}, **body)
            got.append((lab.new_lines()[0]["cache"], last))
        return [g[0] for g in got]

    got = []
    r.equal("temperature 0: stored and given again", states(3, temperature=0), ["miss", "hit", "hit"])
    r.check("the same answer", got[0][1].body == got[2][1].body and got[2][1].status == 200)
    r.equal("the vendor was asked once", lab.seen("cache")["count"], 1)
    line = lab.lines()[-1]
    r.equal("a hit repeats the usage", (line["usage"], line["usage_state"]), (USAGE_OPENAI, "full"))
    got.clear()
    until("the stored answer to be too old", lambda: states(1, temperature=0)[-1] == "miss")
    got.clear()
    r.equal("no temperature: not cached", states(2), ["bypass", "bypass"])
    got.clear()
    r.equal("another temperature: not cached", states(2, temperature=0.5), ["bypass", "bypass"])
    got.clear()
    r.equal("a stream: not cached", states(2, temperature=0, stream=True), ["bypass", "bypass"])
    got.clear()
    r.equal("the rule may say any temperature", states(2, key="sk-batch"), ["miss", "hit"])
    answer = lab.chat(key="sk-batch", model="other")
    r.equal("another body is another answer", (answer.status, lab.new_lines()[0]["cache"]), (200, "miss"))
    for _ in range(2):
        lab.chat(key="sk-batch", model="bad", headers={"x-mock-status": 500})
    r.equal("an error is not stored", [x["cache"] for x in lab.new_lines(2)], ["miss", "miss"])


def failures_of_the_vendor(lab, r):
    answer = lab.chat(headers={"x-mock-status": 529})
    line = lab.new_lines()[0]
    r.equal("the vendor's error is passed on", (answer.status, answer.json()["error"]["code"]), (529, "mock"))
    r.equal("and logged", (line["status"], line["refused"], line["usage"], line["usage_state"]), (529, None, None, "missing"))
    c = lab.connect()
    c.request("POST", "/v1/chat/completions", json.dumps({"model": "gpt-4o-mini", "stream": True}),
              {"Authorization": "Bearer sk-search", "x-mock-chunks": "500", "x-mock-chunk-ms": "20", "x-mock-tag": "gone"})
    c.getresponse().fp.readline()
    c.sock.close()
    c.close()
    line = lab.new_lines()[0]
    r.equal("a client that goes away is incomplete, its usage missing and not 0", (line["status"], line["usage"], line["usage_state"]), (499, None, "missing"))
    r.check("and the vendor is told", until("the vendor to see it", lambda: lab.seen("gone")["closed"] == 1))
    c = lab.connect()
    c.request("POST", "/v1/messages", json.dumps(dict(CLAUDE, stream=True)),
              {"Authorization": "Bearer sk-search", "x-mock-chunks": "500", "x-mock-chunk-ms": "20"})
    c.getresponse().read(700)
    c.sock.close()
    c.close()
    line = lab.new_lines()[0]
    r.equal("what Anthropic had said by then is an estimate", (line["usage_state"], (line["usage"] or {}).get("cache_read_input_tokens")), ("estimated", 1000))
    answer = lab.call("/v1/models", method="GET", key="sk-search")
    r.equal("what costs nothing passes", answer.status, 200)
    r.equal("and is not logged", len(lab.lines()), lab.seen_lines)
    answer = lab.call("/v1/audio/transcriptions", b"--x\r\n\r\n--x--", "sk-search", Content_Type="multipart/form-data; boundary=x")
    r.equal("audio passes as it is", (answer.status, lab.new_lines()[0]["endpoint"]), (200, "/v1/audio/transcriptions"))


def tollwatch_reads_it(lab, r):
    """The whole log of this lab through `tollwatch import`: every line, and the cost of all full calls to the last digit."""
    db, lines = os.path.join(lab.run, "ledger.db"), lab.lines()
    r.equal("import says it is well", lab.tollwatch("--db", db, "import", "--json", lab.log_file).returncode, 0)
    report = lab.tollwatch("--db", db, "report", "--since", "24h", "--by", "model", "--format", "json")
    got = json.loads(report.stdout)
    total = got["total"]
    r.equal("every line is a request", total["requests"], len(lines))
    r.equal("refused ones are refused", total["refused_requests"], sum(x["refused"] is not None for x in lines))
    r.equal("hits of the cache", total["response_cache_hits"], sum(x["cache"] == "hit" for x in lines))
    rows = {x["model"]: x["cost_usd"] for x in got["rows"]}
    for model, cost in COSTS.items():
        paid = [x["usage"] for x in lines if x["model"] == model and x["usage"] and x["cache"] != "hit"]
        want = sum(cost(u) for u in paid)
        r.equal(f"what {len(paid)} calls of {model} cost, to the last digit", rows[model], f"{want / 1e9:.9f}")


def run(r):
    lab = Lab()
    try:
        lab.write_policy(policy(1))
        lab.start()
        lab.wait_generation(1)
        for test in (usage_of_every_api, injected_usage_is_taken_out_again, bodies_are_the_clients_bytes, gzip_both_ways,
                     bodies_that_two_readers_read_differently, labels_cannot_be_spoofed, limits_clamp_or_reject, timeouts, rates,
                     routing, response_cache, failures_of_the_vendor, tollwatch_reads_it):
            lab.skip_lines()
            r.run(test.__name__, test, lab, r)
        known = ("upstream timed out", "too large body") # what tests above made happen
        errors = [e for e in lab.errors().splitlines() if "[error]" in e and not any(k in e for k in known)]
        r.check("no error in nginx's log", not errors, errors[:5])
    finally:
        lab.stop()
