"""lab: a real nginx gateway in front of a made-up vendor, on free loopback ports in a temporary folder.

Owns starting, stopping, writing policies, calling, and waiting with a deadline. Proves nothing itself.
"""
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
GATEWAY = os.path.join(ROOT, "collectors", "gateways", "nginx")
TOLLWATCH = os.environ.get("TOLLWATCH") or os.path.join(ROOT, "build", "tollwatch")
NGINX = "/usr/sbin/nginx" if os.path.exists("/usr/sbin/nginx") else "nginx"
TEMP_PATHS = "".join(f"    {kind}_temp_path {{run}}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))

LABELS = """map_hash_bucket_size 256;
map $llm_client_key $llm_labels_of_key { default "";
    sk-search "feature=search team=web key=search-prod user=ann account=acme";
    sk-checkout "feature=checkout team=shop key=checkout-prod";
    sk-batch "feature=batch team=data key=batch-nightly"; }
map $uri $llm_labels_of_route { default ""; ~^/v1/responses "feature=agents"; }
"""


class Failed(Exception):
    pass


def until(what, probe, seconds=20.0):
    """Polls until probe() is true and returns that; fails by name at the deadline."""
    end = time.monotonic() + seconds
    while True:
        value = probe()
        if value:
            return value
        if time.monotonic() > end:
            raise Failed(f"waited {seconds} s for {what}")
        time.sleep(0.005)


def free_ports(n):
    socks = [socket.socket() for _ in range(n)]
    try:
        for s in socks:
            s.bind(("127.0.0.1", 0))
        return [s.getsockname()[1] for s in socks]
    finally:
        for s in socks:
            s.close()


def fill(text, values):
    for name, value in values.items():
        text = text.replace(f"@{name}@", str(value))
    return text


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def write_whole(path, text):
    """As the policy's writer does: a file of its own, then rename."""
    with open(path + ".new", "w", encoding="utf-8") as f:
        f.write(text)
    os.rename(path + ".new", path)


def policy(generation=1, **parts):
    """A policy that lets everything pass, with the parts given in place of its own."""
    base = {"schema_version": 1, "generation": generation, "kill_switch": {"enabled": False, "scope": "non_critical"},
            "critical": {"features": ["checkout"]}}
    base.update(parts)
    return base


def switch(scope="non_critical", **more):
    return dict({"enabled": True, "scope": scope, "inflight": "drain", "reason": "INC-1"}, **more)


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)

    def events(self):
        return [e[e.index("data: ") + 6:] for e in self.body.decode().replace("\r\n", "\n").split("\n\n") if "data: " in e]


class Lab:
    def __init__(self, keep=None, workers=2, **settings):
        self.run = keep or tempfile.mkdtemp(prefix="tollwatch-gateway.")
        self.port, self.mock_port, self.plain_port = free_ports(3)
        self.settings, self.workers = settings, workers
        self.policy_dir = os.path.join(self.run, "policy")
        self.policy_file = os.path.join(self.policy_dir, "policy.json")
        self.ack_file = os.path.join(self.policy_dir, "acks", "gw-test.json")
        self.log_file = os.path.join(self.run, "gateway.jsonl")
        self.gateway = self.mock = None
        self.processes = []
        for d in ("policy/acks", "state"):
            os.makedirs(os.path.join(self.run, d), exist_ok=True)
        self.labels, self.keys = LABELS, 'map $llm_provider $llm_upstream_key { default ""; }\n'
        self.seen_lines, self.answered, self.lock = 0, 0, threading.Lock()

    # ---- processes ----
    def configure(self):
        conf = os.path.join(self.run, "etc")
        shutil.rmtree(conf, ignore_errors=True)
        shutil.copytree(GATEWAY, conf)
        text = read(os.path.join(conf, "nginx.conf"))
        replaced = {
            "user www-data;": "user root;\ndaemon off;\n" if os.getuid() == 0 else "daemon off;\n",
            "worker_processes auto;": f"worker_processes {self.workers};",
            "/run/tollwatch-gateway.pid": f"{self.run}/gateway.pid",
            "/var/log/tollwatch/gateway-error.log": f"{self.run}/gateway-error.log",
            "/var/log/tollwatch/gateway.jsonl": self.log_file,
            "http {\n": "http {\n" + TEMP_PATHS.replace("{run}", self.run),
            "/var/lib/llm-policy/policy.json": self.policy_file,
            '"/var/lib/tollwatch-gateway"': f'"{self.run}/state"',
            'gateway = ""': 'gateway = "gw-test"',
            "127.0.0.1:8080": f"127.0.0.1:{self.port}",
        }
        for name, value in self.settings.items():
            default = {"on_no_policy": '"allow"', "poll_seconds": "0.25", "no_include_usage": '"mistral"'}.get(name, '""')
            replaced[f"{name} = {default}"] = f"{name} = {json.dumps(value)}"
        for old, new in replaced.items():
            if old not in text:
                raise Failed(f"nginx.conf has no {old!r}")
            text = text.replace(old, new)
        self.put("nginx.conf", text)
        upstreams = read(os.path.join(conf, "upstreams.conf")).replace("https://", "http://")
        for host in ("api.openai.com", "api.anthropic.com", "generativelanguage.googleapis.com", "api.mistral.ai"):
            upstreams = upstreams.replace(f"{host}:443", f"127.0.0.1:{self.mock_port}")
        self.put("upstreams.conf", upstreams)
        self.put("labels.conf", self.labels)
        self.put("keys.conf", self.keys)

    def put(self, name, text):
        write_whole(os.path.join(self.run, "etc", name), text)

    def spawn(self, prefix, conf):
        return subprocess.Popen([NGINX, "-p", prefix, "-c", conf, "-e", os.path.join(self.run, "start.log")],
                                umask=0,  # as a daemon has it
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def answers(self, port, process):
        if process.poll() is not None:
            raise Failed("nginx did not start: " + read(os.path.join(self.run, "start.log"))[-2000:] + self.errors()[-2000:])
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", port)) == 0

    def start_helper(self, name, port):
        """mock.conf or plain.conf, filled in."""
        values = {"USER": "user root;" if os.getuid() == 0 else "", "RUN": self.run, "MOCK": HERE, "LUA": os.path.join(GATEWAY, "lua"),
                  "MOCK_PORT": self.mock_port, "PLAIN_PORT": self.plain_port}
        write_whole(os.path.join(self.run, name), fill(read(os.path.join(HERE, name)), values))
        process = self.spawn(self.run, name)
        self.processes.append(process)
        until(name, lambda: self.answers(port, process))
        return process

    def start_mock(self):
        self.mock = self.start_helper("mock.conf", self.mock_port)

    def start_plain(self):
        self.start_helper("plain.conf", self.plain_port)

    def start_gateway(self):
        self.configure()
        self.gateway = self.spawn(os.path.join(self.run, "etc") + "/", "nginx.conf")
        until("the gateway", lambda: self.answers(self.port, self.gateway))

    def start(self):
        self.start_mock()
        self.start_gateway()
        return self

    def reload(self):
        self.gateway.send_signal(signal.SIGHUP)

    def stop_gateway(self):
        if self.gateway and self.gateway.poll() is None:
            self.gateway.terminate()
            self.gateway.wait(10)
        self.gateway = None

    def stop_all(self):
        self.stop_gateway()
        for process in self.processes:
            if process.poll() is None:
                process.terminate()
                process.wait(10)

    def stop(self):
        self.stop_all()
        shutil.rmtree(self.run, ignore_errors=True)

    def errors(self):
        try:
            return read(os.path.join(self.run, "gateway-error.log"))
        except OSError:
            return ""

    # ---- policy ----
    def write_policy(self, p):
        write_whole(self.policy_file, p if isinstance(p, str) else json.dumps(p))

    def obey(self, p):
        """Writes it and waits until every worker has it."""
        self.write_policy(p)
        self.wait_generation(p["generation"])

    def ack(self):
        try:
            return json.loads(read(self.ack_file))
        except OSError:
            return {}

    def wait_generation(self, generation):
        until(f"generation {generation}", lambda: self.ack().get("generation") == generation and self.ack().get("workers") == self.workers)

    def tollwatch(self, *args):
        """The program, on this lab's policy."""
        env = dict(os.environ, HOME=self.run, TOLLWATCH_USER="tester")
        return subprocess.run([TOLLWATCH, "--policy", self.policy_file, *args], capture_output=True, text=True, env=env, check=False)

    # ---- calls ----
    def connect(self, port=None):
        return http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=20)

    def call(self, path, body=None, key=None, method="POST", connection=None, **headers):
        c = connection or self.connect()
        head = {"Content-Type": "application/json"} if body is not None else {}
        if key:
            head["Authorization"] = "Bearer " + key
        head.update({k.replace("_", "-"): str(v) for k, v in headers.items()})
        data = body if isinstance(body, (bytes, str)) or body is None else json.dumps(body)
        c.request(method, path, data, head)
        r = c.getresponse()
        try:
            text = r.read()
        except http.client.IncompleteRead as e:
            text = e.partial + b"\n\n!cut"
        if not connection:
            c.close()
        with self.lock:
            self.answered += method == "POST" and c.port == self.port
        return Answer(r.status, r.headers, text)

    def chat(self, key="sk-search", connection=None, headers=None, **body):
        base = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}]}
        base.update(body)
        return self.call("/v1/chat/completions", base, key, connection=connection, **(headers or {}))

    def seen(self, tag):
        c = self.connect(self.mock_port)
        c.request("GET", "/mock/seen?tag=" + tag)
        got = json.loads(c.getresponse().read())
        c.close()
        return got

    # ---- log ----
    def lines(self):
        try:
            text = read(self.log_file)
        except OSError:
            return []
        return [json.loads(line) for line in text[:text.rfind("\n") + 1].splitlines()]

    def new_lines(self, n=1):
        """The next n lines of the log."""
        until(f"{n} lines in the log", lambda: len(self.lines()) >= self.seen_lines + n)
        lines = self.lines()[self.seen_lines:]
        self.seen_lines += len(lines)
        return lines

    def skip_lines(self):
        """Forgets the lines of all calls so far; a line comes a moment after its answer."""
        until("the lines of all calls", lambda: len(self.lines()) >= self.answered)
        self.seen_lines = len(self.lines())


class Report:
    """Prints what the test runner counts."""

    def __init__(self):
        self.passed, self.failed = 0, 0

    def check(self, what, ok, detail=""):
        if ok:
            self.passed += 1
            print("ok", what, flush=True)
        else:
            self.failed += 1
            print("not ok", what, "--", str(detail)[:2000], flush=True)

    def equal(self, what, got, want):
        self.check(what, got == want, f"got {got!r}, want {want!r}")

    def run(self, title, test, *args):
        """A test that cannot go on fails; the others run all the same."""
        began = time.monotonic()
        try:
            test(*args)
            note(f"{title}: {time.monotonic() - began:.1f} s")
        except (Failed, OSError, ValueError, KeyError, IndexError, TypeError, AttributeError, http.client.HTTPException) as e:
            import traceback
            self.check(title, False, traceback.format_exc() if not isinstance(e, Failed) else e)


def note(text):
    print("#", text, file=sys.stdout, flush=True)
