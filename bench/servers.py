"""The servers that bench/all measures: Segue's bench-server and its peers, each on one thread.

All listen on a port of 127.0.0.1 that was free, and answer GET /user/:id with the id.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from demo_service import children_of, free_port

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BIN = os.path.join(ROOT, "build", "release", "bin")
NAMES = ("segue", "bare", "nginx", "gin")
SERVER_CPU = "0"
START_SECONDS_MAX = 30
STOP_SECONDS_MAX = 20
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")

NGINX_CONFIG = """
daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid {folder}/pid;
error_log {folder}/error crit;
events {{ worker_connections 19000; }}
http {{
  access_log off;
  default_type text/plain;
  keepalive_requests 1000000000;
  keepalive_timeout 600s;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location ~ ^/user/(.+)$ {{ return 200 $1; }}
  }}
}}
"""


class BenchError(Exception):
    """Why nothing can be measured, for people."""


def program(name):
    path = os.path.join(BIN, name)
    if not os.path.exists(path):
        raise BenchError(f"no {path}: run without --no-build, or scripts/build release")
    return path


def build_gin(folder):
    """Builds the Gin peer from Debian's Go packages, without a module proxy."""
    built = os.path.join(folder, "gin-peer")
    environment = dict(os.environ, GOPATH="/usr/share/gocode", GO111MODULE="off",
                       GOCACHE=os.path.join(folder, "go-cache"), GOFLAGS="")
    done = subprocess.run(["go", "build", "-o", built, "main.go"], env=environment,
                          cwd=os.path.join(ROOT, "bench", "gin"), capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        raise BenchError(f"go build of bench/gin: {done.stderr.strip()}")
    return built


def command_of(name, port, folder):
    """The command that starts the server `name` on `port`; `folder` is for what it writes."""
    if name == "segue":
        return [program("bench-server"), "--no-supervisor", "--threads", "1",
                "--listen", f"127.0.0.1:{port}"]
    if name == "bare":
        return [program("bench-raw_epoll"), str(port)]
    if name == "nginx":
        config = os.path.join(folder, "nginx.conf")
        with open(config, "w") as file:
            file.write(NGINX_CONFIG.format(folder=folder, port=port))
        return [shutil.which("nginx") or "/usr/sbin/nginx", "-p", folder, "-c", config]
    return [os.path.join(os.path.dirname(folder), "gin-peer"), f"127.0.0.1:{port}"]


class Server:
    """A running server; `wrapper` (taskset, valgrind) is put before its command."""

    def __init__(self, name, folder, wrapper=("taskset", "-c", SERVER_CPU)):
        self.name = name
        self.port = free_port()
        own = tempfile.mkdtemp(prefix=name + "-", dir=folder)
        os.chmod(own, 0o755)  # the nginx worker may be another user
        self._log = os.path.join(own, "log")
        with open(self._log, "wb") as log:
            self._process = subprocess.Popen(
                [*wrapper, *command_of(name, self.port, own)], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, env=dict(os.environ, GOMAXPROCS="1"))

    def __enter__(self):
        deadline = time.monotonic() + START_SECONDS_MAX
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return self
            except OSError as error:
                if self._process.poll() is None and time.monotonic() < deadline:
                    time.sleep(0.02)
                    continue
                self.__exit__()
                with open(self._log, errors="replace") as log:
                    said = log.read()[-2000:]
                raise BenchError(f"{self.name} does not listen: {said}") from error

    def __exit__(self, *_):
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    @property
    def pid(self):
        """The process that serves: with nginx the worker."""
        workers = children_of(self._process.pid) if self.name == "nginx" else []
        return workers[0] if workers else self._process.pid

    def cpu_seconds(self):
        """User and system time of the process so far."""
        with open(f"/proc/{self.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND

    def anonymous_bytes(self):
        """The user memory that is this process's own."""
        with open(f"/proc/{self.pid}/status") as file:
            for line in file:
                if line.startswith("RssAnon:"):
                    return int(line.split()[1]) * 1024
        raise BenchError("no RssAnon in /proc/PID/status")
