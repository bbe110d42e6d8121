"""What a request and an idle connection cost a server: CPU, instructions, memory."""

import glob
import os
import re

from load import (CONNECTIONS, FOUR_FIELDS, HOST_ONLY, PIPELINE_DEPTH, Client, Crowd, run_wrk,
                  write_pipeline_script)
from servers import NAMES, BenchError, Server

IDLE_CONNECTIONS = 10_000
WARM_UP_SECONDS = 1
COUNTED_REQUESTS = (2000, 4000)


def _cpu_us(server, seconds, script):
    """Microseconds of the server's CPU for a request."""
    before = server.cpu_seconds()
    requests = run_wrk(server.port, seconds, script)
    return (server.cpu_seconds() - before) * 1e6 / requests


def _interleaved(names, folder, options, script=None):
    """For each server its CPU per request in each round; all run, one at a time has load."""
    servers, found = [], {name: [] for name in names}
    try:
        for name in names:
            servers.append(Server(name, folder).__enter__())
        for server in servers:
            run_wrk(server.port, WARM_UP_SECONDS, script)
        for number in range(options.rounds):
            # Each round begins with another server, so that none always follows the same one.
            for at in range(len(servers)):
                server = servers[(number + at) % len(servers)]
                found[server.name].append(_cpu_us(server, options.seconds, script))
    finally:
        for server in servers:
            server.__exit__()
    return {"unit": "us", "connections": CONNECTIONS, "seconds": options.seconds, "cpu_us": found}


def cpu_per_request(folder, options):
    return _interleaved(NAMES, folder, options)


def cpu_pipelined(folder, options):
    measured = _interleaved(("segue", "bare"), folder, options, write_pipeline_script(folder))
    return dict(measured, depth=PIPELINE_DEPTH)


def _instructions(name, folder, request, count):
    """User-space instructions of a whole run in which one connection sends `count` requests."""
    out = os.path.join(folder, f"callgrind.{name}.{count}")
    wrapper = ("valgrind", "--tool=callgrind", f"--callgrind-out-file={out}")
    with Server(name, folder, wrapper) as server:
        client = Client(server.port)
        for _ in range(count):
            client.ask(request)
        client.close()
    total = 0
    for path in glob.glob(out + "*"):
        with open(path) as file:
            found = re.findall(r"^(?:summary|totals): (\d+)", file.read(), re.MULTILINE)
        total += int(found[-1]) if found else 0
        os.unlink(path)
    if total == 0:
        raise BenchError(f"callgrind has written nothing for {name}")
    return total


def instructions(folder, _options):
    """Instructions per request: what the second half of the longer run adds."""
    found = {}
    for name in ("segue", "bare"):
        for fields, request in (("host", HOST_ONLY), ("four", FOUR_FIELDS)):
            few, many = (_instructions(name, folder, request, count)
                         for count in COUNTED_REQUESTS)
            found[f"{name}_{fields}"] = (many - few) / (COUNTED_REQUESTS[1] - COUNTED_REQUESTS[0])
    return {"requests": COUNTED_REQUESTS, "per_request": found}


def idle_memory(folder, options):
    """User memory for an idle keep-alive connection; each time a fresh server."""
    found = {name: [] for name in NAMES}
    for _ in range(options.idle_rounds):
        for name in NAMES:
            with Server(name, folder) as server:
                with Crowd(server.port, 1):
                    before = server.anonymous_bytes()
                    with Crowd(server.port, IDLE_CONNECTIONS):
                        used = server.anonymous_bytes() - before
                found[name].append(used / IDLE_CONNECTIONS)
    return {"connections": IDLE_CONNECTIONS, "bytes": found}
