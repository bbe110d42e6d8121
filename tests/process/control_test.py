#!/usr/bin/env python3
"""The control socket and the commands on it: who may command, what each says, what is refused."""

import os
import shutil
import signal
import stat
import subprocess
import tempfile

import harness
from client import Connection, Crew, get_once, in_flight
from harness import SEGUE, Service, add_case, case, check, contains, equal, run, until

IDLE = 20
NOBODY = 65534
# Connects as whoever runs it, says something, and tells how far it got.
STRANGER = """
import socket, sys
one = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
one.settimeout(20)
try:
    one.connect(sys.argv[1])
except PermissionError:
    print("may not connect")
    sys.exit()
try:
    one.send(b"status")
    print("hears", one.recv(65536))
except ConnectionError:
    print("hears", b"")
"""


def read_by_now(address):
    """With one thread, events are taken in order: what was sent before has been read."""
    for _ in range(2):
        get_once(address)


# Whose it is ----------------------------------------------------------------------------------


def stranger(service):
    """What another user gets from the control socket; None where we cannot be another user."""
    python = "/usr/bin/python3"
    if os.geteuid() != 0 or not os.path.exists(python):
        return None
    return subprocess.run([python, "-c", STRANGER, service.control], user=NOBODY, group=NOBODY,
                          extra_groups=[], cwd="/", capture_output=True, text=True,
                          timeout=harness.DEADLINE_S, check=True).stdout.strip()


@case
def the_control_socket_is_for_its_owner_alone():
    # Without a umask, what is left is what the supervisor itself takes away.
    with Service("hello-fault-v1", umask=0) as service:
        for path, kind in ((service.control, stat.S_IFSOCK),
                           (service.control + ".lock", stat.S_IFREG)):
            found = os.stat(path)
            equal((stat.S_IFMT(found.st_mode), oct(stat.S_IMODE(found.st_mode)), found.st_uid),
                  (kind, "0o600", os.geteuid()), path)
        os.chmod(service.folder, 0o755)
        check(stranger(service) in (None, "may not connect"), "the mode keeps others out")
        # Somebody makes it everybody's: then the supervisor still looks at who asks.
        os.chmod(service.control, 0o666)
        check(stranger(service) in (None, "hears b''"), "others get no answer")
        equal(service.ask("status")[0], 0, "its owner does")


@case
def a_second_supervisor_is_refused_and_the_first_serves_on():
    with Service("hello-fault-v1") as service, Crew(service.address, IDLE) as crew:
        second = run(*service.command)
        equal(second.returncode, 1, second)
        contains(second.stderr, f"another supervisor (pid {service.process.pid}) runs the service")
        contains(second.stderr, "--control PATH")
        equal(service.status()["supervisor_pid"], service.process.pid)
        equal(crew.ask_all(), ["1"] * IDLE, "connections")


@case
def a_second_service_on_the_same_address_is_refused_and_the_first_serves_on():
    with Service("hello-fault-v1") as service, Crew(service.address, IDLE) as crew:
        host, port = service.address
        second = run(service.path, "--listen", f"{host}:{port}",
                     "--control", service.control + "-2")
        equal(second.returncode, 1, second)
        contains(second.stderr, f"cannot listen on {host}:{port}")
        contains(second.stderr, "choose another port")
        equal(crew.ask_all(), ["1"] * IDLE, "connections")


@case
def a_killed_supervisor_leaves_a_socket_that_the_next_one_replaces():
    with Service("hello-fault-v1") as service:
        worker = service.worker
        harness.kill(service.process.pid)
        service.process.wait(harness.DEADLINE_S)
        gone = service.segue("status")
        equal(gone.returncode, 2, gone)
        contains(gone.stderr, "no service at")
        check(os.path.exists(service.control), "the socket of the dead one is there")
        service.start()
        check(service.worker != worker, "another worker serves")
        equal(get_once(service.address), "1")


# Status ---------------------------------------------------------------------------------------


@case
def status_names_generations_processes_addresses_and_the_last_handover():
    with Service("hello-fault-v1", listen=("127.0.0.1:0", "unix:@segue-" + os.urandom(8).hex()),
                 probation=600) as service:
        status = service.status()
        equal((status["generation"], status["supervisor_pid"], status["binary"]),
              (1, service.process.pid, service.path))
        equal((status["probation"], status["last_handover"], status["drains"]), (False, None, []))
        equal([(one["phase"], one["pid"]) for one in status["generations"]],
              [("serving", status["worker_pid"])])
        equal(len(status["listeners"]), 2, "addresses")
        with Crew(service.address, IDLE) as crew:
            service.wait_status("it counts connections", lambda s: s["connections"] == IDLE)
            service.install("hello-fault-v2")
            report = service.upgrade()
            status = service.status()
            equal((status["generation"], status["probation"]), (2, True))
            equal(status["last_handover"], report, "the report of the handover")
            equal(len(status["generations"]), 2, "its predecessor stands by")
            equal(crew.ask_all(), ["2"] * IDLE, "connections")
        text = service.segue("status")
        equal(text.returncode, 0)
        for part in (f"supervisor {service.process.pid}", "generation 2 on probation",
                     f"pid {status['worker_pid']}", "last handover: done"):
            contains(text.stdout, part)


# Rollback -------------------------------------------------------------------------------------


@case
def rollback_without_a_previous_version_is_refused():
    with Service("hello-fault-v1") as service:
        code, answer = service.ask("rollback")
        equal((code, answer["result"]), (1, "refused"))
        contains(answer["reason"], "there is no previous version to go back to")
        equal(get_once(service.address), "1")


@case
def rollback_on_probation_hands_everything_back_to_the_process_that_stands_by():
    with Service("hello-fault-v1", threads=1, probation=600) as service, \
            Crew(service.address, IDLE) as crew:
        worker = service.worker
        service.install("hello-fault-v2")
        service.upgrade()
        with in_flight(service.address, "/sleep/700", 3) as running, \
                Connection(service.address) as newcomer:
            equal(newcomer.get(), "2")
            read_by_now(service.address)
            code, answer = service.ask("rollback")
            equal((code, answer["result"]), (0, "done"), answer)
            equal(crew.ask_all(), ["1"] * IDLE, "connections that moved twice")
            equal([each.read().text for each in running], ["2"] * 3, "requests under way")
            equal(newcomer.get(), "1", "who had connected to version 2")
        equal(service.wait_one_generation()["worker_pid"], worker, "the predecessor serves")


@case
def rollback_after_probation_hands_over_to_the_previous_version():
    with Service("hello-fault-v1", probation=0) as service, Crew(service.address, IDLE) as crew:
        service.install("hello-fault-v2")
        service.upgrade("--wait")
        os.unlink(service.path)
        code, answer = service.ask("rollback")
        equal((code, answer["result"], answer["generation"]), (0, "done", 3), answer)
        equal(crew.ask_all(), ["1"] * IDLE, "connections")


# Stop -----------------------------------------------------------------------------------------


def stops(stop):
    """`stop(service)` while requests run: they are answered, then everything is gone."""
    with Service("hello-fault-v1", threads=1) as service, \
            Crew(service.address, IDLE) as crew, \
            in_flight(service.address, "/sleep/1000", 3) as running:
        address, worker = service.address, service.worker
        read_by_now(address)
        stop(service)
        equal([each.read().text for each in running], ["1"] * 3, "requests under way")
        check(all(member.ended() for member in crew.members), "idle connections are closed")
        equal(service.process.wait(harness.DEADLINE_S), 0, "exit code of the supervisor")
        check(not harness.alive(worker), "the worker is gone")
        check(not os.path.exists(service.control), "the control socket is removed")
        try:
            get_once(address)
        except ConnectionRefusedError:
            return
        raise AssertionError("somebody still listens")


@case
def stop_lets_requests_end_and_removes_the_control_socket():
    def stop(service):
        answer = service.segue("stop")
        equal((answer.returncode, answer.stdout), (0, "stopped\n"))
    stops(stop)


@case
def term_lets_requests_end_and_removes_the_control_socket():
    stops(lambda service: os.kill(service.process.pid, signal.SIGTERM))


@case
def stop_on_probation_ends_both_generations():
    with Service("hello-fault-v1", probation=600) as service:
        first = service.worker
        service.install("hello-fault-v2")
        service.upgrade()
        second = service.worker
        equal(service.segue("stop").returncode, 0)
        equal(service.process.wait(harness.DEADLINE_S), 0, "exit code of the supervisor")
        until("both are gone", lambda: not harness.alive(first) and not harness.alive(second))


# Wrong use ------------------------------------------------------------------------------------

# What is typed after `segue`, and what the answer must name.
WRONG_COMMANDS = {
    "no_command": ([], "--help"),
    "an_unknown_command": (["upgrad"], "did you mean upgrade?"),
    "a_command_like_none": (["frobnicate"], "--help"),
    "an_unknown_option": (["status", "--jsn"], "--jsn"),
    "a_value_that_is_missing": (["status", "--control"], "--control"),
    "a_value_out_of_range": (["status", "--timeout", "0"], "1 to 86400"),
    "options_that_exclude_each_other": (["upgrade", "--check", "--supervisor"], "--supervisor"),
    "an_argument_too_many": (["stop", "now"], "now"),
    "no_service_there": (["status", "--control", "/no/such/socket"], "pass --control PATH"),
    "a_soak_without_a_target": (["soak"], "http://HOST:PORT/PATH"),
    "a_soak_of_another_machine": (["soak", "http://192.0.2.1/"], "--allow-remote"),
}

# What is typed after the service, the exit code, and the remedy.
WRONG_SERVICES = {
    "a_value_out_of_range": (["--threads", "0"], 2, "1 to 256; --help lists the options"),
    "a_value_that_is_no_number": (["--drain", "soon"], 2, "--help lists the options"),
    "a_value_that_is_missing": (["--listen"], 2, "--help lists the options"),
    "an_argument_without_a_name": (["fast"], 2, "options are --name VALUE"),
    "a_proxied_address_that_is_no_listener": (["--proxy-protocol", ":1"], 2,
                                              "--proxy-protocol :1 is not one of the --listen"),
    "an_option_that_nobody_knows": (["--prbation", "3"], None, "did you mean --probation?"),
    "an_address_without_a_port": (["--listen", "localhost"], 2, "write :8080, 127.0.0.1:8080"),
    "a_socket_in_no_folder": (["--listen", "unix:/no/such/folder/s"], None, "create the folder"),
}


def wrong_command(arguments, remedy):
    done = run(SEGUE, *arguments)
    equal((done.returncode, done.stdout), (2, ""), done)
    contains(done.stderr, remedy)


def wrong_service(arguments, code, remedy):
    folder = tempfile.mkdtemp(prefix="segue-process-")
    try:
        done = run(harness.binary("hello-v1"), "--listen", "127.0.0.1:0", "--control",
                   os.path.join(folder, "control"), *arguments)
        # An option or a path that only a worker can judge is a start that fails: 1.
        equal(done.returncode, code or 1, done)
        contains(done.stderr, remedy)
        check("control" not in os.listdir(folder), "no socket is left behind")
    finally:
        shutil.rmtree(folder)


for name, row in WRONG_COMMANDS.items():
    add_case(f"segue_with_{name}_exits_with_2_and_says_what_to_do",
             lambda row=row: wrong_command(*row))
for name, row in WRONG_SERVICES.items():
    add_case(f"a_service_with_{name}_does_not_start_and_says_what_to_do",
             lambda row=row: wrong_service(*row))


if __name__ == "__main__":
    harness.main(parallel=4)
