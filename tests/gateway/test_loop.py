"""The loop of savings: the program writes a rule, the real gateway obeys it, and what the program measures is the ledger, to the nano-dollar."""
import json
import os
from decimal import Decimal

from lab import Lab


def program(lab, *args):
    return lab.tollwatch("--db", os.path.join(lab.run, "ledger.db"), *args)


def generation(done):
    return int(done.stdout.split()[1]) if done.stdout.startswith("generation ") else -1


def collect(lab):
    lab.skip_lines()
    return program(lab, "import", "--format", "gateway", lab.log_file)


def measured(lab, rule):
    found = json.loads(program(lab, "savings", "--format", "json").stdout)["rules"]
    return next(x for x in found if x["id"] == rule)


def spent(lab, where):
    return json.loads(program(lab, "report", "--since", "24h", "--where", where, "--format", "json").stdout)["total"]


def a_route(lab, r):
    for i in range(5):
        lab.chat(model="gpt-4o", messages=[{"role": "user", "content": f"before {i}"}])
    collect(lab)
    rule = "route feature=search model=gpt-4o tools=no set_model=gpt-4.1-nano"
    tried = json.loads(program(lab, "savings", "--since", "24h", "--dry-run", rule, "--format", "json").stdout)
    r.equal("the dry run finds the five calls, and guesses nothing", (tried["changed"], tried["guessed"]), (5, 0))
    done = program(lab, "savings", "--since", "24h", "--write", rule, "--reason", "cheaper")
    r.check("the program writes the rule", generation(done) > 0, done)
    lab.wait_generation(generation(done))
    for i in range(7):
        lab.chat(model="gpt-4o", messages=[{"role": "user", "content": f"after {i}"}])
    lab.chat(model="gpt-4o", key="sk-checkout")
    collect(lab)
    lines = [x for x in lab.lines() if x["policy_generation"] == generation(done)]
    r.equal("the gateway sends the calls of that feature to the other model", sorted(x["model"][:12] for x in lines),
            ["gpt-4.1-nano"] * 7 + ["gpt-4o"])
    m = measured(lab, "savings-routing-search")
    r.equal("the seven are measured, exactly", (m["changed"], m["exact"], m["unpriced"]), (7, True, 0))
    # The made-up vendor uses the same tokens each time: five calls paid on the dear model tell what seven would have cost.
    dear, cheap = spent(lab, "feature:search model:gpt-4o"), spent(lab, "feature:search model:gpt-4.1-nano*")
    r.equal("the same tokens on both models", (dear["input_tokens"] * 7, dear["output_tokens"] * 7), (cheap["input_tokens"] * 5, cheap["output_tokens"] * 5))
    r.equal("what was saved is the ledger's difference, to the nano-dollar", Decimal(m["measured_usd"]),
            Decimal(dear["cost_usd"]) / 5 * 7 - Decimal(cheap["cost_usd"]))
    undone = program(lab, "savings", "--undo", "savings-routing-search", "--reason", "enough")
    lab.wait_generation(generation(undone))
    lab.chat(model="gpt-4o")
    lab.skip_lines()
    r.equal("undone: the model that was asked for answers again", lab.lines()[-1]["model"], "gpt-4o")


def a_cache(lab, r):
    done = program(lab, "savings", "--since", "24h", "--write", "cache feature=batch ttl_seconds=300 any_temperature=true", "--reason", "again")
    lab.wait_generation(generation(done))
    for _ in range(4):
        lab.chat(model="gpt-4o", key="sk-batch", messages=[{"role": "user", "content": "the same"}])
        lab.skip_lines()
    collect(lab)
    m = measured(lab, "savings-cache-batch")
    r.equal("three of four are hits", (m["calls"], m["changed"], m["exact"]), (4, 3, True))
    one = spent(lab, "feature:batch")
    r.equal("what was saved is three times what the one call cost", Decimal(m["measured_usd"]), 3 * Decimal(one["cost_usd"]))
    with open(lab.policy_file, encoding="utf-8") as f:
        policy = json.load(f)
    policy["cache"][0]["ttl_seconds"] = 60
    policy["generation"] += 1
    lab.write_policy(policy)
    kept = program(lab, "savings", "--undo", "savings-cache-batch", "--reason", "enough")
    r.check("a rule that somebody changed since stays, and it is said", kept.returncode == 1 and "was changed since" in kept.stderr, kept)


def write(lab, rule):
    done = program(lab, "savings", "--since", "24h", "--write", rule, "--reason", "less of it")
    lab.wait_generation(generation(done))
    return generation(done)


def a_limit(lab, r):
    def call(n):
        lab.chat(model="gpt-4o", key="sk-checkout", messages=[{"role": "user", "content": f"limit {n}"}], headers={"x-mock-obey": "1"})
    for i in range(4):
        call(i)
    collect(lab)
    dear = spent(lab, "feature:checkout model:gpt-4o")
    g = write(lab, "limit feature=checkout model=gpt-4o max_output_tokens=10")
    for i in range(7):
        call(10 + i)
    collect(lab)
    lines = [x for x in lab.lines() if x["policy_generation"] == g]
    r.equal("the gateway asks for no more", [(x["max_tokens"], x["usage"]["completion_tokens"]) for x in lines], [(10, 10)] * 7)
    m = measured(lab, "savings-limit-checkout")
    r.equal("the seven are measured, as an estimate", (m["calls"], m["changed"], m["exact"]), (7, 7, False))
    # 24 tokens of $10 a million less in each: the vendor's answers are all alike, so that the estimate is the truth.
    r.equal("what was saved is what the tokens cost", Decimal(m["measured_usd"]), 7 * 24 * Decimal("0.00001"))
    both = spent(lab, "feature:checkout model:gpt-4o")
    short = (Decimal(both["cost_usd"]) - Decimal(dear["cost_usd"])) / 7
    r.equal("and the ledger's difference", Decimal(m["measured_usd"]), 7 * (Decimal(dear["cost_usd"]) / dear["requests"] - short))


def a_rate(lab, r):
    def call(n):
        return lab.chat(model="gpt-4o-mini", messages=[{"role": "user", "content": f"rate {n}"}]).status
    for i in range(6):
        call(i)
    collect(lab)
    paid = spent(lab, "feature:search model:gpt-4o-mini")
    rule = "rate feature=search model=gpt-4o-mini requests_per_minute=3"
    tried = json.loads(program(lab, "savings", "--since", "24h", "--dry-run", rule, "--format", "json").stdout)
    r.equal("the dry run refuses what is over three a minute", (tried["refused"], Decimal(tried["saved_usd"])), (3, Decimal(paid["cost_usd"]) / 2))
    write(lab, rule)
    r.equal("so does the gateway", sorted(call(10 + i) for i in range(6)), [200] * 3 + [429] * 3)
    collect(lab)
    m = measured(lab, "savings-rate-search")
    r.equal("the refused are measured, as an estimate", (m["calls"], m["changed"], m["exact"]), (6, 3, False))
    r.equal("what was saved is what three calls cost before", Decimal(m["measured_usd"]), Decimal(paid["cost_usd"]) / 2)
    undone = program(lab, "savings", "--undo", "savings-rate-search", "--reason", "enough")
    lab.wait_generation(generation(undone))
    r.equal("undone: all pass again", [call(20 + i) for i in range(4)], [200] * 4)


def run(r):
    lab = Lab(workers=1)
    try:
        lab.start()
        for test in (a_route, a_limit, a_rate, a_cache):
            r.run(test.__name__, test, lab, r)
    finally:
        lab.stop()
