"""A service under its supervisor, for scripts/demo and bench/: start, deploy, hand over, stop."""

import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request

PR_SET_CHILD_SUBREAPER = 36
START_SECONDS_MAX = 20
STOP_SECONDS_MAX = 10
LOG_CHARACTERS_MAX = 4000


class DemoError(Exception):
    """What went wrong, for people."""


def free_port():
    """A TCP port that nobody uses now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def adopt_orphans():
    """Workers whose supervisor is gone become our children, so that none outlives us."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _parent_of(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return int(file.read().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def children_of(parent):
    return [int(name) for name in os.listdir("/proc")
            if name.isdigit() and _parent_of(name) == parent]


def end_children():
    """Ends whatever we started that is still there, children of children included."""
    while True:
        left = children_of(os.getpid())
        if not left:
            return
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        for pid in left:
            try:
                os.waitpid(pid, 0)
            except ChildProcessError:
                pass  # its Popen has waited for it


def await_answer(port, seconds=START_SECONDS_MAX):
    """The content of the first answer; connects again until the port listens."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            url = f"http://127.0.0.1:{port}/version"
            with urllib.request.urlopen(url, timeout=seconds) as answer:
                return answer.read().decode()
        except OSError as error:
            if time.monotonic() > deadline:
                raise DemoError(f"no answer on port {port} in {seconds} s: {error}") from error
            time.sleep(0.01)


class Service:
    """`program` run from the path `current`, which a deployment replaces by rename."""

    def __init__(self, bin_dir, program, options=()):
        self.bin_dir = bin_dir
        self.folder = tempfile.mkdtemp(prefix="segue-demo-")
        self.current = os.path.join(self.folder, "current")
        self.control = os.path.join(self.folder, "control")
        self.log = os.path.join(self.folder, "log")
        self.port = free_port()
        self.deploy(program)
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [self.current, "--listen", f"127.0.0.1:{self.port}", "--control", self.control,
                 *options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)

    def __enter__(self):
        try:
            self.first_version = await_answer(self.port)
        except DemoError as error:
            self.__exit__()
            raise DemoError(f"{error}\n{self.last_words}") from error
        return self

    def __exit__(self, *_):
        with open(self.log, errors="replace") as log:
            self.last_words = log.read()[-LOG_CHARACTERS_MAX:]
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def deploy(self, program):
        """Puts the program where the service is started from, as an installer would."""
        source = os.path.join(self.bin_dir, program)
        if not os.path.exists(source):
            raise DemoError(f"no {source}: build it first (scripts/build release {program})")
        shutil.copy2(source, self.current + ".new")
        os.rename(self.current + ".new", self.current)

    def segue(self, *arguments):
        """(exit code, answer) of a command of `segue` that speaks JSON."""
        command = [os.path.join(self.bin_dir, "segue"), *arguments, "--json", "--control",
                   self.control]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        try:
            return done.returncode, json.loads(done.stdout)
        except ValueError as error:
            said = done.stderr.strip() or done.stdout
            raise DemoError(f"segue {arguments[0]}: {said}") from error

    def upgrade(self, program):
        """Deploys the program and hands over to it."""
        self.deploy(program)
        return self.segue("upgrade")[1]

    def stop(self):
        """Stops gracefully; whether the service ended by itself and without an error."""
        self.segue("stop")
        try:
            return self.process.wait(STOP_SECONDS_MAX) == 0
        except subprocess.TimeoutExpired:
            return False
