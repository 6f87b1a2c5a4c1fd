"""What the LiteLLM gateway keeps outside of requests, without LiteLLM: the last good policy, acknowledgements, counters, the log."""

import json
import os
import pathlib
import stat
import subprocess
import sys
import tempfile
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "collectors/gateways/litellm"))
import tollwatch_state as ts  # noqa: E402

ts.warn = lambda text: warnings.append(text)
warnings, failed = [], []


def check(what, fine, detail=""):
    failed.extend([] if fine else [what])
    print("ok" if fine else "not ok", what, "" if fine else f"# {detail}", flush=True)


def put(path, policy):
    new = path.with_suffix(".new")
    new.write_text(policy if isinstance(policy, str) else json.dumps(policy))
    new.rename(path)


def policy(generation):
    return {"schema_version": 1, "generation": generation}


def last_good(folder):
    path, copy = folder / "policy.json", folder / "copy.json"
    fresh = ts.PolicyFile(str(path), str(copy))
    check("no file, no copy: no policy", fresh.current is None and fresh.generation() == 0)
    put(path, policy(5))
    check("a policy is taken over, once", fresh.look() and not fresh.look() and fresh.generation() == 5)
    check("its copy is for nobody else", stat.S_IMODE(copy.stat().st_mode) == 0o600 and json.loads(copy.read_text()) == policy(5))
    for name, bad in {"cut": '{"schema_version":1,"gen', "empty": "", "not UTF-8": None, "over 1 MiB": json.dumps(dict(policy(9), x="y" * 2**20)),
                      "a newer schema": '{"schema_version":2,"generation":9}', "too deep": "[" * 100000, "a bad switch": json.dumps(dict(policy(9), kill_switch=1))}.items():
        path.write_bytes(b"\xff\xfe") if bad is None else put(path, bad)
        check(f"{name}: the last good policy stays", not fresh.look() and fresh.generation() == 5)
    path.unlink()
    os.mkfifo(path)
    check("a pipe blocks nobody: the last good policy stays", not fresh.look() and fresh.generation() == 5)
    path.unlink()
    warnings.clear()
    check("a missing file: the last good policy stays, said once", not fresh.look() and not fresh.look() and fresh.generation() == 5 and len(warnings) == 1, warnings)
    check("after a restart: the copy", ts.PolicyFile(str(path), str(copy)).generation() == 5)
    put(path, policy(3))
    check("a lower generation is obeyed", fresh.look() and fresh.generation() == 3)


def torn_reads(folder):
    """Readers among renames: each sees whole policies only."""
    path, ending, seen = folder / "torn.json", threading.Event(), set()
    put(path, policy(1))
    warnings.clear()
    reader = ts.PolicyFile(str(path), str(folder / "torn-copy.json"))

    def write():
        for generation in range(2, 600):
            put(path, dict(policy(generation), padding="x" * (generation * 7 % 5000)))
        ending.set()
    thread = threading.Thread(target=write)
    thread.start()
    while not ending.is_set():
        reader.look()
        seen.add(reader.generation())
    thread.join()
    reader.look()
    check("among 600 renames no read is torn, and the last one wins", not warnings and reader.generation() == 599 and seen <= set(range(1, 600)), warnings)


SPEAK = "import sys; sys.path.insert(0, sys.argv[1]); import tollwatch_state as ts; a = ts.Acknowledgement(*sys.argv[2:5]); " \
        "a.speak(int(sys.argv[5]), float(sys.argv[6])); sys.stdin.read()"


def acknowledgements(folder):
    ack, workers = folder / "ack.json", folder / "workers.json"
    here = str(pathlib.Path(ts.__file__).parent)
    other = subprocess.Popen([sys.executable, "-c", SPEAK, here, str(ack), "gw", str(workers), "7", "1000"], stdin=subprocess.PIPE)
    mine = ts.Acknowledgement(str(ack), "gw", str(workers))
    ts_end = ts.time.monotonic() + 10
    while not ack.exists() and ts.time.monotonic() < ts_end:
        ts.time.sleep(0.01)
    mine.speak(8, 2000.0)
    told = json.loads(ack.read_text())
    check("two workers: the generation of the one that follows last", (told["workers"], told["generation"], told["gateway"]) == (2, 7, "gw"), told)
    mine.speak(3, 3000.0)
    check("also when generations fall", json.loads(ack.read_text())["generation"] == 7)
    other.communicate(b"")
    mine.speak(3, 3000.0)
    told = json.loads(ack.read_text())
    check("a worker that ended is none any more", (told["workers"], told["generation"], told["applied_at"]) == (1, 3, "1970-01-01T00:50:00.000Z"), told)
    workers.write_text("garbage")
    mine.speak(4, 4000.0)
    check("a damaged list of workers is begun anew", json.loads(ack.read_text())["generation"] == 4)
    mine.leave()


ADD = "import sys; sys.path.insert(0, sys.argv[1]); import tollwatch_state as ts; c = ts.Counters(sys.argv[2]); c._db.execute('PRAGMA busy_timeout=20000'); " \
      "[c.add('r', 1, 60.0) for _ in range(500)]"


def counters(folder):
    path = folder / "rates.db"
    count = ts.Counters(str(path))
    adders = [subprocess.Popen([sys.executable, "-c", ADD, str(pathlib.Path(ts.__file__).parent), str(path)]) for _ in range(2)]
    check("workers end well", [a.wait() for a in adders] == [0, 0])
    check("two workers count together, none is lost", count.take([("r", 0, 999)], 60.0) == 0 and count.take([("r", 0, 1000)], 60.0) is None)
    check("half a minute later half of it counts, a minute later nothing", count.take([("r", 0, 499)], 150.0) == 0
          and count.take([("r", 0, 500)], 150.0) is None and count.take([("r", 1, 1)], 180.0) is None)
    check("a place in all or in none", count.take([("a", 1, 9), ("b", 1, 0)], 60.0) == 1 and count.take([("a", 1, 1)], 60.0) is None)
    refused = [count.take([("one", 1, 3)], 60.0) for _ in range(9)]
    check("what is refused does not count", refused == [None] * 3 + [0] * 6 and count.take([("one", 0, 3)], 60.0) is None, refused)


def log(folder):
    path = folder / "log.jsonl"
    lines = ts.Log(str(path))
    lines.write({"a": "é\ud800\n"})
    path.rename(folder / "log.1")
    lines.write({"a": 2})
    check("a line is a line, whatever is in it; rotation is noticed", (folder / "log.1").read_bytes().count(b"\n") == 1 and json.loads(path.read_text()) == {"a": 2})
    one, two = ts.Salt(str(folder / "salt")), ts.Salt(str(folder / "salt"))
    check("workers share the salt", one.hash(b"x") == two.hash(b"x") != one.hash(b"y") and stat.S_IMODE((folder / "salt").stat().st_mode) == 0o600)


with tempfile.TemporaryDirectory(prefix="tollwatch-state-") as name:
    for test in (last_good, torn_reads, acknowledgements, counters, log):
        test(pathlib.Path(name))
sys.exit(1 if failed else 0)
