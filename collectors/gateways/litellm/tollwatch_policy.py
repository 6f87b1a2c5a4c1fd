"""What a policy says about a call. Pure: no files, no clock, no LiteLLM.

Owns: the sense of the policy file (schema 1): which policies are sound, and the decision on a call.
Does not: read files (tollwatch_state), count requests per minute (the gateway does), know LiteLLM.
The rules and their cases are tests/gateway/README.md and decisions.jsonl, which every gateway runs.
"""

import calendar
import re
import zlib
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Optional

UNLABELLED = "unknown"
NUMBER_MAX = 1 << 53  # beyond it, and not a number: no number of ours
NAMES = ("feature", "team", "user", "key", "account", "provider", "model", "endpoint")
TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)")


@dataclass
class Decision:
    """A refusal has a code; without one the call goes on with this model, these tokens, this time."""

    model: Optional[str]
    max_tokens: Optional[int]
    timeout_ms: Optional[int] = None
    code: Optional[str] = None
    status: int = 200
    message: str = ""
    rule: str = ""
    retry_after_s: Optional[int] = None
    call: Optional[Dict[str, Any]] = None  # as it goes upstream

    def refuse(self, status: int, code: str, message: str, rule: str = "", retry_after_s: Optional[int] = None) -> "Decision":
        self.status, self.code, self.message, self.rule, self.retry_after_s = status, code, message, rule, retry_after_s
        return self


def seconds(text: Any) -> Optional[float]:
    """Seconds since 1970 of an RFC 3339 time; None if it is not one."""
    m = TIME.fullmatch(text) if isinstance(text, str) else None
    if not m:
        return None
    zone = m.group(8)
    offset_min = 0 if zone in "Zz" else int(zone[0] + "1") * (int(zone[1:3]) * 60 + int(zone[4:6]))
    return calendar.timegm(tuple(int(m.group(i)) for i in range(1, 7))) + float(m.group(7) or 0) - offset_min * 60


def number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and -NUMBER_MAX < value < NUMBER_MAX


def part(policy: Any, key: str, kind: type) -> Any:
    """A section of the policy; one that is missing or of the wrong kind is as if empty."""
    value = policy.get(key) if isinstance(policy, dict) else None
    return value if isinstance(value, kind) else kind()


def objects(policy: Any, key: str) -> List[Dict[str, Any]]:
    return [item for item in part(policy, key, list) if isinstance(item, dict)]


def unsound(policy: Any) -> Optional[str]:
    """Why a reader must keep what it has instead of this policy; None if it is sound."""
    if not isinstance(policy, dict) or policy.get("schema_version") != 1:
        return "schema_version is not 1"
    generation = policy.get("generation")
    if not isinstance(generation, int) or isinstance(generation, bool) or generation < 0:
        return "generation is not a whole number"
    switch = policy.get("kill_switch")
    if switch is None:
        return None
    if not isinstance(switch, dict) or not isinstance(switch.get("enabled"), bool):
        return "kill_switch.enabled is neither true nor false"
    if switch["enabled"] and switch.get("scope") not in ("non_critical", "all"):
        return "kill_switch.scope is neither non_critical nor all"
    if switch["enabled"] and switch.get("expires_at") is not None and seconds(switch["expires_at"]) is None:
        return "kill_switch.expires_at is not a time"
    return None


def over(until: Any, now_s: float) -> bool:
    """Is the time over? No time is never over."""
    end_s = seconds(until)
    return end_s is not None and end_s <= now_s


def killed(policy: Dict[str, Any], feature: Optional[str], now_s: float) -> bool:
    switch = part(policy, "kill_switch", dict)
    if switch.get("enabled") is not True or over(switch.get("expires_at"), now_s):
        return False
    return switch.get("scope") == "all" or (feature or UNLABELLED) not in part(part(policy, "critical", dict), "features", list)


def fits(pattern: Any, value: Optional[str]) -> bool:
    if isinstance(pattern, list):
        return any(isinstance(p, str) and fits(p, value) for p in pattern)
    if not isinstance(pattern, str) or not value:
        return False
    return value.startswith(pattern[:-1]) if pattern.endswith("*") else value == pattern


def holds(key: str, wanted: Any, call: Dict[str, Any]) -> bool:
    if key in NAMES:
        return fits(wanted, call.get(key))
    if key == "percent":
        return number(wanted) and zlib.crc32(str(call.get("request_id") or "").encode()) % 100 < wanted
    if key == "max_prompt_bytes":
        return number(wanted) and call.get("prompt_bytes") is not None and call["prompt_bytes"] <= wanted
    return key == "tools" and isinstance(wanted, bool) and call.get("tools") is wanted


def matches(rule: Dict[str, Any], call: Dict[str, Any]) -> bool:
    wanted = rule.get("match", {})
    return isinstance(wanted, dict) and all(holds(key, value, call) for key, value in wanted.items())


def routed(policy: Dict[str, Any], call: Dict[str, Any]) -> Optional[Dict[str, str]]:
    """The model that the first rule that matches sends the call to."""
    routing = part(policy, "routing", dict)
    for rule in objects(routing, "rules"):
        if matches(rule, call):
            model = rule.get("set_model") or part(routing, "tiers", dict).get(str(rule.get("set_tier")))
            return {"model": model, "rule": str(rule.get("id", ""))} if isinstance(model, str) else None
    return None


def blocking_budget(policy: Dict[str, Any], call: Dict[str, Any], now_s: float) -> Optional[str]:
    opened = [o.get("budget") for o in objects(policy, "overrides") if not over(o.get("until"), now_s)]
    for budget in objects(policy, "budgets"):
        if budget.get("state") != "exhausted" or budget.get("enforcement") == "soft" or budget.get("action") == "alert":
            continue
        scope = part(budget, "scope", dict)
        touched = scope.get("type") == "global" or (
            scope.get("type") in NAMES and fits(scope.get("value"), call.get(scope["type"])))
        if touched and not over(budget.get("resets_at"), now_s) and budget.get("id") not in opened:
            return str(budget.get("id", ""))
    return None


def apply_limits(policy: Dict[str, Any], call: Dict[str, Any], decision: Decision) -> Decision:
    asked = decision.max_tokens
    for limit in objects(policy, "limits"):
        if not matches(limit, call):
            continue
        most, time_ms, name = limit.get("max_output_tokens"), limit.get("timeout_ms"), str(limit.get("id", ""))
        if number(time_ms):
            decision.timeout_ms = min(int(time_ms), decision.timeout_ms or int(time_ms))
        if not number(most):
            continue
        if limit.get("on_exceed") == "reject" and asked is not None and asked > most:
            return decision.refuse(400, "max_tokens_exceeded", f"Limit {name}: at most {most} output tokens, {asked} asked for", name)
        if decision.max_tokens is None or decision.max_tokens > most:
            decision.max_tokens = int(most)
    return decision


def at_model(call: Dict[str, Any], model: Optional[str], provider_of: Optional[Callable[[str], str]]) -> Dict[str, Any]:
    """The call as it goes upstream: another model can be another provider's, and so another account's."""
    call = dict(call, model=model)
    if provider_of and model:
        call["provider"] = provider_of(model)
        call["account"] = call.get("key_account") or call["provider"]
    return call


def decide(policy: Dict[str, Any], call: Dict[str, Any], now_s: float, provider_of: Optional[Callable[[str], str]] = None,
           known: Callable[[str], bool] = lambda model: True) -> Decision:
    """The decision without rates per minute, which are each gateway's own. A call is what is known of it, by name.
    A route to a model that the gateway does not know is none."""
    call = dict(call, feature=call.get("feature") or UNLABELLED)
    asked = call.get("max_tokens")
    decision = Decision(model=call.get("model"), max_tokens=asked if number(asked) else None)
    if killed(policy, call["feature"], now_s):
        switch = policy["kill_switch"]
        what = "LLM calls" if switch.get("scope") == "all" else "Non-critical LLM calls"
        reason, retry = switch.get("reason"), switch.get("retry_after_seconds")
        message = f"{what} are stopped by operations" + (f": {reason}" if isinstance(reason, str) and reason else "")
        return decision.refuse(503, "kill_switch_engaged", message, retry_after_s=int(retry) if number(retry) else None)
    call = at_model(call, decision.model, provider_of)
    route = routed(policy, call)
    if route and known(route["model"]):
        decision.model, decision.rule = route["model"], route["rule"]
        call = at_model(call, decision.model, provider_of)
    decision.call = call
    budget = blocking_budget(policy, call, now_s)
    if budget is not None:
        return decision.refuse(429, "budget_exceeded", f"Budget {budget} is exhausted", budget)
    return apply_limits(policy, call, decision)


def rates(policy: Dict[str, Any], call: Dict[str, Any]) -> List[Dict[str, Any]]:
    """Rules on requests and tokens per minute that hold for the call as it goes upstream. Each counts per gateway."""
    return [{"id": str(rule.get("id", "")), "requests": rule.get("requests_per_minute"), "tokens": rule.get("tokens_per_minute")}
            for rule in objects(policy, "rate_limits") if matches(rule, call)]
