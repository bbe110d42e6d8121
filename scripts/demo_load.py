"""The load of scripts/demo: `segue soak` in the background, and what it says meanwhile."""

import json
import os
import re
import signal
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass

from demo_service import DemoError

CONNECT_SECONDS_MAX = 60
REPORT_SECONDS_MAX = 60
SECONDS_MAX = 600  # the end of a load that nobody ends
_PROGRESS = re.compile(r"\s*([\d.]+) s: (\d+) requests, (\d+) failed, (\d+) reset, (\d+) refused,"
                       r" (\d+) dropped")
_VERSION = re.compile(r" (\S+): \d+")


@dataclass(frozen=True)
class Mix:
    """What clients do: keep-alive, pipelining, one connection per request, idle ones."""

    rate: int = 3000
    fresh: int = 300
    keepalive: int = 100
    pipeline: int = 4
    pipelined: float = 0.5
    idle: int = 2000

    def options(self):
        return ["--rate", str(self.rate), "--fresh", str(self.fresh),
                "--keepalive", str(self.keepalive), "--pipeline", str(self.pipeline),
                "--pipelined", str(self.pipelined), "--idle", str(self.idle)]

    def words(self):
        return (f"{self.rate:,} requests/s ({self.fresh:,} of them on a new connection each) on"
                f" {self.keepalive} kept connections, half of them pipelining, and {self.idle:,}"
                " idle ones")


@dataclass(frozen=True)
class Progress:
    seconds: float = 0.0
    requests: int = 0
    failed: int = 0
    reset: int = 0
    refused: int = 0
    dropped: int = 0
    versions: tuple = ()


def read_progress(line):
    """The Progress of one line of `segue soak --progress`; None if it is another line."""
    match = _PROGRESS.match(line)
    if not match:
        return None
    versions = tuple(_VERSION.findall(line.partition("| versions")[2]))
    return Progress(float(match.group(1)), *(int(text) for text in match.groups()[1:]), versions)


class Load:
    """A running soak. `now` is its newest Progress; `end` ends it and gives its report."""

    def __init__(self, bin_dir, port, mix):
        self.now = Progress()
        self._said = []
        self._started = threading.Event()
        self._report = tempfile.TemporaryFile("w+")
        self._process = subprocess.Popen(
            [os.path.join(bin_dir, "segue"), "soak", f"http://127.0.0.1:{port}/version",
             *mix.options(), "--version-body", "--probe-every", "5s", "--duration",
             f"{SECONDS_MAX}s", "--json", "--progress"],
            stdin=subprocess.DEVNULL, stdout=self._report, stderr=subprocess.PIPE, text=True)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self._process.stderr:
            progress = read_progress(line)
            if progress:
                self.now = progress
                self._started.set()
            else:
                self._said.append(line.strip())
        self._started.set()

    def __enter__(self):
        # All idle connections are open and have had an answer when the load begins.
        if not self._started.wait(CONNECT_SECONDS_MAX) or not self.running():
            self.__exit__()
            raise DemoError("the load did not start: " + " ".join(self._said))
        return self

    def __exit__(self, *_):
        if self.running():
            self._process.kill()
        self._process.wait()
        self._reader.join()

    def running(self):
        return self._process.poll() is None

    def wait_until(self, seconds, show):
        """Goes on until the load has run so long; calls `show` now and then."""
        while self.running() and self.now.seconds < seconds:
            show()
            time.sleep(0.1)
        if not self.running():
            raise DemoError("the load ended early: " + " ".join(self._said))

    def end(self):
        """Ends the load as a person would (Ctrl-C) and returns its report."""
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(REPORT_SECONDS_MAX)
        except subprocess.TimeoutExpired as error:
            raise DemoError(f"the load did not end in {REPORT_SECONDS_MAX} s") from error
        self._report.seek(0)
        try:
            return json.load(self._report)
        except ValueError as error:
            raise DemoError("the load left no report: " + " ".join(self._said)) from error


def lost_of(report):
    """What clients noticed, by name; requests that ended otherwise than well, and connections."""
    names = ("failed", "reset", "refused", "timeout", "corrupt", "status", "dropped", "unasked")
    return {name: report[name] for name in names}
