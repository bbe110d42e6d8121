#!/usr/bin/env python3
"""kill -9 at every named step of a handover: who dies decides what may be lost, and how much.

A successor or the supervisor dying loses nothing; a predecessor dying loses what it had not sent
yet. The fault build kills itself at the step that a file names.
"""

import os
import subprocess

import harness
from client import Beside, Crew, Lost, get_once, in_flight, knock
from harness import Service, add_case, case, check, contains, equal, until

IDLE = 150
RUNNING = 3
KNOCKERS = 2

BEFORE_ACCEPT = ("successor_started", "hello_sent", "listeners_received", "ready_sent",
                 "accept_received")
AFTER_ACCEPT = ("batch_received", "verdicts_sent", "resolve_received", "started", "swept_sent")
PREDECESSOR = ("pause_received", "paused_sent", "begin_received", "batch_sent",
               "verdicts_received", "resolve_sent", "sweep_sent", "drained_sent")
SUPERVISOR = ("spawned", "hello_received", "listeners_sent", "ready_received", "pause_sent",
              "paused_received", "accept_sent", "swept_received", "probation_started",
              "leave_sent")


class Outcome:
    """What clients saw of a handover at one step of which somebody was killed."""

    def __init__(self, upgrade, idle_lost, running_lost, knock_failures):
        self.upgrade = upgrade  # the finished `segue upgrade`
        self.idle_lost = idle_lost
        self.running_lost = running_lost
        self.knock_failures = knock_failures

    @property
    def refused_connects(self):
        return [one for one in self.knock_failures if "ConnectionRefused" in one]


class FaultService(Service):
    """Version 1 of the fault build; `die_at` arms the next handover."""

    def __init__(self, **options):
        super().__init__("hello-fault-v1", threads=2, **options)
        self.step_path = os.path.join(self.folder, "step")
        self.command += ["--die-at", "@" + self.step_path]

    def die_at(self, step):
        with open(self.step_path, "w", encoding="ascii") as file:
            file.write(step)

    def wait_dead(self, step):
        """Until the process that reached `step` has killed itself."""
        def done():
            with open(self.step_path, encoding="ascii") as file:
                return file.read() == "done"
        until(f"somebody dies at {step}", done, 20)


def read_all(connections):
    """How many of the requests under way get no answer."""
    lost = 0
    for connection in connections:
        try:
            connection.read()
        except Lost:
            lost += 1
    return lost


def hand_over_and_kill(service, step):
    """One handover under load, with somebody killed at `step`; what the clients saw."""
    with Crew(service.address, IDLE) as crew, \
            in_flight(service.address, "/sleep/1000", RUNNING) as running, \
            Beside(knock(service.address)) as one, Beside(knock(service.address)) as two:
        address = service.address
        service.install("hello-fault-v2")
        service.die_at(step)
        command = subprocess.Popen(
            [harness.SEGUE, "upgrade", "--json", "--control", service.control],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        service.wait_dead(step)
        out, err = command.communicate(timeout=harness.DEADLINE_S)
        upgrade = subprocess.CompletedProcess(command.args, command.returncode, out, err)
        running_lost = read_all(running)
        until("new connections are answered", lambda: answers(address))
        failures = one.finish() + two.finish()
        return Outcome(upgrade, crew.lost(), running_lost, failures)


def answers(address):
    try:
        return get_once(address)
    except (OSError, AssertionError):
        return ""


def next_upgrade_works(service):
    """Whatever happened, the service accepts a further good version."""
    service.install("hello-fault-v2")
    service.wait_status("it can hand over", lambda s: s["worker_pid"])
    service.upgrade()
    equal(get_once(service.address), "2")


def successor_dies(step):
    with FaultService() as service:
        worker = service.worker
        saw = hand_over_and_kill(service, step)
        equal((saw.idle_lost, saw.running_lost, saw.refused_connects), (0, 0, []), saw.upgrade)
        # A request that is in the successor when it dies cannot be answered by anybody else.
        at_most = KNOCKERS if step in AFTER_ACCEPT else 0
        check(len(saw.knock_failures) <= at_most, saw.knock_failures)
        # Once SWEPT is sent the handover is done, and this is a death on probation.
        equal(saw.upgrade.returncode, 0 if step == "swept_sent" else 1, saw.upgrade)
        status = service.wait_status("the predecessor goes on", lambda s: (
            s["worker_pid"] == worker and len(s["generations"]) == 1))
        contains(status["last_handover"]["reason"], "killed by signal 9")
        next_upgrade_works(service)


def predecessor_dies(step):
    with FaultService() as service:
        worker = service.worker
        saw = hand_over_and_kill(service, step)
        check(not harness.alive(worker), "the predecessor is dead")
        equal(saw.refused_connects, [], saw.upgrade)
        moved = service.status()["last_handover"]["moved"]
        kept = IDLE - saw.idle_lost
        # The knockers' connections and the handlers' own may be among what moved.
        check(kept <= moved <= kept + KNOCKERS + RUNNING,
              f"{kept} idle connections answer, {moved} were moved: {saw.upgrade}")
        if step in ("pause_received", "paused_sent"):
            equal(kept, 0, "nothing had been sent")
            contains(service.log(), "ended")
        if step == "drained_sent":  # sweep_sent: by one lane, the other may still have to send
            equal(saw.idle_lost, 0, "all had been sent")
        next_upgrade_works(service)


def supervisor_dies(step):
    with FaultService(probation=1 if step == "leave_sent" else 10) as service:
        address = service.address
        saw = hand_over_and_kill(service, step)
        equal((saw.idle_lost, saw.running_lost, saw.knock_failures), (0, 0, []), saw.upgrade)
        check(saw.upgrade.returncode == 1 or step in ("probation_started", "leave_sent"),
              saw.upgrade)
        service.process.wait(harness.DEADLINE_S)
        serving = [pid for pid in harness.pids_with_argument(service.control)
                   if harness.alive(pid)]
        until("one generation is left", lambda: len(
            [pid for pid in serving if harness.alive(pid)]) == 1)
        check(get_once(address) in "12", "and it answers")


for name in BEFORE_ACCEPT + AFTER_ACCEPT:
    add_case(f"a_successor_killed_at_{name}_loses_nothing",
             lambda name=name: successor_dies(name))
for name in PREDECESSOR:
    add_case(f"a_predecessor_killed_at_{name}_loses_only_what_it_had_not_sent",
             lambda name=name: predecessor_dies(name))
for name in SUPERVISOR:
    add_case(f"a_supervisor_killed_at_{name}_loses_nothing",
             lambda name=name: supervisor_dies(name))


@case
def every_step_of_the_handover_is_tested():
    with open(os.path.join(harness.ROOT, "src", "handover", "step.cpp"),
              encoding="utf-8") as file:
        source = file.read()
    for step in BEFORE_ACCEPT + AFTER_ACCEPT + PREDECESSOR + SUPERVISOR:
        contains(source, f'"{step}"')
    named = source.count('{Step::')
    equal(len(BEFORE_ACCEPT + AFTER_ACCEPT + PREDECESSOR + SUPERVISOR), named, "steps")


@case
def a_killed_supervisor_leaves_the_worker_serving_and_stopping_gracefully():
    with Service("hello-fault-v1") as service, Crew(service.address, 20) as crew:
        address, worker = service.address, service.worker
        harness.kill(service.process.pid)
        service.process.wait(harness.DEADLINE_S)
        service.wait_log("the supervisor is gone")
        equal(crew.ask_all(), ["1"] * 20, "connections")
        equal(get_once(address), "1", "new connections")
        with in_flight(address, "/sleep/500", 1) as running:
            until("the request runs", lambda: get_once(address))
            harness.kill(worker, harness.signal.SIGTERM)
            equal(running[0].read().text, "1", "the request under way")
        until("the worker has ended", lambda: not harness.alive(worker))


@case
def a_killed_worker_is_started_again_on_the_same_sockets():
    with Service("hello-fault-v1") as service, Beside(knock(service.address)) as knocks:
        worker = service.worker
        harness.kill(worker)
        service.wait_status("another worker", lambda s: s["worker_pid"] not in (None, worker))
        equal(get_once(service.address), "1")
        refused = [one for one in knocks.finish() if "Refused" in one]
        equal(refused, [], "the listening socket was never closed")


@case
def the_step_on_the_command_line_does_not_count_at_the_first_start():
    with Service("hello-fault-v1", "--die-at", "hello_sent") as service:
        contains(service.upgrade(expect="refused")["reason"], "killed by signal 9")
        equal(get_once(service.address), "1")


if __name__ == "__main__":
    harness.main(parallel=4)
