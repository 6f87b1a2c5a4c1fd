"""Runs tests/gateway/decisions.jsonl through the policy reader of the LiteLLM gateway. Needs nothing but Python 3.9."""

import json
import pathlib
import random
import sys

sys.dont_write_bytecode = True

here = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(here.parent.parent / "collectors/gateways/litellm"))
import tollwatch_policy as tp  # noqa: E402


def differences(case):
    if tp.unsound(case["policy"]):
        return [f"policy refused: {tp.unsound(case['policy'])}"]
    got, want = tp.decide(case["policy"], case["call"], tp.seconds(case["now"])), case["expect"]
    seen = {"decision": "refuse" if got.code else "allow", "code": got.code, "status": got.status, "model": got.model,
            "max_tokens": got.max_tokens, "timeout_ms": got.timeout_ms}
    return [f"{key}: {seen[key]!r} instead of {value!r}" for key, value in want.items() if seen[key] != value]


def unsound_policies():
    """What a reader must not take over: each keeps the last good policy in force."""
    on = {"enabled": True, "scope": "all"}
    for name, policy in {
        "a newer schema": {"schema_version": 2, "generation": 1},
        "no generation": {"schema_version": 1},
        "a generation that is true": {"schema_version": 1, "generation": True},
        "a list": [],
        "a switch that is neither on nor off": {"schema_version": 1, "generation": 1, "kill_switch": {"enabled": "yes"}},
        "a switch of no known scope": {"schema_version": 1, "generation": 1, "kill_switch": dict(on, scope="some")},
        "a switch that ends some day": {"schema_version": 1, "generation": 1, "kill_switch": dict(on, expires_at="soon")},
    }.items():
        yield name, tp.unsound(policy)


def mangled(value, dice):
    """A policy like this one in which any value may be something else."""
    if dice.random() < 0.08:
        return dice.choice([None, True, -1, 1e400, "", "*", [], {}, [["x"]], {"a": {}}, 10 ** 400])
    if isinstance(value, dict):
        return {k: mangled(v, dice) for k, v in value.items()}
    return [mangled(v, dice) for v in value] if isinstance(value, list) else value


def survives(cases, dice):
    """Whatever a sound policy holds, there is a decision."""
    for case in cases * 50:
        policy = mangled(case["policy"], dice)
        if tp.unsound(policy) is None:
            tp.rates(policy, tp.decide(policy, case["call"], 0.0).call or case["call"])


failed = 0
cases = [json.loads(line) for line in (here / "decisions.jsonl").read_text().splitlines()]
for case in cases:
    wrong = differences(case)
    failed += bool(wrong)
    print("not ok" if wrong else "ok", case["name"], *(f"# {w}" for w in wrong))
for name, why in unsound_policies():
    failed += why is None
    print("ok" if why else "not ok", "unsound:", name)
survives(cases, random.Random(7))
print("ok mangled policies: always a decision")
sys.exit(failed != 0)
