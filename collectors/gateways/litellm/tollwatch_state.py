"""What a gateway keeps outside of a request. Standard library only.

Owns: the last good policy (and its copy across restarts), the acknowledgement, counters per minute shared by the workers of
a host, the log, the salt of the hashes.
Does not: know LiteLLM, or what a policy means beyond its being sound.
Rules for readers: look by path every 250 ms and compare the bytes; keep the last good policy when the file is missing, cut or
unsound; obey a lower generation too, because somebody restored a backup.
"""

import atexit
import fcntl
import hashlib
import json
import os
import socket
import sqlite3
import stat
import sys
import threading
import time

from tollwatch_policy import unsound

POLL_S = 0.25
ACK_EVERY_S = 10.0
WORKER_GONE_S = 25.0  # a worker that has not spoken for so long is not one of the workers any more
POLICY_BYTES_MAX = 1 << 20


def warn(text):
    print(f"tollwatch: {text}", file=sys.stderr, flush=True)


def rfc3339(at_s):
    ms = int(at_s * 1000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ms // 1000)) + f".{ms % 1000:03d}Z"


def write_whole(path, data, mode):
    """Readers see the old file or the new one."""
    temporary = f"{path}.{os.getpid()}.{threading.get_ident()}"
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        os.write(fd, data)
        os.fchmod(fd, mode)
    finally:
        os.close(fd)
    os.rename(temporary, path)


def make_folder(path):
    os.makedirs(path, mode=0o700, exist_ok=True)
    return path


class PolicyFile:
    """The policy in force. `current` is replaced as a whole, so a reader needs no lock."""

    def __init__(self, path, copy_path):
        self.path, self.copy_path = path, copy_path
        self.current, self.applied_s = None, 0.0
        self.looked_s = 0.0
        self._bytes = self._complaint = None
        self._turn = threading.Lock()
        self.look()
        if self.current is None and os.path.exists(copy_path):
            self._take(self._read(copy_path), "the copy of the last good policy")

    def _read(self, path):
        try:
            with open(path, "rb", opener=lambda p, flags: os.open(p, flags | os.O_NONBLOCK)) as f:  # a pipe must not block
                if not stat.S_ISREG(os.fstat(f.fileno()).st_mode):
                    return self._complain(f"{path} is not a regular file")
                data = f.read(POLICY_BYTES_MAX + 1)
            return data if len(data) <= POLICY_BYTES_MAX else self._complain(f"{path} is over {POLICY_BYTES_MAX} bytes")
        except OSError as e:
            return self._complain(f"{path}: {e.strerror}")

    def _complain(self, text):
        if text != self._complaint:
            warn(f"{text}; " + ("the last good policy stays in force" if self.current else "there is no policy"))
        self._complaint = text

    def _take(self, data, where):
        if data is None or data == self._bytes:
            return False
        self._bytes = data  # not looked at again, sound or not
        try:
            policy = json.loads(data)
            why = unsound(policy)
        except (ValueError, RecursionError):
            why = "not JSON"
        if why:
            self._complain(f"{where}: {why}")
            return False
        self.current, self.applied_s, self._complaint = policy, time.time(), None
        return True

    def look(self, at_least_s=0.0):
        """True: there is a new policy. Looks only if the last look is so long ago; costs a few µs when nothing changed."""
        with self._turn:
            begun_s = time.monotonic()
            if begun_s - self.looked_s < at_least_s:
                return False
            data = self._read(self.path)
            fresh = self._take(data, self.path)
            self.looked_s = begun_s
        if fresh:
            try:
                write_whole(self.copy_path, data, 0o600)
            except OSError as e:
                warn(f"{self.copy_path}: {e.strerror}; after a restart without a policy file calls pass")
        return fresh

    def policy(self):
        """For a request: never older than the poll, even if the thread that polls does not get its turn."""
        if time.monotonic() - self.looked_s >= POLL_S:
            self.look(POLL_S)
        return self.current

    def generation(self):
        return self.current["generation"] if self.current else 0


class Acknowledgement:
    """acks/ID.json: the generation of the worker that is last to follow, so that "obeyed" is never said too early."""

    def __init__(self, path, gateway, workers_path):
        self.path, self.gateway, self.workers_path = path, gateway, workers_path
        self.spoke_s = 0.0
        self._complaint = None
        atexit.register(self.leave)

    def speak(self, generation, applied_s):
        self.spoke_s = time.monotonic()
        self._update(lambda workers: workers.__setitem__(str(os.getpid()), [generation, applied_s, time.time()]))

    def leave(self):
        self._update(lambda workers: workers.pop(str(os.getpid()), None))

    def _update(self, change):
        try:
            with open(self.workers_path, "a+b") as f:
                fcntl.flock(f, fcntl.LOCK_EX)
                f.seek(0)
                workers = self._living(f.read(1 << 20))
                change(workers)
                f.truncate(0)
                f.write(json.dumps(workers).encode())
                f.flush()
                if workers:
                    self._write(workers.values())
            self._complaint = None
        except OSError as e:
            if str(e) != self._complaint:
                warn(f"{e.filename or self.path}: {e.strerror}; tollwatch cannot see that this gateway obeys")
            self._complaint = str(e)

    @staticmethod
    def _living(data):
        try:
            workers = json.loads(data or b"{}")
            return {pid: w for pid, w in workers.items() if time.time() - w[2] < WORKER_GONE_S}
        except (ValueError, AttributeError, TypeError, IndexError, KeyError):
            return {}

    def _write(self, workers):
        slowest = min(workers, key=lambda w: w[1])  # not the lowest number: a restored backup has a lower one than before
        ack = {"gateway": self.gateway, "host": socket.gethostname(), "workers": len(workers),
               "generation": slowest[0], "applied_at": rfc3339(max(w[1] for w in workers)),
               "seen_at": rfc3339(max(w[2] for w in workers))}
        write_whole(self.path, json.dumps(ack).encode() + b"\n", 0o664)


class Watch(threading.Thread):
    """Polls the policy and acknowledges it, traffic or not."""

    def __init__(self, policy, acknowledgement):
        super().__init__(name="tollwatch", daemon=True)
        self.policy, self.acknowledgement = policy, acknowledgement
        self._acknowledged = None

    def run(self):
        while True:
            self.policy.look()
            seen = (self.policy.generation(), self.policy.applied_s)
            if seen != self._acknowledged or time.monotonic() - self.acknowledgement.spoke_s >= ACK_EVERY_S:
                self.acknowledgement.speak(*seen)
                self._acknowledged = seen
            time.sleep(POLL_S)


class Counters:
    """Requests and tokens per minute, counted over all workers of the host. The window slides: this minute's count and the part
    of the last minute's that is not 60 s old."""

    def __init__(self, path):
        self._complaint = None
        self._db = sqlite3.connect(path, timeout=0.25, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=OFF")
        self._db.execute("CREATE TABLE IF NOT EXISTS counter(name TEXT, minute INT, n INT, PRIMARY KEY(name, minute)) WITHOUT ROWID")

    def take(self, places, now_s):
        """Takes a place in each of (name, count, most), or in none: then the index of the first that is full."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
            for index, (name, count, most) in enumerate(places):
                self._add(name, count, now_s)
                if self._used(name, now_s) > most:
                    self._db.execute("ROLLBACK")
                    return index
            self._db.execute("COMMIT")
        except sqlite3.Error as e:
            self._failed(e)
        return None

    def add(self, name, count, now_s):
        self.take([(name, count, float("inf"))], now_s)

    def _add(self, name, count, now_s):
        minute = int(now_s // 60)
        known = self._db.execute("UPDATE counter SET n = n + ? WHERE name = ? AND minute = ?", (count, name, minute)).rowcount
        if not known:  # the first of a minute sweeps up
            self._db.execute("INSERT INTO counter VALUES(?, ?, ?)", (name, minute, count))
            self._db.execute("DELETE FROM counter WHERE minute < ?", (minute - 1,))

    def _used(self, name, now_s):
        minute, share = int(now_s // 60), 1 - now_s % 60 / 60
        rows = self._db.execute("SELECT minute, n FROM counter WHERE name = ? AND minute IN (?, ?)", (name, minute, minute - 1))
        return sum(n if at == minute else n * share for at, n in rows)

    def _failed(self, e):
        """What cannot be counted refuses nobody."""
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")
        if str(e) != self._complaint:
            warn(f"rates per minute are not held: {e}")
        self._complaint = str(e)


class Log:
    """One write a line on a file opened to append: lines of several workers never mix. Rotation is noticed by the inode."""

    def __init__(self, path):
        self.path = path
        self._fd = self._inode = self._complaint = None

    def write(self, record):
        line = json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"
        try:
            self._open()
            os.write(self._fd, line)
            self._complaint = None
        except OSError as e:
            if str(e) != self._complaint:
                warn(f"{self.path}: {e.strerror}; calls are not in the log")
            self._complaint = str(e)

    def _open(self):
        try:
            inode = os.stat(self.path).st_ino
        except FileNotFoundError:
            inode = None
        if self._fd is not None and inode == self._inode:
            return
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
        self._fd = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
        self._inode = os.fstat(self._fd).st_ino


class Salt:
    """Hashes that tell equal prompts apart from others and nothing else: the salt stays on this host."""

    def __init__(self, path):
        if not os.path.exists(path):
            write_whole(f"{path}.new.{os.getpid()}", os.urandom(32), 0o600)
            try:
                os.link(f"{path}.new.{os.getpid()}", path)  # of several workers the first one's counts
            except FileExistsError:
                pass
            os.unlink(f"{path}.new.{os.getpid()}")
        with open(path, "rb") as f:
            self._salt = f.read(64)

    def hash(self, data):
        return hashlib.blake2b(data, key=self._salt, digest_size=8).hexdigest()
