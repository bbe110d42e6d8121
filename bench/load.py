"""Clients of bench/all: wrk for throughput, and connections of our own where each byte counts."""

import os
import re
import resource
import socket
import subprocess

from servers import BenchError

CLIENT_CPU = "1"
CONNECTIONS = 64
PIPELINE_DEPTH = 16
TARGET = "/user/42"
HOST_ONLY = f"GET {TARGET} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
FOUR_FIELDS = (f"GET {TARGET} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
               "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101\r\n"
               "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
               "Accept-Encoding: gzip, deflate, br\r\n\r\n").encode()
PIPELINE_SCRIPT = """
init = function()
  local one, all = wrk.format("GET", "%s"), {}
  for i = 1, %d do all[i] = one end
  requests = table.concat(all)
end
request = function() return requests end
"""


def more_descriptors(wanted):
    """Raises the limit of open descriptors for us and for whom we start."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(wanted, hard)))
        except (ValueError, OSError) as error:
            raise BenchError(f"{wanted} descriptors are needed, {hard} allowed: {error}") from error


def run_wrk(port, seconds, script=None):
    """Requests that wrk had answered with 200; raises if any failed."""
    command = ["taskset", "-c", CLIENT_CPU, "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s"]
    command += ["-s", script] if script else []
    done = subprocess.run([*command, f"http://127.0.0.1:{port}{TARGET}"], capture_output=True,
                          text=True, check=False)
    found = re.search(r"(\d+) requests in", done.stdout)
    if done.returncode != 0 or not found or int(found.group(1)) == 0 \
            or re.search(r"Non-2xx|Socket errors", done.stdout):
        raise BenchError(f"wrk: {done.stdout}{done.stderr}")
    return int(found.group(1))


def write_pipeline_script(folder):
    path = os.path.join(folder, "pipeline.lua")
    with open(path, "w") as file:
        file.write(PIPELINE_SCRIPT % (TARGET, PIPELINE_DEPTH))
    return path


class Client:
    """One keep-alive connection."""

    def __init__(self, port):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self):
        self._socket.close()

    def ask(self, request=HOST_ONLY):
        """The content of the answer; the status must be 200."""
        self._socket.sendall(request)
        got = b""
        while True:
            part = self._socket.recv(4096)
            got += part
            head, ended, content = got.partition(b"\r\n\r\n")
            if ended:
                length = re.search(rb"(?i)content-length: *(\d+)", head)
                if length and len(content) >= int(length.group(1)):
                    break
            if not part:
                raise BenchError("the server has closed the connection")
        if not head.startswith(b"HTTP/1.1 200 "):
            raise BenchError(f"the server answers {head[:60]!r}")
        return content.decode()


class Crowd:
    """Idle keep-alive connections, each with one request behind it."""

    def __init__(self, port, count, request=HOST_ONLY):
        self.clients = []
        for _ in range(count):
            self.clients.append(Client(port))
            self.clients[-1].ask(request)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for client in self.clients:
            client.close()
