#!/usr/bin/env python3
"""Controls: the usual ways to replace a service lose connections, and these tests notice it.

A check that sees nothing lost in a handover proves nothing unless it sees what a restart loses.
"""

import contextlib
import select
import signal
import socket

import harness
from client import Crew, get_once, request
from harness import Service, Soak, case, check, contains, equal

IDLE = 50
KEPT = 10
QUEUED = 64

# Clients have their source ports on 127.0.0.1, so none of them can be on a port of this address
# while a service that stopped wants it back.
HOST = "127.83.0.1"


def restart(service, program):
    """What people do without Segue: stop, install, start at the same address."""
    equal(service.segue("stop").returncode, 0, "stop")
    equal(service.process.wait(harness.DEADLINE_S), 0, "exit code")
    service.install(program)
    service.start()


@contextlib.contextmanager
def service_to_restart():
    """Version 1 on a port that the kernel chose, and that it has again after a restart."""
    with Service("hello-fault-v1", listen=(HOST + ":0",)) as service:
        at = service.command.index(HOST + ":0")
        service.command[at] = f"{HOST}:{service.address[1]}"
        yield service


# A restart in place of a handover -------------------------------------------------------------


@case
def a_restart_loses_every_idle_connection_and_the_crew_says_so():
    with service_to_restart() as service, Crew(service.address, IDLE) as crew:
        equal(crew.lost(), 0, "before")
        address = service.address
        restart(service, "hello-fault-v2")
        equal(service.address, address, "where it serves")
        equal(get_once(service.address), "2", "the new version serves")
        equal(crew.lost(), IDLE, "idle connections that the crew misses")


@case
def a_handover_in_place_of_that_restart_loses_none():
    with service_to_restart() as service, Crew(service.address, IDLE) as crew:
        service.install("hello-fault-v2")
        service.upgrade()
        equal(crew.ask_all(), ["2"] * IDLE)


@contextlib.contextmanager
def under_a_soak(service):
    """A soak that makes its full load until it is interrupted."""
    with Soak(service, "--duration", "10m", "--rate", "300", "--fresh", "50", "--keepalive",
              str(KEPT), "--idle", str(IDLE), path="/version") as soak:
        service.wait_status("the soak runs", lambda s: s["connections"] >= IDLE + KEPT)
        yield soak


def interrupted(soak):
    """Its report, and its exit code."""
    soak.process.send_signal(signal.SIGINT)
    return soak.report(), soak.process.returncode


@case
def a_restart_under_a_soak_is_not_lossless():
    with service_to_restart() as service, under_a_soak(service) as soak:
        restart(service, "hello-fault-v2")
        report, code = interrupted(soak)
        equal((report["passed"], code), (False, 1), "the verdict")
        check(report["dropped"] >= IDLE, f"idle connections dropped: {report}")
        try:
            harness.lossless(report)
        except AssertionError as complaint:
            contains(str(complaint), "'dropped'")
            return
        raise AssertionError("harness.lossless() sees no loss")


@case
def an_upgrade_under_the_same_soak_is_lossless():
    with service_to_restart() as service, under_a_soak(service) as soak:
        service.install("hello-fault-v2")
        service.upgrade()
        report, code = interrupted(soak)
        equal(code, 0, harness.lossless(report))


# The usual scheme with SO_REUSEPORT -----------------------------------------------------------


def listener(port=0):
    """A listening socket with a queue of its own, beside others on the same port."""
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    made.bind((HOST, port))
    made.listen(QUEUED)
    made.setblocking(False)
    return made


def waiting(made):
    """Whether somebody waits in the queue of `made`."""
    return bool(select.select([made], [], [], 0)[0])


def connect_all(old, new, stack):
    """Clients, each with a request under way, whom nobody has accepted yet."""
    clients = []
    for _ in range(QUEUED):
        one = stack.enter_context(socket.create_connection(old.getsockname(), harness.DEADLINE_S))
        one.sendall(request())
        clients.append(one)
    check(waiting(old) and waiting(new), "somebody waits in either queue")
    return clients


def serve_queue(made):
    """Accepts whoever waits and answers a byte; how many."""
    served = 0
    while waiting(made):
        one, _ = made.accept()
        with one:
            one.setblocking(True)
            one.recv(4096)
            one.sendall(b"!")
        served += 1
    return served


def answered(one):
    """Whether this client gets its answer; False if the connection is reset."""
    try:
        return one.recv(1) == b"!"
    except ConnectionResetError:
        return False


def replace_under_clients(pass_on):
    """(clients, answered): a new process listens beside the old one, which then closes.

    With `pass_on` the new one also gets the old listening socket, as a descriptor.
    """
    with contextlib.ExitStack() as stack:
        old = stack.enter_context(listener())
        new = stack.enter_context(listener(old.getsockname()[1]))
        clients = connect_all(old, new, stack)
        passed = stack.enter_context(old.dup()) if pass_on else None
        old.close()
        served = serve_queue(new) + (serve_queue(passed) if passed else 0)
        got = [answered(one) for one in clients].count(True)
        equal(got, served, "answers")
        return len(clients), got


def resets_are_left_to_the_kernel():
    """Whether the kernel drops such a queue, rather than move it (net.ipv4.tcp_migrate_req)."""
    try:
        with open("/proc/sys/net/ipv4/tcp_migrate_req", encoding="ascii") as file:
            return file.read().strip() == "0"
    except FileNotFoundError:
        return True


@case
def a_reuseport_overlap_resets_what_waits_in_the_queue_of_the_old_process():
    if not resets_are_left_to_the_kernel():
        return "this kernel moves such queues (tcp_migrate_req)"
    clients, got = replace_under_clients(pass_on=False)
    check(0 < got < clients, f"{got} of {clients} answered: the others' queue was closed")


@case
def a_listening_socket_that_is_passed_on_resets_nobody_in_its_queue():
    clients, got = replace_under_clients(pass_on=True)
    equal(got, clients, "answered")


if __name__ == "__main__":
    harness.main(parallel=4)
