#!/usr/bin/env python3
"""Bad versions: refused before PAUSE, handed back from or taken back from on probation.

Up to PAUSE clients notice nothing. On probation they lose what the bad version had begun and
nothing else. Each time the reason is told, and the next good version serves.
"""

import os
import signal
import struct

import harness
from client import Beside, Connection, Crew, in_flight, knock
from harness import Service, add_case, case, check, contains, equal, until

IDLE = 20
RUNNING = 3
# Never reached: what ends a probation here is the bad version.
PROBATION_S = 600
# A sanitizer slows the bad version down, and three pings of a second each come first.
ROLLBACK_S = 90.0
HALF = b"GET /version HTTP/1.1\r\nHost: half"
REST = b".test\r\n\r\n"


def next_upgrade_works(service, crew):
    service.install("hello-fault-v2")
    service.upgrade()
    equal(crew.ask_all(), ["2"] * IDLE, "answers of the next good version")


# Refused --------------------------------------------------------------------------------------


def is_refused(make_bad, reason, *arguments, start=lambda service: service.segue("upgrade")):
    """`make_bad(service)` spoils the program at the path; nobody notices the upgrade to it."""
    with Service("hello-fault-v1", *arguments, threads=2) as service, \
            Crew(service.address, IDLE) as crew, \
            in_flight(service.address, "/sleep/500", RUNNING) as running, \
            Connection(service.address) as half, Beside(knock(service.address)) as knocks:
        half.send(HALF)
        worker = service.worker
        make_bad(service)
        said = start(service)
        equal(said.returncode, 1, said)
        contains(said.stderr, "refused")
        contains(said.stderr, reason)
        status = service.wait_one_generation()
        equal((status["worker_pid"], status["generation"]), (worker, 1), "who serves")
        equal(status["last_handover"]["result"], "refused")
        contains(status["last_handover"]["reason"], reason)
        contains(service.log(), "generation 2 was refused: ")
        equal([each.read().text for each in running], ["1"] * RUNNING, "requests under way")
        half.send(REST)
        equal(half.read().text, "1", "the request of which half had come")
        equal(crew.ask_all(), ["1"] * IDLE, "idle connections")
        equal(knocks.finish(), [], "new connections")
        next_upgrade_works(service, crew)


def replace(service, text, mode=0o755):
    """Puts a file with `text` at the path, by rename."""
    new = service.path + ".new"
    with open(new, "w", encoding="ascii") as file:
        file.write(text)
    os.chmod(new, mode)
    os.rename(new, service.path)


def link_to_folder(service):
    os.unlink(service.path)
    os.symlink(service.folder, service.path)


MISSING = {
    "": (lambda service: os.unlink(service.path), "build or install it there first"),
    "_with_a_folder_in_its_place": (link_to_folder, "it is no regular file"),
    "_with_a_text_in_its_place": (lambda service: replace(service, "no program\n"),
                                  "it is neither an ELF program nor a script"),
    "_with_an_empty_file_in_its_place": (lambda service: replace(service, ""),
                                         "it is neither an ELF program nor a script"),
    "_with_one_that_nobody_may_execute": (lambda service: os.chmod(service.path, 0o644),
                                          "chmod +x"),
    "_with_a_script_that_ends_at_once": (lambda service: replace(service, "#!/bin/sh\nexit 3\n"),
                                         "exit status 3"),
}

for kind, (spoil, why) in MISSING.items():
    add_case(f"a_missing_program{kind}_is_refused_and_clients_see_nothing",
             lambda spoil=spoil, why=why: is_refused(spoil, why))


def loaded_parts(path):
    """(begin, end) in the file of each part that its program headers load, in order."""
    with open(path, "rb") as file:
        head = file.read(64)
        at, = struct.unpack_from("<Q", head, 32)
        size, count = struct.unpack_from("<HH", head, 54)
        file.seek(at)
        table = file.read(size * count)
    rows = [struct.unpack_from("<IIQQQQ", table, size * i) for i in range(count)]
    return [(offset, offset + length) for kind, _, offset, _, _, length in rows if kind == 1]


def cut(length_of):
    """Version 2 of which only the first `length_of(parts that are loaded)` bytes were copied."""
    def spoil(service):
        service.install("hello-fault-v2")
        new = service.path + ".new"
        os.rename(service.path, new)
        os.truncate(new, length_of(loaded_parts(new)))
        os.rename(new, service.path)
    return spoil


# What the system says of a start that fails, or of a program that dies in its first moment.
TRUNCATED = {
    "_of_4_bytes": (lambda parts: 4, "exec format error"),
    "_cut_in_its_header": (lambda parts: 40, "exec format error"),
    "_cut_in_its_table_of_segments": (lambda parts: 100, "exec format error"),
    "_cut_in_its_first_page": (lambda parts: 3000, "killed by signal"),
    "_cut_in_the_middle": (lambda parts: parts[-1][1] // 2, "killed by signal"),
    "_cut_before_its_data": (lambda parts: parts[-1][0], "killed by signal"),
}

for kind, (length, why) in TRUNCATED.items():
    add_case(f"a_truncated_program{kind}_is_refused_and_clients_see_nothing",
             lambda length=length, why=why: is_refused(cut(length), why))


BAD = {
    "crash-at-start": "killed by signal 6 (SIGABRT)",
    "never-ready": "it was not READY within 2 s",
    "wrong-protocol": "it speaks handover protocol 99 to 99, this supervisor ",
}

for mode, why in BAD.items():
    add_case(f"hello_bad_{mode.replace('-', '_')}_is_refused_with_its_reason_and_the_next_serves",
             lambda mode=mode, why=why: is_refused(
                 lambda service: service.install("hello-bad-" + mode), why, "--ready", "2"))


@case
def a_missing_program_at_a_signal_is_refused_and_only_the_log_says_so():
    with Service("hello-fault-v1") as service, Crew(service.address, IDLE) as crew:
        worker = service.worker
        os.unlink(service.path)
        os.kill(service.process.pid, signal.SIGHUP)
        service.wait_log("build or install it there first")
        status = service.wait_one_generation()
        equal(status["worker_pid"], worker, "who serves")
        equal(status["last_handover"]["result"], "refused")
        equal(crew.ask_all(), ["1"] * IDLE, "idle connections")
        next_upgrade_works(service, crew)


@case
def a_program_that_a_handover_refused_is_refused_by_a_dry_run_too():
    with Service("hello-fault-v1") as service, Crew(service.address, IDLE) as crew:
        service.install("hello-bad-crash-at-start")
        contains(service.upgrade("--check", expect="refused")["reason"], "SIGABRT")
        equal(service.wait_one_generation()["last_handover"], None, "a dry run is no handover")
        equal(crew.ask_all(), ["1"] * IDLE, "idle connections")
        next_upgrade_works(service, crew)


@case
def hello_bad_wrong_schema_is_refused_with_its_reason_and_the_next_serves():
    with Service("hello-v1") as service, Crew(service.address, IDLE) as crew:
        worker = service.worker
        service.install("hello-bad-wrong-schema")
        answer = service.upgrade(expect="refused")
        contains(answer["reason"], 'shared value "counter:greeted" is "owned:greeted"')
        equal((service.worker, crew.lost()), (worker, 0), "the predecessor goes on")
        service.install("hello-v2")
        service.upgrade()
        equal(crew.lost(), 0, "lost by the next upgrade")


@case
def a_shared_value_that_the_next_version_does_not_know_is_named_before_and_after():
    with Service("hello-v1", probation=0) as service:
        service.install("hello-fault-v2")
        dropped = 'shared value "counter:greeted" is not known to the successor: dropped'
        equal(service.upgrade("--check")["notes"], [dropped], "of a dry run")
        equal(service.upgrade()["notes"], [dropped], "of the handover")
        equal(service.wait_one_generation()["last_handover"]["notes"], [dropped], "of the status")


# On probation ---------------------------------------------------------------------------------


def begin_handover(service, program):
    """To a version that fails soon: a signal, for no command may take its time to start and end."""
    service.install(program)
    os.kill(service.process.pid, signal.SIGHUP)


def rollbacks(service):
    return service.log().count("handover: rolled_back")


def wait_rolled_back(service, worker, times=1):
    """Until the predecessor serves alone again; the report of the handover."""
    until("the handover is rolled back", lambda: rollbacks(service) >= times, ROLLBACK_S)
    status = service.wait_one_generation()
    equal(status["worker_pid"], worker, "who serves")
    equal(status["last_handover"]["result"], "rolled_back")
    return status["last_handover"]


@case
def an_unhealthy_successor_hands_everything_back():
    with Service("hello-fault-v1", threads=2, probation=PROBATION_S) as service, \
            Crew(service.address, IDLE) as crew, Connection(service.address) as half, \
            Beside(knock(service.address)) as one, Beside(knock(service.address)) as two:
        worker = service.worker
        half.send(HALF)
        service.install("hello-bad-unhealthy")
        service.upgrade()
        with Connection(service.address) as newcomer, Connection(service.address) as begun:
            # One that the bad version accepted, and one that began with it.
            check(newcomer.get() in ("bad", "1"), "answers")
            begun.send(HALF)
            report = wait_rolled_back(service, worker)
            contains(report["reason"], "generation 2 is unhealthy: database: no connection")
            equal(newcomer.get(), "1", "who had connected to the bad version")
            for each in (half, begun):
                each.send(REST)
                equal(each.read().text, "1", "a request of which half had come")
        equal(crew.ask_all(), ["1"] * IDLE, "idle connections")
        equal(one.finish() + two.finish(), [], "new connections")
        next_upgrade_works(service, crew)


@case
def an_unhealthy_successor_is_the_answer_of_an_upgrade_that_waits():
    with Service("hello-fault-v1", probation=PROBATION_S) as service, \
            Crew(service.address, IDLE) as crew:
        service.install("hello-bad-unhealthy")
        answer = service.upgrade("--wait", expect="rolled_back", seconds=ROLLBACK_S)
        contains(answer["reason"], "no connection")
        equal(crew.ask_all(), ["1"] * IDLE, "idle connections")


def began_in_the_bad_one(service, begun, other, rollbacks_before):
    """Half a request on `begun`; whether the bad version has read it and still served then.

    It has one thread, which takes events in order: what is answered later was read later.
    """
    for each in (begun, other):
        until("it serves or has failed",
              lambda each=each: each.get() == "bad" or rollbacks(service) > rollbacks_before)
    begun.send(HALF)
    return [other.get() for _ in range(2)] == ["bad"] * 2


def loses_only_what_was_in_flight(program, reason):
    """A version that fails in its probation, and takes only half a request with it."""
    with Service("hello-fault-v1", threads=1, probation=PROBATION_S) as service, \
            Crew(service.address, IDLE) as crew:
        worker = service.worker
        # It fails half a second after it began to serve: on a slow machine that may be too early.
        for before in range(10):
            with Connection(service.address) as begun:
                equal(begun.get(), "1")
                begin_handover(service, program)
                in_time = began_in_the_bad_one(service, begun, crew.members[0], before)
                report = wait_rolled_back(service, worker, before + 1)
                if in_time:
                    contains(report["reason"], reason)
                    contains(report["reason"], f"{IDLE} connections taken back, 1 closed")
                    check(begun.ended(), "the request that had begun is lost")
            equal(crew.ask_all(), ["1"] * IDLE, "connections between two requests")
            if in_time:
                return next_upgrade_works(service, crew)
    raise AssertionError("it never served long enough to read half a request")


@case
def a_successor_that_crashes_on_probation_loses_only_what_was_in_flight():
    loses_only_what_was_in_flight("hello-bad-crash-on-probation", "killed by signal 6 (SIGABRT)")


@case
def a_successor_that_hangs_on_probation_loses_only_what_was_in_flight():
    loses_only_what_was_in_flight("hello-bad-hang-on-probation", "3 pings unanswered")


@case
def requests_that_a_hung_successor_has_not_read_are_answered_by_its_predecessor():
    with Service("hello-fault-v1", threads=1, probation=PROBATION_S) as service, \
            Crew(service.address, IDLE) as crew:
        worker = service.worker
        begin_handover(service, "hello-bad-hang-on-probation")
        # Each of these is read by the bad version, whole, or else by its predecessor.
        while not rollbacks(service):
            answers = crew.ask_all()
            check(set(answers) <= {"1", "bad"}, answers)
        wait_rolled_back(service, worker)
        next_upgrade_works(service, crew)


def new_connections_while_it_fails(program):
    """Who connects meanwhile is never refused; who was being answered may lose that one answer."""
    with Service("hello-fault-v1", threads=2, probation=PROBATION_S) as service, \
            Crew(service.address, IDLE) as crew, \
            Beside(knock(service.address)) as one, Beside(knock(service.address)) as two:
        worker = service.worker
        begin_handover(service, program)
        wait_rolled_back(service, worker)
        for each in (one, two):
            failures = each.finish()
            check(len(failures) <= 1, failures)
            check(not any("Refused" in failure for failure in failures), failures)
        equal(crew.ask_all(), ["1"] * IDLE, "idle connections")
        next_upgrade_works(service, crew)


for mode in ("crash", "hang"):
    add_case(f"new_connections_are_not_refused_while_a_successor_fails_by_a_{mode}_on_probation",
             lambda mode=mode: new_connections_while_it_fails(f"hello-bad-{mode}-on-probation"))


if __name__ == "__main__":
    harness.main(parallel=4)
