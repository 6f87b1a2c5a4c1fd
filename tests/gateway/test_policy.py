"""The policy file as the gateway reads it, every kind of refusal, budgets, acknowledgements, keys."""
import json
import os
import time

from lab import Failed, Lab, policy, switch, until

CLAUDE = {"model": "claude-sonnet-4-5", "max_tokens": 10, "messages": []}
GENERATE = "/v1beta/models/gemini-2.5-pro:generateContent"
PAST, FUTURE = "2020-01-01T00:00:00Z", "2100-01-01T00:00:00Z"


def refusals_in_every_shape(lab, r):
    lab.obey(policy(20, kill_switch=switch("all")))
    answers = {
        "openai": lab.chat(), "anthropic": lab.call("/v1/messages", CLAUDE, "sk-search"),
        "gemini": lab.call(GENERATE, {"contents": []}, "sk-search"),
    }
    for a in answers.values():
        r.equal("the refusal tells clients not to try again", (a.status, a.headers["x-should-retry"], a.headers["x-llm-policy-generation"],
                a.headers["Retry-After"], a.headers["Content-Type"]), (503, "false", "20", None, "application/json"))
    e = answers["openai"].json()["error"]
    r.equal("OpenAI's shape", (e["type"], e["code"], e["param"], "INC-1" in e["message"]), ("service_unavailable", "kill_switch_engaged", None, True))
    e = answers["anthropic"].json()
    r.equal("Anthropic's shape", (e["type"], e["error"]["type"], "kill_switch_engaged" in e["error"]["message"]), ("error", "api_error", True))
    e = answers["gemini"].json()["error"]
    r.equal("Gemini's shape", (e["code"], e["status"], e["details"][0]["reason"]), (503, "UNAVAILABLE", "kill_switch_engaged"))
    lines = lab.new_lines(3)
    r.equal("refused calls are logged without a cost", [(x["refused"], x["usage"], x["model"], x["status"], x["policy_generation"]) for x in lines],
            [("kill_switch_engaged", None, None, 503, 20)] * 3)
    # Workers write their lines in any order.
    r.equal("the model that was asked for is known", sorted(x["model_requested"] for x in lines), ["claude-sonnet-4-5", "gemini-2.5-pro", "gpt-4o-mini"])


def scopes_and_expiry(lab, r):
    lab.obey(policy(21, kill_switch=switch("non_critical")))
    r.equal("non_critical: others are refused", lab.chat().status, 503)
    r.equal("non_critical: no label is not critical", lab.chat(key="sk-nobody").status, 503)
    r.equal("non_critical: critical features pass", lab.chat(key="sk-checkout").status, 200)
    lab.obey(policy(22, kill_switch=switch("all")))
    r.equal("all: critical ones are refused too", lab.chat(key="sk-checkout").status, 503)
    lab.obey(policy(23, kill_switch=switch("all", expires_at=PAST)))
    r.equal("a stop whose time is over is off", lab.chat().status, 200)
    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3))
    lab.obey(policy(24, kill_switch=switch("all", expires_at=soon)))
    r.equal("before its time is over", lab.chat().status, 503)
    until("the stop to end by itself", lambda: lab.chat().status == 200)
    lab.obey(policy(25, kill_switch=switch("all", enabled=False)))
    r.equal("resumed", lab.chat().status, 200)


def budgets_of_every_scope(lab, r):
    cases = [("feature", "search", 429, 200), ("team", "web", 429, 200), ("user", "ann", 429, 200), ("key", "search-prod", 429, 200),
             ("account", "acme", 429, 200), ("model", "gpt-4o-mini", 429, 429), ("provider", "openai", 429, 429), ("global", None, 429, 429),
             ("feature", "sear", 200, 200), ("planet", "earth", 200, 200)]
    generation = 30
    for kind, value, mine, other in cases:
        generation += 1
        scope = {"type": kind, "value": value} if value else {"type": kind}
        budget = {"id": "b1", "scope": scope, "enforcement": "hard", "state": "exhausted", "resets_at": FUTURE}
        lab.obey(policy(generation, budgets=[dict(budget, id="b0", state="warning"), budget]))
        a = lab.chat()
        r.equal(f"budget of {kind} {value}: in it, out of it", (a.status, lab.chat(key="sk-checkout").status), (mine, other))
        if a.status == 429 and a.json()["error"]["code"] != "budget_exceeded":
            raise Failed(a.body)
    states = [
        ("ok", {"state": "ok"}, 200), ("warning", {"state": "warning"}, 200), ("exhausted", {}, 429), ("soft", {"enforcement": "soft"}, 200),
        ("alert only", {"action": "alert"}, 200), ("its period is over", {"resets_at": PAST}, 200), ("no end", {"resets_at": None}, 429),
        ("blocking", {"action": "block"}, 429),
    ]
    for name, change, want in states:
        generation += 1
        lab.obey(policy(generation, budgets=[dict({"id": "b", "scope": {"type": "global"}, "enforcement": "hard", "state": "exhausted",
                                                   "resets_at": FUTURE}, **change)]))
        r.equal(f"a budget that is {name}", lab.chat().status, want)
    budget = {"id": "b", "scope": {"type": "global"}, "enforcement": "hard", "state": "exhausted", "resets_at": FUTURE}
    for name, until_, want in (("lasts", FUTURE, 200), ("is over", PAST, 429)):
        generation += 1
        lab.obey(policy(generation, budgets=[budget], overrides=[{"budget": "b", "until": until_}]))
        r.equal(f"a person's override that {name}", lab.chat().status, want)
    generation += 1
    lab.obey(policy(generation, budgets=[dict(budget, scope={"type": "model", "value": "gpt-4o-mini"})],
                    routing={"rules": [{"id": "r", "match": {"model": "gpt-4o-mini"}, "set_model": "gpt-4.1-nano"}]}))
    r.equal("a model's budget counts the model that is called", (lab.chat().status, lab.chat(model="gpt-4.1-nano").status), (200, 200))
    lab.obey(policy(generation + 1))


def what_is_no_policy_changes_nothing(lab, r):
    good = policy(100, kill_switch=switch("non_critical"))
    lab.obey(good)
    text = json.dumps(good)
    bad = {"cut": text[:len(text) // 2], "empty": "", "no JSON": "hello", "an array": "[]", "a newer schema": json.dumps(dict(good, schema_version=2)),
           "no generation": json.dumps({"schema_version": 1, "kill_switch": {"enabled": False}}),
           "a switch that is null": json.dumps({"schema_version": 1, "generation": 101, "kill_switch": None}),
           "a switch that makes no sense": json.dumps(policy(101, kill_switch={"enabled": True, "scope": "some"})),
           "too large": json.dumps(policy(101)) + " " * 1048577, "too deep": "[" * 5000}
    for name, content in bad.items():
        said = lab.errors().count("the last good one stays")
        lab.write_policy(content)
        until("every worker to say so", lambda: lab.errors().count("the last good one stays") >= said + lab.workers)
        r.equal(f"a policy file that is {name}: the last good one stays", (lab.chat().status, lab.ack()["generation"]), (503, 100))
    os.rename(lab.policy_file, lab.policy_file + ".away")
    until("every worker to miss it", lambda: lab.errors().count("cannot be read") >= lab.workers)
    r.equal("a file that is gone: the last good one stays", (lab.chat().status, lab.chat(key="sk-checkout").status), (503, 200))
    lab.stop_gateway()
    lab.write_policy("{ torn")
    lab.start_gateway()
    r.equal("after a restart with a torn file: the last good one, from disk", (lab.chat().status, lab.chat(key="sk-checkout").status), (503, 200))
    lab.wait_generation(100)
    lab.obey(policy(7))
    r.equal("a lower generation is obeyed: somebody restored a copy", lab.chat().status, 200)
    broken = policy(8, kill_switch=switch("all"), limits=["x", {"id": 1, "match": 7, "max_output_tokens": "many"}], budgets="none",
                    critical={"features": 3}, rate_limits={"a": 1}, routing=[], cache=[None], unknown={"x": 1})
    lab.obey(broken)
    r.equal("nonsense elsewhere never hides the switch", lab.chat().status, 503)
    lab.obey(policy(9))


def decisions_like_everybody(lab, r):
    """decisions.jsonl, which all readers of the policy file are held to."""
    cases = [json.loads(line) for line in open(os.path.join(os.path.dirname(__file__), "decisions.jsonl"), encoding="utf-8") if line.strip()]
    c = lab.connect(lab.mock_port)
    for case in cases:
        c.request("POST", "/mock/decide", json.dumps({k: case[k] for k in ("policy", "call", "now")}))
        got = json.loads(c.getresponse().read())
        want = {k: v for k, v in case["expect"].items() if got.get(k) != v}
        r.check(f"decides: {case['name']}", not want, f"got {got}, want {want}")
    c.close()
    r.check("there are decisions", len(cases) > 50)


def torn_reads_under_load(r):
    """A policy rewritten without pause, read at every call and a thousand times a second: always one or the other, whole."""
    lab = Lab(poll_seconds=0.001)
    try:
        lab.write_policy(policy(1))
        lab.start()
        c, seen = lab.connect(), []
        for generation in range(2, 502):
            lab.write_policy(policy(generation, padding="x" * 20000))
            a = lab.chat(connection=c)
            seen.append((a.status, int(a.headers["x-llm-policy-generation"])))
        c.close()
        r.equal("no call is refused while the file is rewritten 500 times", {s for s, _ in seen}, {200})
        r.check("policies come in their order", [g for _, g in seen] == sorted(g for _, g in seen))
        lab.wait_generation(501)
        r.equal("no reader saw half a file or none", [e for e in lab.errors().splitlines() if "[error]" in e], [])
    finally:
        lab.stop()


def acknowledgements(lab, first, r):
    ack = lab.ack()
    r.equal("an acknowledgement has its fields", sorted(ack), ["applied_at", "gateway", "generation", "host", "seen_at", "workers"])
    r.equal("names itself and counts its workers", (ack["gateway"], ack["workers"], ack["generation"]), ("gw-test", 2, 1))
    until("the next sign of life", lambda: lab.ack()["seen_at"] > first["seen_at"], 12)
    r.equal("a sign of life changes nothing else", lab.ack()["applied_at"], first["applied_at"])
    modes = {n: oct(os.stat(os.path.join(lab.run, n)).st_mode & 0o777) for n in ("policy/acks/gw-test.json", "state/last-good.json", "state/salt")}
    r.equal("nobody else may write what it writes, nor read the salt", list(modes.values()), ["0o644", "0o644", "0o600"])
    r.equal("nothing else is left in the folder", os.listdir(os.path.dirname(lab.ack_file)), ["gw-test.json"])


def our_own_keys(r):
    lab = Lab(trust_headers="feature")
    lab.keys = 'map $llm_provider $llm_upstream_key { default ""; openai "sk-real-openai"; anthropic "sk-real-ant"; google "real-goog"; }\n'
    try:
        lab.start()
        lab.chat(headers={"x-mock-tag": "key"})
        r.equal("the client's key is replaced by ours", lab.seen("key")["request"]["headers"]["authorization"], "Bearer sk-real-openai")
        lab.call("/v1/messages", CLAUDE, "sk-search", x_mock_tag="key")
        seen = lab.seen("key")["request"]["headers"]
        r.equal("where Anthropic looks for it", (seen["x-api-key"], seen.get("authorization")), ("sk-real-ant", None))
        lab.call(GENERATE + "?key=sk-search&a=b", {"contents": []}, x_mock_tag="key")
        seen = lab.seen("key")["request"]
        r.equal("where Gemini looks for it", (seen["headers"]["x-goog-api-key"], seen["uri"]), ("real-goog", GENERATE + "?a=b"))
        for name, key in (("unknown", "sk-nobody"), ("absent", None)):
            a = lab.chat(key=key)
            r.equal(f"a key that is {name} does not get to use ours", (a.status, a.json()["error"]["code"]), (401, "unknown_key"))
        r.equal("nor for what costs nothing", lab.call("/v1/models", method="GET").status, 401)
        r.equal("no policy yet: calls pass", lab.chat().status, 200)
        lab.skip_lines()
        lab.call("/v1/responses", {"model": "m", "input": "x"}, "sk-checkout", x_llm_feature="mine", x_llm_team="theirs")
        line = lab.new_lines()[0]
        r.equal("what the key says stands before a header that is trusted", (line["feature"], line["team"]), ("checkout", "shop"))
    finally:
        lab.stop()


def nothing_passes_before_a_policy(r):
    lab = Lab(on_no_policy="deny", trust_headers="feature user")
    try:
        lab.start()
        a = lab.chat()
        r.equal("on_no_policy = deny", (a.status, a.json()["error"]["code"]), (503, "no_policy"))
        lab.wait_generation(0)
        lab.obey(policy(1))
        r.equal("until there is one", lab.chat().status, 200)
        lab.skip_lines()
        lab.chat(key="sk-nobody", headers={"x-llm-feature": "search", "x-llm-user": "u" * 500, "x-llm-team": "t"})
        line = lab.new_lines()[0]
        r.equal("headers that the site trusts, cut to size", (line["feature"], len(line["user"]), line["team"]), ("search", 128, None))
        lab.mock.terminate()
        lab.mock.wait(10)
        a = lab.call("/v1/messages", CLAUDE, "sk-search")
        r.equal("a vendor that is down: 502 in the API's shape", (a.status, a.json()["error"]["type"]), (502, "api_error"))
    finally:
        lab.stop()


def run(r):
    quiet, lab = Lab(), Lab()
    try:
        for each in (quiet, lab):
            each.write_policy(policy(1))
            each.start()
            each.wait_generation(1)
        first = quiet.ack()
        for test in (refusals_in_every_shape, scopes_and_expiry, budgets_of_every_scope, what_is_no_policy_changes_nothing, decisions_like_everybody):
            lab.skip_lines()
            r.run(test.__name__, test, lab, r)
        for test in (our_own_keys, nothing_passes_before_a_policy, torn_reads_under_load):
            r.run(test.__name__, test, r)
        r.run("acknowledgements", acknowledgements, quiet, first, r)
    finally:
        lab.stop()
        quiet.stop()
