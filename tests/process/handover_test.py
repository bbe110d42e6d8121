#!/usr/bin/env python3
"""Planned handovers: a connection moves wherever its bytes stand, and its client notices nothing.

Versions 1 and 2 of the fault build without a fault are the service: they also echo and sleep.
"""

import os
import random
import re
import signal
import threading

import client
import harness
from client import Beside, Connection, Crew, chunked, get_once, in_flight, knock, request
from harness import Footprint, Service, case, check, contains, equal, until

HANDOVERS = 20
IDLE = 100
LARGE_BYTES = 8 * 1024 * 1024


def start(*arguments, threads=1, **options):
    return Service("hello-fault-v1", *arguments, threads=threads, **options)


def version_2(service, *arguments):
    service.install("hello-fault-v2")
    return service.upgrade(*arguments)


def settled(service, opening=b""):
    """With one thread, events are taken in order: what was sent before has been read."""
    for _ in range(2):
        with Connection(service.address) as connection:
            connection.send(opening + request())
            connection.read()


# Idle connections -----------------------------------------------------------------------------


def twenty_handovers(threads):
    with start(threads=threads) as service, Crew(service.address, IDLE) as crew:
        for number in range(HANDOVERS):
            version = "21"[number % 2]
            service.install(f"hello-fault-v{version}")
            report = service.upgrade()
            equal((report["moved"], report["refused"]), (IDLE, 0), "what moved")
            equal(set(crew.ask_all()), {version}, f"answers after handover {number + 1}")
            equal(report["generation"], number + 2)


for number_of_threads in (1, 2):
    harness.add_case(
        f"idle_connections_answer_with_the_new_version_after_each_of_20_handovers_with_"
        f"{number_of_threads}_threads",
        lambda threads=number_of_threads: twenty_handovers(threads))


# Requests half received -----------------------------------------------------------------------


def moves_at_every_byte(data, answers, service, opening=b""):
    """A connection for each place in `data`: it moves there, then gets the rest and answers."""
    connections = [Connection(service.address) for _ in range(1, len(data))]
    for cut, connection in enumerate(connections, 1):
        connection.send(data[:cut])
    settled(service, opening)
    report = version_2(service)
    equal(report["refused"], 0, "connections that stayed")
    check(report["moved"] >= len(connections), f"moved: {report}")
    for cut, connection in enumerate(connections, 1):
        connection.send(data[cut:])
        equal([connection.read().text for _ in answers], answers, f"cut at byte {cut}")
        connection.close()


@case
def a_connection_moves_at_every_byte_of_a_request_head():
    with start() as service:
        moves_at_every_byte(request("/version", fields="X-Some: field\r\n"), ["2"], service)


@case
def a_connection_moves_at_every_byte_of_a_request_with_content_length():
    data = request("/echo", "POST", b"the content, in full") + request()
    with start() as service:
        moves_at_every_byte(data, ["the content, in full", "2"], service)


@case
def a_connection_moves_at_every_byte_of_a_chunked_request():
    data = chunked("/echo", b"some content in chunks", 5) + request()
    with start() as service:
        moves_at_every_byte(data, ["some content in chunks", "2"], service)


PROXY_V1 = b"PROXY TCP4 203.0.113.7 192.0.2.1 40000 80\r\n"
PROXY_V2 = (b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c" + bytes([203, 0, 113, 7, 192, 0, 2, 1])
            + b"\x9c\x40\x00\x50")


def moves_in_proxy_header(header):
    with start("--proxy-protocol", "127.0.0.1:0") as service:
        moves_at_every_byte(header + request(), ["2"], service, opening=header)


@case
def a_connection_moves_at_every_byte_of_a_proxy_header_version_1():
    moves_in_proxy_header(PROXY_V1)


@case
def a_connection_moves_at_every_byte_of_a_proxy_header_version_2():
    moves_in_proxy_header(PROXY_V2)


# Responses half sent --------------------------------------------------------------------------


@case
def a_response_half_sent_goes_on_byte_for_byte_from_the_successor():
    content = random.Random(1).randbytes(LARGE_BYTES)
    with Service("conformance-server") as service:
        with Connection(service.address, receive_buffer=8192) as slow:
            slow.send(request("/echo", "POST", content) + request("/next", "POST", b"pipelined"))
            # The first bytes are there: the rest waits for a client that does not read.
            until("the answer begins", lambda: slow.socket.recv(1, client.socket.MSG_PEEK))
            for _ in range(3):
                equal(service.upgrade()["refused"], 0, "connections that stayed")
            equal(slow.read().content == content, True, "the content is the same")
            equal(slow.read().text, "pipelined")


@case
def large_responses_half_sent_to_many_clients_survive_a_handover():
    with Service("bench-server") as service:
        clients = [Connection(service.address, receive_buffer=8192) for _ in range(10)]
        for each in clients:
            each.send(request("/bytes/2000000"))
        for each in clients:
            until("the answer begins",
                  lambda each=each: each.socket.recv(1, client.socket.MSG_PEEK))
        equal(service.upgrade()["refused"], 0, "connections that stayed")
        for each in clients:
            equal(each.read().content == b"x" * 2_000_000, True, "the content is the same")
            equal(each.get("/user/7"), "7")
            each.close()


# Handlers that run ----------------------------------------------------------------------------


@case
def a_running_handler_ends_on_the_predecessor_and_its_pipeline_on_the_successor():
    with start(threads=2) as service, Connection(service.address) as connection:
        connection.send(request("/sleep/1500") + request() + chunked("/echo", b"rest", 2))
        settled(service)
        first = service.worker
        report = version_2(service)
        check(harness.alive(first), "the predecessor runs the handler to its end")
        equal(report["drained"], 0)
        equal([connection.read().text for _ in range(3)], ["1", "2", "rest"], "answers in order")
        equal(connection.get(), "2", "and the connection lives on")


@case
def a_handler_longer_than_the_drain_deadline_is_ended_and_counted():
    with start("--drain", "1", probation=2, threads=2) as service:
        with in_flight(service.address, "/sleep/60000", 3) as late, \
                Crew(service.address, 5) as crew:
            settled(service)
            report = version_2(service, "--wait")
            equal(report["drained"], 3, "connections that ended at the deadline")
            check(all(each.ended() for each in late), "they are closed")
            equal(crew.ask_all(), ["2"] * 5)


@case
def the_old_generation_is_gone_within_5_s_of_its_commit():
    with start(probation=0.2) as service, Crew(service.address, IDLE):
        first = service.worker
        version_2(service, "--wait")
        until("the predecessor is gone", lambda: not harness.alive(first), 5)


# New connections ------------------------------------------------------------------------------


@case
def new_connections_are_never_refused_during_handovers():
    with start(threads=2) as service:
        step = knock(service.address)
        with Beside(step) as first, Beside(step) as second:
            for number in range(10):
                service.install(f"hello-fault-v{'21'[number % 2]}")
                service.upgrade()
            equal(first.finish() + second.finish(), [], "failures")
            check(first.done + second.done > 100, f"{first.done + second.done} connects")


# Streams --------------------------------------------------------------------------------------


def stream_requests(address, seed, stop, heads, problems):
    """4 requests at a time, cut at random bytes, some chunked; every answer is compared."""
    choose = random.Random(seed)
    try:
        with Connection(address) as connection:
            while not stop.is_set():
                contents = [choose.randbytes(choose.randint(0, 3000)) for _ in range(4)]
                data = b"".join(
                    chunked("/any", one, choose.randint(1, 500)) if choose.random() < 0.5
                    else request("/any", "POST", one) for one in contents)
                while data:
                    cut = choose.randint(1, max(1, len(data) // 2))
                    connection.send(data[:cut])
                    data = data[cut:]
                for content in contents:
                    response = connection.read()
                    equal(response.content, content, "content")
                    heads.add(re.sub("(date|Date|[Ll]ength): [^\r]*", r"\1", response.head))
    except (OSError, AssertionError) as error:
        problems.append(f"seed {seed}: {error!r}")


@case
def streams_cut_at_random_bytes_and_pipelined_are_identical_over_handovers():
    with Service("conformance-server") as service:
        stop, heads, problems = threading.Event(), set(), []
        base = random.SystemRandom().randrange(1 << 30)
        threads = [threading.Thread(target=stream_requests,
                                    args=(service.address, base + i, stop, heads, problems))
                   for i in range(6)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(10):
                service.upgrade()
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        equal(problems, [], f"seeds from {base}")
        equal(len(heads), 1, f"kinds of heads: {heads}")


@case
def a_soak_of_split_pipelined_chunked_echoes_loses_nothing_over_handovers():
    with Service("conformance-server") as service:
        with harness.Soak(service, "--split", "--echo", "--chunked", "0.5", "--body", "700",
                          "--keepalive", "20", "--pipeline", "4", "--pipelined", "0.5",
                          "--rate", "400", "--fresh", "20", "--idle", "50",
                          "--upgrade-every", "400ms", "--upgrades", "10",
                          "--control", service.control, "--segue", harness.SEGUE) as soak:
            report = harness.lossless(soak.report())
        equal(report["handovers"]["done"], 10, "handovers")


# What starts a handover -----------------------------------------------------------------------


def signalled(number):
    with start(threads=2) as service, Crew(service.address, 5) as crew:
        service.install("hello-fault-v2")
        os.kill(service.process.pid, number)
        service.wait_status("generation 2 serves", lambda s: s["generation"] == 2)
        equal(crew.ask_all(), ["2"] * 5)


@case
def hup_hands_over_to_the_file_that_a_rename_put_at_the_path():
    signalled(signal.SIGHUP)


@case
def usr2_hands_over_to_the_file_that_a_rename_put_at_the_path():
    signalled(signal.SIGUSR2)


@case
def a_path_through_a_link_hands_over_to_what_the_link_leads_to_now():
    with start() as service:
        link = os.path.join(service.folder, "current")
        os.symlink(harness.binary("hello-fault-v2"), link)
        service.upgrade("--binary", link)
        equal(get_once(service.address), "2")


@case
def a_second_upgrade_meanwhile_is_refused_as_busy():
    with start("--ready", "20", threads=2) as service:
        service.install("hello-bad-never-ready")
        first = threading.Thread(target=lambda: service.ask("upgrade"))
        first.start()
        service.wait_status("a successor starts", lambda s: len(s["generations"]) == 2)
        contains(service.upgrade(expect="refused")["reason"], "busy")
        equal(get_once(service.address), "1")
        service.segue("stop")
        first.join()


@case
def a_dry_run_moves_nothing():
    with start() as service, Crew(service.address, 5) as crew:
        before = service.status()
        service.install("hello-fault-v2")
        contains(service.upgrade("--check")["reason"], "nothing was moved")
        after = service.wait_one_generation()
        for key in ("worker_pid", "generation", "last_handover"):
            equal(after[key], before[key], key)
        equal(crew.ask_all(), ["1"] * 5)


# After many -----------------------------------------------------------------------------------


@case
def after_100_handovers_a_worker_holds_what_the_first_one_held():
    with Service("hello-v1", probation=0) as service, Crew(service.address, IDLE) as crew:
        crew.ask_all()
        first = Footprint(service.worker)
        for number in range(100):
            service.install(f"hello-v{'21'[number % 2]}")
            service.upgrade()
            equal(crew.lost(), 0, f"lost by handover {number + 1}")
            if number == 0:  # from here on it keeps the previous program too, for a rollback
                service.wait_one_generation()
                supervisor = Footprint(service.process.pid)
        service.wait_one_generation(5)
        last = Footprint(service.worker)
        equal((last.fds, last.threads), (first.fds, first.threads), "fds and threads")
        check(last.rss_kib <= first.rss_kib * 1.1, f"worker: {first} became {last}")
        now = Footprint(service.process.pid)
        equal((now.fds, now.threads), (supervisor.fds, supervisor.threads), "of the supervisor")


if __name__ == "__main__":
    harness.main()
