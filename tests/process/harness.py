"""Starts services with the real binaries and waits for them: what every test here stands on.

Every wait has a deadline; a case that fails shows what its services wrote. How requests are made:
client.py.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("SEGUE_BUILD_DIR") or os.path.join(ROOT, "build", "release")
BIN = os.path.join(BUILD, "bin")
SEGUE = os.path.join(BIN, "segue")
DEADLINE_S = 30.0
HELLO_S = "60"  # a program with sanitizers on a busy machine may take longer to start than 5 s
PAUSE_S = 0.02
LOG_CHARACTERS_MAX = 4000

_cases = []


class Late(AssertionError):
    """Something did not happen by its deadline."""


def binary(name):
    return os.path.join(BIN, name)


def until(what, probe, seconds=DEADLINE_S):
    """The first true value of `probe()`; fails, naming `what`, when it does not come in time."""
    end = time.monotonic() + seconds
    pause = threading.Event()
    while True:
        value = probe()
        if value:
            return value
        if time.monotonic() > end:
            raise Late(f"after {seconds} s still not: {what}")
        pause.wait(PAUSE_S)


def equal(actual, expected, what=""):
    if actual != expected:
        raise AssertionError(f"{what}: {str(actual)[:600]!r} instead of {str(expected)[:600]!r}")


def contains(text, part):
    if part not in text:
        raise AssertionError(f"{part!r} is not in {text[-2000:]!r}")


def check(truth, what):
    if not truth:
        raise AssertionError(what)


# Processes ------------------------------------------------------------------------------------


def alive(pid):
    """Whether `pid` runs: a zombie has ended."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def pids_with_argument(argument):
    """The processes that carry `argument` in their command line."""
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            with open(f"/proc/{name}/cmdline", "rb") as file:
                if argument.encode() in file.read().split(b"\0"):
                    found.append(int(name))
    return found


def kill(pid, number=signal.SIGKILL):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def run(*command, seconds=DEADLINE_S, **options):
    """Runs a command to its end; its output as text."""
    return subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False,
                          **options)


class Footprint:
    """What a process holds: descriptors, threads, resident KiB."""

    def __init__(self, pid):
        self.fds = len(os.listdir(f"/proc/{pid}/fd"))
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
            fields = dict(line.split(":", 1) for line in file if ":" in line)
        self.threads = int(fields["Threads"])
        self.rss_kib = int(fields["VmRSS"].split()[0])

    def __repr__(self):
        return f"{self.fds} fds, {self.threads} threads, {self.rss_kib} KiB"


# The service ----------------------------------------------------------------------------------


class Service:
    """A service under its supervisor, in a folder of its own. Use it in a `with`.

    The program is a copy at `self.path`, which `install` replaces by rename, as a deploy does.
    """

    def __init__(self, program, *arguments, threads=2, probation=10, listen=("127.0.0.1:0",),
                 environment=None, before=(), wait=True, **popen):
        self.folder = tempfile.mkdtemp(prefix="segue-process-")
        self.path = os.path.join(self.folder, "service")
        self.control = os.path.join(self.folder, "control")
        self.log_path = os.path.join(self.folder, "log")
        self.command = [*before, self.path]
        for address in listen:
            self.command += ["--listen", address]
        self.command += ["--control", self.control, "--threads", str(threads),
                         "--probation", str(probation), "--hello", HELLO_S, *arguments]
        self.environment = {**os.environ, **(environment or {})}
        self.popen = popen
        self.ready = wait
        self._addresses = None  # asked for once
        self.process = None
        self.install(program)

    def install(self, program):
        """Puts `program` at the path by rename.

        cp writes it, not we: a child that another thread forks meanwhile would hold our descriptor
        for a moment, and what somebody writes to cannot be executed (ETXTBSY).
        """
        new = self.path + ".new"
        source = program if os.path.isabs(program) else binary(program)
        subprocess.run(["cp", "-p", "--", source, new], check=True)
        os.rename(new, self.path)

    def __enter__(self):
        self.start()
        return self

    def start(self):
        """Starts it, or starts it anew once its process has ended."""
        self._addresses = None
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, env=self.environment, **self.popen)
        if self.ready:
            self.wait_ready()

    def __exit__(self, kind, error, trace):
        if error is not None:
            error.add_note(f"the service wrote:\n{self.log()[-LOG_CHARACTERS_MAX:]}")
        self.end()

    def end(self):
        kill(self.process.pid, signal.SIGQUIT)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            pass
        for pid in pids_with_argument(self.control):
            kill(pid)
        self.process.kill()
        self.process.wait(DEADLINE_S)
        shutil.rmtree(self.folder, ignore_errors=True)

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def wait_log(self, text, seconds=DEADLINE_S):
        until(f"{text!r} in the log", lambda: text in self.log(), seconds)

    # The segue command

    def segue(self, *arguments, seconds=DEADLINE_S):
        return run(SEGUE, *arguments, "--control", self.control, seconds=seconds)

    def ask(self, *arguments, seconds=DEADLINE_S):
        """A command with --json: (exit code, answer)."""
        done = self.segue(*arguments, "--json", seconds=seconds)
        try:
            return done.returncode, json.loads(done.stdout)
        except ValueError:
            raise AssertionError(
                f"segue {arguments} exited with {done.returncode}, and said no JSON:"
                f" {done.stdout!r} {done.stderr!r}") from None

    def status(self):
        return self.ask("status")[1]

    def upgrade(self, *arguments, expect="done", seconds=DEADLINE_S):
        """`segue upgrade`; its answer, whose result must be `expect` with the fitting code."""
        code, answer = self.ask("upgrade", *arguments, seconds=seconds)
        equal((answer.get("result"), code), (expect, 0 if expect == "done" else 1),
              f"upgrade {arguments} says {answer}")
        return answer

    def wait_status(self, what, probe, seconds=DEADLINE_S):
        """The first status for which `probe` is true."""
        def ask():
            code, status = self.ask("status")
            return status if code == 0 and probe(status) else None
        return until(what, ask, seconds)

    def wait_ready(self):
        def ready():
            if self.process.poll() is not None:
                raise AssertionError(f"the service exited with {self.process.returncode}:"
                                     f" {self.log()}")
            if not os.path.exists(self.control):
                return False
            done = self.segue("status", "--json")
            return done.returncode == 0 and json.loads(done.stdout)["worker_pid"]
        until("a worker is ready", ready)

    @property
    def worker(self):
        return self.status()["worker_pid"]

    @property
    def addresses(self):
        """(host, port) of each TCP listener, or the path of each Unix socket."""
        if self._addresses is None:
            status = self.wait_status("it listens", lambda status: status["listeners"])
            self._addresses = [parse_address(text) for text in status["listeners"]]
        return self._addresses

    @property
    def address(self):
        return self.addresses[0]

    def wait_one_generation(self, seconds=DEADLINE_S):
        return self.wait_status("one generation is left", lambda s: len(s["generations"]) == 1,
                                seconds)

    def url(self, path="/"):
        host, port = self.address
        return f"http://{host}:{port}{path}"


def parse_address(text):
    if text.startswith("unix:"):
        return text[len("unix:"):]
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


class Soak:
    """A `segue soak` that runs beside what the test does. `report()` waits for its JSON.

    Its exit code is then in `process.returncode`.
    """

    def __init__(self, service, *arguments, path="/"):
        self.command = [SEGUE, "soak", service.url(path), "--json", *arguments]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        return self

    def report(self, seconds=120):
        out, err = self.process.communicate(timeout=seconds)
        try:
            return json.loads(out)
        except ValueError:
            raise AssertionError(f"soak said no JSON: {out!r} {err!r}") from None

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()


def lossless(report):
    """Not one request failed and not one connection was dropped."""
    bad = {name: report[name] for name in
           ("failed", "reset", "refused", "dropped", "corrupt", "unasked") if report.get(name)}
    check(not bad and report["passed"] and report["requests"] > 0,
          f"{bad} of {report['requests']}: {json.dumps(report)[:2000]}")
    return report


# Cases ----------------------------------------------------------------------------------------


def case(function):
    """Marks a test; its name is a sentence."""
    _cases.append((function.__name__, function))
    return function


def add_case(name, function):
    _cases.append((name, function))


def _run_case(name, function, lock):
    start = time.monotonic()
    try:
        skipped = function()
        error = ""
    except Exception as failure:  # whatever it was, it is this case's failure
        error = "".join(traceback.format_exception(failure))
    seconds = time.monotonic() - start
    with lock:
        if error:
            print(error)
            print(f"FAIL {name} ({seconds:.1f} s)", flush=True)
        elif skipped:
            print(f"SKIP {name}: {skipped}", flush=True)
        else:
            print(f"PASS {name} ({seconds:.1f} s)", flush=True)
    return not error


def main(parallel=3):
    """Runs the cases whose name contains the first argument; for most of the time they wait."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    if not os.path.exists(SEGUE):
        print(f"FAIL the_programs_are_built: no {SEGUE}")
        sys.exit(1)
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    chosen = [entry for entry in _cases if wanted in entry[0]]
    lock = threading.Lock()
    with ThreadPoolExecutor(parallel) as pool:
        results = list(pool.map(lambda entry: _run_case(*entry, lock), chosen))
    sys.exit(0 if all(results) else 1)
