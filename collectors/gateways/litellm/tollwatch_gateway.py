"""LiteLLM's callback: makes a LiteLLM proxy obey tollwatch's policy file and write tollwatch's gateway log.

    litellm_settings:
      callbacks: tollwatch_gateway.handler

Owns: everything that is LiteLLM's: its hooks, its fields, its errors.
Does not: decide (tollwatch_policy), keep anything between requests (tollwatch_state).
Settings are environment variables; the README beside this file lists them.
"""

import contextvars
import json
import logging
import os
import re
import socket
import sys
import time
import uuid
from dataclasses import dataclass, field

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # LiteLLM loads this file by its path

import litellm  # noqa: E402
from litellm.integrations.custom_logger import CustomLogger  # noqa: E402
from litellm.proxy._types import ProxyException  # noqa: E402

import tollwatch_policy as policy_rules  # noqa: E402
from tollwatch_state import Acknowledgement, Counters, Log, PolicyFile, Salt, Watch, make_folder, rfc3339  # noqa: E402

NAME_MAX = 128  # as long as names are in tollwatch
FREE = ("aget_", "alist_", "adelete_", "acancel_", "aretrieve_")  # kinds of calls that no provider bills
TYPES = {"kill_switch_engaged": "service_unavailable", "no_policy": "service_unavailable", "budget_exceeded": "insufficient_quota",
         "rate_limit_exceeded": "requests", "max_tokens_exceeded": "invalid_request_error"}
ANTHROPIC_TYPES = {400: "invalid_request_error", 429: "rate_limit_error", 503: "api_error"}
GOOGLE_STATES = {400: "INVALID_ARGUMENT", 429: "RESOURCE_EXHAUSTED", 503: "UNAVAILABLE"}
running = contextvars.ContextVar("tollwatch_call", default=None)  # follows a request into its stream and its log events


@dataclass
class Call:
    """A request from its arrival to its line in the log."""

    id: str
    started_s: float
    labels: dict
    endpoint: str
    model_requested: str
    stream: bool
    prompt: dict
    generation: int = None
    max_tokens: int = None
    rates: list = field(default_factory=list)
    counted: list = field(default_factory=list)  # (counter, guess) of the tokens
    upstream_ids: list = field(default_factory=list)
    closed: bool = False  # has its last line


class Refusal(ProxyException):
    """An error in the shape of the API that the client speaks, which tells its SDK not to try again."""

    def __init__(self, decision, endpoint, generation):
        headers = {"x-should-retry": "false", "x-llm-refused": decision.code, "x-llm-policy-generation": str(generation)}
        if decision.retry_after_s:
            headers["retry-after"] = str(decision.retry_after_s)
        message = decision.message
        if endpoint.endswith("/messages"):  # LiteLLM passes on an error that is in Anthropic's shape already
            message = json.dumps({"type": "error", "error": {
                "type": ANTHROPIC_TYPES[decision.status], "message": decision.message, "code": decision.code}})
        super().__init__(message=message, type=TYPES[decision.code], param=None, code=decision.status, headers=headers)
        self.decision, self.endpoint = decision, endpoint

    def to_dict(self):  # LiteLLM puts it into {"error": ...}
        d = self.decision
        if "enerateContent" in self.endpoint:
            return {"code": d.status, "message": d.message, "status": GOOGLE_STATES[d.status]}
        if self.endpoint.endswith("/messages"):
            return {"type": ANTHROPIC_TYPES[d.status], "message": d.message, "code": d.code}
        return {"message": d.message, "type": self.type, "param": None, "code": d.code}


class Quiet(logging.Filter):
    """LiteLLM logs each error; a stop that refuses a hundred calls a second must not fill its disk. Ours has them."""

    def filter(self, record):
        return not (isinstance(record.args, tuple) and any(isinstance(arg, Refusal) for arg in record.args))


class Settings:
    def __init__(self, env):
        self.gateway = env.get("TOLLWATCH_GATEWAY_ID") or "litellm-" + socket.gethostname()
        state = env.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local/state")
        shared = "/var/lib/llm-policy"
        own = os.path.join(state, "tollwatch/policy")
        self.policy = env.get("LLM_POLICY_FILE") or os.path.join(shared if os.path.isdir(shared) else own, "policy.json")
        self.log = env.get("TOLLWATCH_GATEWAY_LOG") or "/var/log/tollwatch/litellm.jsonl"
        self.state = env.get("TOLLWATCH_STATE_DIR") or os.path.join(state, "tollwatch", self.gateway)
        self.trusted = env.get("TOLLWATCH_TRUST_CLIENT_LABELS", "").replace(",", " ").split()
        self.deny_without_policy = env.get("TOLLWATCH_NO_POLICY", "allow") == "deny"


def labels_of(key, data, headers, trusted):
    """From the virtual key, which the client cannot choose; of the labels named as trusted also what the client says."""
    client = policy_rules.part(policy_rules.part(data, "metadata", dict), "requester_metadata", dict)
    own = {"team": key.team_alias or key.team_id, "user": key.user_id, "key": key.key_alias or (key.token or "")[:12] or None}
    labels = {}
    for name in ("feature", "team", "user", "key", "account"):
        value = (key.metadata or {}).get(name) or (key.team_metadata or {}).get(name) or own.get(name)
        if not value and name in trusted:
            value = headers.get("x-tollwatch-" + name) or client.get(name)
        labels[name] = str(value)[:NAME_MAX] if value else None
    return labels


def token_paths(endpoint):
    """Where a client of this API says how many tokens it wants at most; the first is made if there is none."""
    if endpoint.endswith("/responses"):
        return [("max_output_tokens",)]
    if endpoint.endswith("/messages"):
        return [("max_tokens",)]
    if endpoint.endswith("completions"):
        return [("max_tokens",), ("max_completion_tokens",)]
    return [("generationConfig", "maxOutputTokens")] if "enerateContent" in endpoint else []


def asked_tokens(paths, data):
    found = [policy_rules.part(data, path[0], dict).get(path[1]) if len(path) > 1 else data.get(path[0]) for path in paths]
    given = [int(value) for value in found if policy_rules.number(value)]
    return max(given) if given else None


def put_tokens(paths, data, most):
    present = [path for path in paths if data.get(path[0]) is not None] or paths[:1]
    for path in present:
        if len(path) > 1 and not isinstance(data.get(path[0]), dict):
            data[path[0]] = {}
        place = data[path[0]] if len(path) > 1 else data
        asked = place.get(path[-1])
        place[path[-1]] = min(most, asked) if policy_rules.number(asked) else most


def deployments(model):
    """What the proxy has under this name."""
    from litellm.proxy import proxy_server

    return (proxy_server.llm_router.get_model_list(model_name=model) or []) if proxy_server.llm_router else []


def provider_of(model):
    params = deployments(model)[0]["litellm_params"] if deployments(model) else {"model": model}
    try:
        return params.get("custom_llm_provider") or litellm.get_llm_provider(params["model"])[1]
    except litellm.exceptions.BadRequestError:  # a name that LiteLLM cannot place
        return None


def prompt_of(data, salt, headers):
    """Size and hashes of the prompt. The prefix is what a conversation begins with every time: tools and system text."""
    messages = data.get("messages") or data.get("input") or data.get("prompt") or data.get("contents") or ""
    head = 0
    while isinstance(messages, list) and head < len(messages) and isinstance(messages[head], dict) and \
            messages[head].get("role") in ("system", "developer"):
        head += 1
    system = data.get("system") or data.get("instructions") or data.get("systemInstruction") or ""
    prefix = json.dumps([data.get("tools") or [], system, messages[:head] if head else []], default=str).encode()
    tools = data.get("tools")
    length = headers.get("content-length", "")
    whole = prefix + json.dumps(messages[head:] if head else messages, default=str).encode()
    empty = not tools and not system and not head
    return {"prompt_bytes": int(length) if length.isdecimal() else len(whole), "tools": len(tools) if isinstance(tools, list) else 0,
            "prompt_hash": salt.hash(whole), "prefix_hash": None if empty else salt.hash(prefix), "prefix_bytes": 0 if empty else len(prefix)}


def json_object(text):
    try:
        value = json.loads(text) if isinstance(text, (str, bytes)) and text[:1] in ("{", b"{") else None
    except ValueError:
        value = None
    return value if isinstance(value, dict) else {}


def passed_through(response):
    """The provider's answer that LiteLLM only handed on."""
    answer = response.get("response") if isinstance(response, dict) else None
    return answer if isinstance(answer, dict) else json_object(answer)


def plain(value):
    """LiteLLM's models as dictionaries without what is not set."""
    value = value.model_dump() if hasattr(value, "model_dump") else value
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items() if v is not None}
    return value


def usage_of(answer, response):
    """The provider's own object; of a stream LiteLLM's, which counts as OpenAI does (caches are part of the input)."""
    own = answer.get("usage") or answer.get("usageMetadata")
    if isinstance(own, dict) and own:
        return own
    usage = plain(getattr(response, "usage", None) or (response.get("usage") if isinstance(response, dict) else None)) or {}
    if "prompt_tokens" not in usage:
        return usage or None
    details = usage.setdefault("prompt_tokens_details", {})
    for ours, theirs in (("cached_tokens", "cache_read_input_tokens"), ("cache_creation_tokens", "cache_creation_input_tokens")):
        value = usage.pop(theirs, None)  # at this place it would make the object look like Anthropic's
        if value:
            details.setdefault(ours, value)
    usage.pop("cost", None)
    return usage


class Gateway(CustomLogger):
    def __init__(self, settings):
        super().__init__()
        state = make_folder(settings.state)
        self.settings = settings
        self.log, self.salt = Log(settings.log), Salt(os.path.join(state, "salt"))
        self.policy = PolicyFile(settings.policy, os.path.join(state, "last-good.json"))
        self.counters_path, self.counters_ = os.path.join(state, "rates.db"), None
        acks = os.path.join(os.path.dirname(settings.policy), "acks", settings.gateway + ".json")
        self.acknowledgement = Acknowledgement(acks, settings.gateway, os.path.join(state, "workers.json"))
        self.start()
        os.register_at_fork(after_in_child=self.start)
        logging.getLogger("LiteLLM Proxy").filters.insert(0, Quiet())  # before LiteLLM's own, which make texts of the arguments

    def start(self):
        Watch(self.policy, self.acknowledgement).start()

    def counters(self):
        if self.counters_ is None:  # opened by the worker that uses it, not by a parent that forks
            self.counters_ = Counters(self.counters_path)
        return self.counters_

    # ---- before the call ----
    async def async_pre_call_hook(self, user_api_key_dict, cache, data, call_type):
        if call_type.startswith(FREE) or "mcp" in call_type:
            return data
        endpoint = user_api_key_dict.request_route or ""
        paths = token_paths(endpoint)
        # A body that LiteLLM only hands on is all the client's: what LiteLLM puts beside other bodies may be forged in it.
        own = {} if call_type == "pass_through_endpoint" else data
        call = self.arrived(user_api_key_dict, data, own, endpoint, asked_tokens(paths, data))
        running.set(call)
        policy = self.policy.policy()
        decision = self.decided(policy, call)
        if decision.code:
            raise self.refused(call, decision)
        call.max_tokens = decision.max_tokens
        if "model" in data and decision.model:
            data["model"] = decision.model
        if decision.max_tokens is not None:
            put_tokens(paths, data, decision.max_tokens)
        if decision.timeout_ms:
            asked_s = data.get("timeout")
            data["timeout"] = min(decision.timeout_ms / 1000, asked_s if policy_rules.number(asked_s) and asked_s > 0 else float("inf"))
        return data

    def arrived(self, key, data, own, endpoint, max_tokens):
        headers = policy_rules.part(policy_rules.part(own, "proxy_server_request", dict), "headers", dict)
        call_id = None if "x-litellm-call-id" in headers else own.get("litellm_call_id")  # a client's may come twice
        in_path = re.search(r"models/([^/:]+)", endpoint)
        model = data.get("model") or (in_path and in_path.group(1))
        return Call(id=str(call_id or uuid.uuid4().hex), started_s=time.time(), endpoint=endpoint[:NAME_MAX],
                    labels=labels_of(key, own, headers, self.settings.trusted),
                    model_requested=model[:NAME_MAX] if isinstance(model, str) else None, stream=bool(data.get("stream")),
                    prompt=prompt_of(data, self.salt, headers), max_tokens=max_tokens)

    def decided(self, policy, call):
        asked = dict(call.labels, key_account=call.labels["account"], model=call.model_requested, endpoint=call.endpoint,
                     request_id=call.id, max_tokens=call.max_tokens, prompt_bytes=call.prompt["prompt_bytes"],
                     tools=call.prompt["tools"] > 0)
        if policy is None:
            passed = policy_rules.Decision(model=call.model_requested, max_tokens=call.max_tokens)
            return passed.refuse(503, "no_policy", "There is no policy file") if self.settings.deny_without_policy else passed
        call.generation = policy["generation"]
        decision = policy_rules.decide(policy, asked, call.started_s, provider_of, lambda model: bool(deployments(model)))
        if not decision.code:
            call.labels["provider"] = decision.call.get("provider")
            call.rates = policy_rules.rates(policy, decision.call)
            self.hold_rates(call, decision)
        return decision

    def hold_rates(self, call, decision):
        guess = call.prompt["prompt_bytes"] // 4 + 1  # of the tokens, until the answer tells
        places = [(f"{kind}/{rate['id']}", count, rate[kind], rate, kind) for rate in call.rates
                  for kind, count in (("requests", 1), ("tokens", guess)) if policy_rules.number(rate[kind])]
        full = self.counters().take([place[:3] for place in places], call.started_s) if places else None
        if full is not None:
            _, _, most, rate, kind = places[full]
            message = f"Rate limit {rate['id']}: {most} {kind} per minute"
            decision.refuse(429, "rate_limit_exceeded", message, rate["id"], 60 - int(call.started_s % 60))
        call.counted = [(name, guess) for name, _, _, _, kind in places if kind == "tokens"]

    def settle(self, call, usage):
        """What the call used in place of the guess; unknown use leaves the guess."""
        used = tokens_in(usage)
        for name, guess in call.counted if used else ():
            self.counters().add(name, used - guess, time.time())
        call.counted = [(name, 0) for name, _ in call.counted]  # what a second answer used comes on top

    def refused(self, call, decision):
        call.closed = True
        self.log.write(self.line(call, status=decision.status, refused=decision.code, latency_ms=0))
        return Refusal(decision, call.endpoint, call.generation)

    # ---- while it streams ----
    async def async_post_call_streaming_iterator_hook(self, user_api_key_dict, response, request_data):
        call, whole = running.get(), False
        try:
            async for chunk in response:
                if call and self.cut(call):
                    raise ConnectionAbortedError("LLM calls in flight are stopped by operations")
                yield chunk
            whole = True
        finally:
            if call and not whole:  # what was generated is billed, but how much it was nobody told
                self.log.write(self.line(call, status=499, latency_ms=(time.time() - call.started_s) * 1000))

    def cut(self, call):
        policy = self.policy.policy()
        if not policy or policy_rules.part(policy, "kill_switch", dict).get("inflight") != "abort":
            return False
        call.closed = call.closed or policy_rules.killed(policy, call.labels["feature"], time.time())
        return call.closed

    # ---- after it ----
    async def async_log_success_event(self, kwargs, response_obj, start_time, end_time):
        call = running.get()
        if call is None or call.closed:
            return
        answer = json_object(kwargs.get("original_response")) or passed_through(response_obj)
        usage = usage_of(answer, response_obj)
        upstream = answer.get("id") or answer.get("responseId") or getattr(response_obj, "id", None)
        if len(str(upstream)) > NAME_MAX:
            upstream = None  # LiteLLM's own wrapping, new each time: nobody else has seen it
        if upstream not in call.upstream_ids:
            call.upstream_ids.append(upstream)
        again = call.upstream_ids.index(upstream)  # one request can be several calls, and each is billed
        first = kwargs.get("completion_start_time")
        self.log.write(self.line(
            call, request_id=f"{call.id}.{again}" if again else call.id, upstream_id=upstream, usage=usage,
            usage_state="full" if usage else "missing", status=200, provider=kwargs.get("custom_llm_provider") or call.labels.get("provider"),
            model=answer.get("model") or kwargs.get("model"), latency_ms=(end_time - start_time).total_seconds() * 1000,
            ttft_ms=(first - start_time).total_seconds() * 1000 if call.stream and first else None,
            cache="hit" if kwargs.get("cache_hit") is True else "miss" if litellm.cache else "bypass"))
        self.settle(call, usage)

    async def async_log_failure_event(self, kwargs, response_obj, start_time, end_time):
        call = running.get()
        if call is None or call.closed:
            return
        status = getattr(kwargs.get("exception"), "status_code", None)
        self.log.write(self.line(call, status=status if isinstance(status, int) else 500, model=kwargs.get("model"),
                                 provider=kwargs.get("custom_llm_provider") or call.labels.get("provider"),
                                 latency_ms=(time.time() - call.started_s) * 1000))

    def line(self, call, **known):
        for name in ("latency_ms", "ttft_ms"):
            if known.get(name) is not None:
                known[name] = max(0, round(known[name]))
        labels = {name: call.labels[name] for name in ("feature", "team", "user", "key")}
        return {"ts": rfc3339(call.started_s), "request_id": call.id, "upstream_id": None, "gateway": self.settings.gateway,
                "provider": call.labels.get("provider"), "endpoint": call.endpoint, "model_requested": call.model_requested,
                "model": None, **labels, "stream": call.stream, "status": None, "refused": None, "usage": None,
                "usage_state": "missing", "cache": "bypass", "latency_ms": None, "ttft_ms": None, "max_tokens": call.max_tokens,
                **call.prompt, "policy_generation": call.generation, **known}


def tokens_in(usage):
    total = (usage or {}).get("total_tokens") or (usage or {}).get("totalTokenCount")
    parts = ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "prompt_tokens", "completion_tokens")
    return int(total or sum(v for k, v in (usage or {}).items() if k in parts and policy_rules.number(v)))


handler = Gateway(Settings(os.environ))
