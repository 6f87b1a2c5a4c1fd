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


def run(r):
    lab = Lab(workers=1)
    try:
        lab.start()
        for test in (a_route, a_cache):
            r.run(test.__name__, test, lab, r)
    finally:
        lab.stop()
