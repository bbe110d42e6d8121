"""The same load on the usual ways to replace a service and on Segue: scripts/demo --compare.

The usual schemes are bench/schemes.cpp under a small manager, each as well done as it can be.
"""

import os
import signal
import socket
import subprocess

from demo_load import Load, lost_of
from demo_service import DemoError, Service, await_answer, free_port

REPLACEMENTS = 5
STOP_SECONDS_MAX = 20
ROW = "{:32} {:>9} {:>12} {:>7} {:>6} {:>7} {:>7} {:>6}"
HEADINGS = ROW.format("scheme", "requests", "replacements", "failed", "reset", "refused", "dropped",
                      "other")


class Drained:
    """Drain, then start: the old one finishes and leaves, then the new one starts."""

    name = "drain, then start"
    options = ()
    pass_fds = ()

    def __init__(self, bin_dir):
        self._program = os.path.join(bin_dir, "bench-schemes")
        self.port = free_port()
        self.where = ["--port", str(self.port)]
        self.process = None

    def start(self, version):
        """The process of that version, once it says that it is ready."""
        process = subprocess.Popen([self._program, str(version), *self.where, *self.options],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                                   pass_fds=self.pass_fds)
        with process.stdout:
            if process.stdout.readline() != "ready\n":
                raise DemoError(f"{self._program} did not get ready")
        return process

    def end(self, process):
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired as error:
            process.kill()
            process.wait()
            raise DemoError("a process did not finish its connections") from error

    def replace(self, version):
        self.end(self.process)
        self.process = self.start(version)

    def __enter__(self):
        self.process = self.start(1)
        await_answer(self.port)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


class Overlapping(Drained):
    """Both listen for a moment, each with a queue of its own; then the old one closes."""

    name = "SO_REUSEPORT overlap"
    options = ("--reuseport",)

    def replace(self, version):
        old, self.process = self.process, self.start(version)
        self.end(old)


class Inheriting(Overlapping):
    """One listening socket that the manager keeps; the old one leaves once the new one accepts."""

    name = "inherited listener"
    options = ()

    def __enter__(self):
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=4096)
        self._listener.setblocking(False)
        self.pass_fds = (self._listener.fileno(),)
        self.where = ["--fd", str(self._listener.fileno())]
        return super().__enter__()

    def __exit__(self, *_):
        super().__exit__()
        self._listener.close()


class Segue(Service):
    """The live connections move."""

    name = "segue"

    def __init__(self, bin_dir):
        super().__init__(bin_dir, "hello-v1")

    def replace(self, version):
        answer = self.upgrade(f"hello-v{version}")
        if answer["result"] != "done":
            raise DemoError(f"a handover was {answer['result']}: {answer['reason']}")


def measure(scheme_type, options, mix):
    """The report of the load while one scheme replaces its process a few times."""
    seconds = options.seconds or 10
    with scheme_type(options.bin) as scheme, Load(options.bin, scheme.port, mix) as load:
        for number in range(1, REPLACEMENTS + 1):
            load.wait_until((number - 0.5) * seconds / REPLACEMENTS, lambda: None)
            scheme.replace(2 if number % 2 == 1 else 1)
        load.wait_until(max(seconds, load.now.seconds + 0.5), lambda: None)
        return load.end()


def show(name, report):
    lost = lost_of(report)
    other = sum(lost[each] for each in ("timeout", "corrupt", "status", "unasked"))
    print(ROW.format(name, f"{report['requests']:,}", REPLACEMENTS, lost["failed"], lost["reset"],
                     lost["refused"], f"{lost['dropped']:,}", other), flush=True)


def run(options, mix):
    print(f"the load: {mix.words()}\n\n{HEADINGS}", flush=True)
    for scheme in (Drained, Overlapping, Inheriting):
        show(scheme.name, measure(scheme, options, mix))
    report = measure(Segue, options, mix)
    show(Segue.name, report)
    print("\nfailed: sent, never answered; reset: by RST; refused: connect refused; dropped: a kept"
          "\nconnection closed between two requests; other: late, corrupt or another status.")
    lost = sum(lost_of(report).values())
    print("PASSED: Segue lost nothing" if lost == 0 else "FAILED: Segue lost something")
    return 0 if lost == 0 else 1
