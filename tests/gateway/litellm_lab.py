"""Starts the real LiteLLM proxy with tollwatch's callback in front of a made-up provider, writes its policy, calls it."""

import http.client
import json
import os
import pathlib
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time

from upstream import Upstream

HERE = pathlib.Path(__file__).resolve().parent
CALLBACK = HERE.parent.parent / "collectors/gateways/litellm"
MODELS = {"gpt-4o": "openai/gpt-4o", "gpt-4o-mini": "openai/gpt-4o-mini", "gpt-4o-slow": "openai/gpt-4o-slow", "gpt-4o-stall": "openai/gpt-4o-stall",
          "claude-sonnet-4-5": "anthropic/claude-sonnet-4-5", "claude-slow": "anthropic/claude-slow", "gemini-2.5-pro": "gemini/gemini-2.5-pro"}
OFF = {"enabled": False, "scope": "non_critical"}
KILL = {"enabled": True, "scope": "non_critical", "inflight": "drain", "reason": "INC-1", "expires_at": None, "retry_after_seconds": 60}
CRITICAL = {"features": ["checkout"]}
PROMPT = [{"role": "user", "content": "x"}]
TOLLWATCH = os.path.abspath(os.environ.get("TOLLWATCH", "build/tollwatch"))
results = []


def check(what, fine, detail=""):
    results.append(bool(fine))
    print("ok" if fine else "not ok", what, "" if fine else f"# {detail}"[:600], flush=True)


def refused_as(answer, status, code):
    got, body, headers = answer
    return got == status and body["error"]["code"] == code and headers.get("x-should-retry") == "false"

# A key is FEATURE.TEAM.USER.NAME.ACCOUNT ("-" = none): what LiteLLM's database would know of a virtual key.
AUTH = '''
from litellm.proxy._types import UserAPIKeyAuth
async def auth(request, api_key):
    feature, team, user, name, account = (None if part == "-" else part for part in api_key.split("."))
    return UserAPIKeyAuth(api_key=api_key, team_alias=team, user_id=user, key_alias=name,
                          metadata={k: v for k, v in (("feature", feature), ("account", account)) if v})
'''


def key(feature="-", team="-", user="-", name="-", account="-"):
    return ".".join((feature, team, user, name, account))


def until(condition, seconds, what):
    """The condition's value as soon as it is true; the time is a bound, not a wait."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what() if callable(what) else what}")
        time.sleep(0.01)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Client:
    """One keep-alive connection."""

    def __init__(self, lab, api_key):
        self.port, self.api_key, self.connection = lab.port, api_key, None

    def send(self, path, body, **headers):
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"authorization": "Bearer " + self.api_key, "content-type": "application/json", **headers}
        self.connection.request("POST", path, json.dumps(body), headers)
        return self.connection.getresponse()

    def post(self, path, body, **headers):
        """(status, body as JSON or text, headers in lower case)"""
        response = self.send(path, body, **headers)
        data = response.read().decode()
        names = {k.lower(): v for k, v in response.getheaders()}
        return response.status, json.loads(data) if names.get("content-type", "").startswith("application/json") else data, names

    def chat(self, model="gpt-4o", **more):
        return self.post("/v1/chat/completions", {"model": model, "messages": [{"role": "user", "content": "x"}], **more})

    def messages(self, model="claude-sonnet-4-5", **more):
        return self.post("/v1/messages", {"model": model, "max_tokens": 64, "messages": [{"role": "user", "content": "x"}], **more})


class Lab:
    def __init__(self, workers=2):
        self.folder = tempfile.TemporaryDirectory(prefix="tollwatch-litellm-")
        self.path = pathlib.Path(self.folder.name)
        self.workers, self.generation, self.process = workers, 0, None
        self.policy, self.log = self.path / "policy/policy.json", self.path / "gateway.jsonl"
        self.ack_path = self.path / "policy/acks/lab.json"
        self.ack_path.parent.mkdir(parents=True)
        self.upstream, self.port = Upstream(), free_port()
        (self.path / "lab_auth.py").write_text(AUTH)
        (self.path / "config.yaml").write_text(json.dumps(self.config()))  # JSON is YAML

    def config(self):
        models = [{"model_name": name, "litellm_params": {"model": model, "api_key": "none",
                   "api_base": self.upstream.url + ("/v1" if model.startswith("openai/") else "")}} for name, model in MODELS.items()]
        models.append({"model_name": "mock", "litellm_params": {"model": "openai/gpt-4o-mini", "api_key": "none", "mock_response": "hello there"}})
        settings = {"callbacks": ["tollwatch_gateway.handler"], "telemetry": False, "cache": True, "cache_params": {"type": "local", "mode": "default_off"}}
        return {"model_list": models, "litellm_settings": settings,
                "router_settings": {"num_retries": 0}, "general_settings": {"custom_auth": "lab_auth.auth"}}

    def start(self, **settings):
        env = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": self.folder.name, "PYTHONPATH": str(CALLBACK), "PYTHONDONTWRITEBYTECODE": "1",
               "LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_MASTER_KEY": "sk-" + secrets.token_hex(16),
               "OPENAI_API_KEY": "none", "OPENAI_API_BASE": self.upstream.url, "ANTHROPIC_API_KEY": "none", "ANTHROPIC_API_BASE": self.upstream.url,
               "LLM_POLICY_FILE": str(self.policy), "TOLLWATCH_GATEWAY_ID": "lab", "TOLLWATCH_GATEWAY_LOG": str(self.log),
               "TOLLWATCH_STATE_DIR": str(self.path / "state"), **settings}
        command = [sys.executable, "-m", "litellm.proxy.proxy_cli", "--config", str(self.path / "config.yaml"), "--host", "127.0.0.1",
                   "--port", str(self.port), "--num_workers", str(self.workers), "--timeout_worker_healthcheck", "120"]
        with open(self.path / "litellm.log", "ab") as out:
            self.process = subprocess.Popen(command, env=env, stdout=out, stderr=out, start_new_session=True, cwd=self.folder.name)
        started = time.time()
        until(lambda: self.ready(started), 240, lambda: "LiteLLM answers\n" + self.tail())

    def ready(self, started):
        if self.process.poll() is not None:
            raise AssertionError("LiteLLM ended:\n" + self.tail())
        ack = self.ack()
        if ack.get("workers") != self.workers or self.ack_path.stat().st_mtime < started:
            return False
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            connection.request("GET", "/health/liveliness")
            return connection.getresponse().status == 200
        except OSError:
            return False

    def stop(self):
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        self.process = None

    def close(self):
        self.stop()
        self.upstream.release.set()
        self.upstream.shutdown()
        self.folder.cleanup()

    def tail(self):
        text = (self.path / "litellm.log").read_text(errors="replace") if (self.path / "litellm.log").exists() else ""
        return text[-4000:]

    # ---- the policy ----
    def write(self, text):
        temporary = self.policy.with_suffix(".new")
        temporary.write_text(text)
        temporary.rename(self.policy)

    def apply(self, **sections):
        """Writes a policy and waits until all workers have it; returns the seconds that took, by the acknowledgement."""
        self.apply_nowait(**sections)
        return self.obeyed()

    def apply_nowait(self, **sections):
        self.generation += 1
        self.write(json.dumps({"schema_version": 1, "generation": self.generation, "kill_switch": OFF, **sections}))

    def obeyed(self):
        begun = time.monotonic()
        until(lambda: self.ack().get("generation") == self.generation, 10, f"generation {self.generation} is acknowledged")
        return time.monotonic() - begun

    def ack(self):
        try:
            return json.loads(self.ack_path.read_text())
        except FileNotFoundError:
            return {}

    # ---- the log ----
    def lines(self):
        return [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []

    def line(self, **wanted):
        """The last line with these values, as soon as it is there."""
        def last():
            found = [d for d in self.lines() if all(d.get(k) == v for k, v in wanted.items())]
            return found[-1] if found else None
        return until(last, 10, f"a line with {wanted}")
