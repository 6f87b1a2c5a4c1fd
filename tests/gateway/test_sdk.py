"""The gateway through the real openai and @anthropic-ai/sdk packages: calls, streams, refusals, aborts."""
import json
import os
import subprocess

from lab import Lab, policy, switch


def start(lab, steps):
    env = dict(os.environ, BASE=f"http://127.0.0.1:{lab.port}", STEPS=steps)
    return subprocess.Popen(["node", "sdk.mjs"], cwd=os.environ["SDK"], env=env, stdout=subprocess.PIPE, text=True)


def results(process):
    lines = [json.loads(line) for line in process.stdout]
    process.wait(60)
    return {x["step"]: x for x in lines}


def calls(lab, r):
    got = results(start(lab, "chat chat_stream chat_stream_usage empty_tools large responses messages messages_stream"))
    for step in ("chat", "empty_tools", "large"):
        r.equal(f"openai: {step}", (got[step].get("usage") or got[step]).get("total_tokens"), 154)
    r.equal("openai: a stream has no event without choices unless asked", [got["chat_stream"].get(k) for k in ("n", "empty", "usage")], [4, 0, None])
    asked = got["chat_stream_usage"]
    r.equal("openai: asked for, usage comes", (asked.get("n"), asked.get("empty"), (asked.get("usage") or {}).get("total_tokens")), (5, 1, 154))
    r.equal("openai: tools [] arrive as they are", json.loads(lab.seen("sdk-tools")["request"]["body"])["tools"], [])
    r.equal("openai: responses", (got["responses"].get("usage") or {}).get("total_tokens"), 350)
    for step in ("messages", "messages_stream"):
        usage = got[step].get("usage") or got[step]
        r.equal(f"anthropic: {step}", (usage.get("cache_read_input_tokens"), usage.get("output_tokens")), (1000, 15))
    lines = lab.new_lines(8)
    r.equal("every call has its usage in the log", [x["usage_state"] for x in lines], ["full"] * 8)


def refusals(lab, r):
    lab.obey(policy(2, kill_switch=switch("all")))
    lab.skip_lines()
    got = results(start(lab, "refused_chat refused_chat_stream refused_messages"))
    for step in ("refused_chat", "refused_chat_stream"):
        r.equal(f"openai: {step} is an error of theirs", [got[step].get(k) for k in ("status", "code", "name")], [503, "kill_switch_engaged", "InternalServerError"])
    r.check("anthropic: refused_messages", got["refused_messages"].get("status") == 503 and "kill_switch_engaged" in got["refused_messages"].get("message", ""), got)
    r.equal("no library tries again", len(lab.new_lines(3)), 3)
    lab.obey(policy(3))


def aborts(lab, r):
    generation = 10
    for step, tag in (("aborted_chat", "sdk-abort"), ("aborted_messages", "sdk-abort2")):
        lab.obey(policy(generation))
        process = start(lab, step)
        r.equal(f"{step}: under way", json.loads(process.stdout.readline())["step"], "running")
        lab.write_policy(policy(generation + 1, kill_switch=switch("all", inflight="abort")))
        got = results(process)[step]
        r.check(f"{step}: the library raises an error that says why", got.get("refused") and "stopped by operations" in got["message"], got)
        generation += 2


def run(r):
    lab = Lab()
    try:
        lab.write_policy(policy(1))
        lab.start()
        lab.wait_generation(1)
        for test in (calls, refusals, aborts):
            lab.skip_lines()
            r.run(test.__name__, test, lab, r)
    finally:
        lab.stop()
