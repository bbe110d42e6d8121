"""What a handover costs: of the connections alone, and of a whole service under its supervisor."""

import re
import subprocess
import time

from demo_service import Service
from load import Client, Crowd
from servers import BIN, BenchError, program

IDLE_CONNECTIONS = 10_000
VALUE_BYTES = 100
PROBATION_SECONDS = "0.2"
SETTLE_SECONDS_MAX = 30
VERSIONS = ("hello-v1", "hello-v2")
ASK_VERSION = b"GET /version HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
_MOVE = re.compile(r"([\d.]+) ms in all, CPU ([\d.]+) ms sender, ([\d.]+) ms receiver; freeze p50 "
                   r"([\d.]+) ms, p99 ([\d.]+) ms, max ([\d.]+) ms; moved (\d+), "
                   r"all answered: yes")


def move_alone(options):
    """bench-handover_move: two processes that do nothing but move connections."""
    command = [program("bench-handover_move"), str(IDLE_CONNECTIONS), str(VALUE_BYTES),
               str(options.upgrades)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    moves = [[float(number) for number in match] for match in _MOVE.findall(done.stdout)]
    if done.returncode != 0 or len(moves) != options.upgrades \
            or any(move[6] != IDLE_CONNECTIONS for move in moves):
        raise BenchError(f"bench-handover_move: {done.stdout}{done.stderr}")
    columns = list(zip(*moves))
    return {"total_ms": columns[0], "cpu_sender_ms": columns[1], "cpu_receiver_ms": columns[2],
            "freeze_p50_ms": columns[3], "freeze_p99_ms": columns[4], "freeze_max_ms": columns[5]}


def _settle(service):
    """Waits until the last handover can no longer be rolled back."""
    deadline = time.monotonic() + SETTLE_SECONDS_MAX
    while time.monotonic() < deadline:
        status = service.segue("status")[1]
        if not status["probation"] and len(status["generations"]) == 1:
            return
        time.sleep(0.05)
    raise BenchError("a handover does not come to its end")


def _hand_over(service, crowd, number):
    """One handover to the other version; every connection of the crowd must have moved."""
    version = VERSIONS[(number + 1) % 2]
    answer = service.upgrade(version)
    if answer["result"] != "done" or answer["moved"] < len(crowd.clients):
        raise BenchError(f"segue upgrade: {answer}")
    versions = {client.ask(ASK_VERSION) for client in crowd.clients}
    if versions != {version.removeprefix("hello-v")}:
        raise BenchError(f"after the handover to {version} connections are with {versions}")
    _settle(service)
    return answer


def _accepting_ms(service, number):
    """From the start of `segue upgrade` until a new connection is answered by the new version."""
    version = VERSIONS[(number + 1) % 2]
    service.deploy(version)
    wanted = version.removeprefix("hello-v")
    command = [program("segue"), "upgrade", "--json", "--control", service.control]
    begun = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as upgrade:
        while True:
            client = Client(service.port)
            answered = client.ask(ASK_VERSION)
            took = time.monotonic() - begun
            client.close()
            if answered == wanted:
                break
            if took > SETTLE_SECONDS_MAX:
                upgrade.kill()
                raise BenchError(f"{version} does not answer in {SETTLE_SECONDS_MAX} s")
            time.sleep(0.001)
        said = upgrade.communicate()[0]
    if '"result":"done"' not in said:
        raise BenchError(f"segue upgrade: {said}")
    _settle(service)
    return took * 1e3


def _whole_service(options):
    """`segue upgrade` with idle connections, then without any how soon the successor answers."""
    with Service(BIN, VERSIONS[0], ["--probation", PROBATION_SECONDS]) as service:
        with Crowd(service.port, IDLE_CONNECTIONS, ASK_VERSION) as crowd:
            answers = [_hand_over(service, crowd, number) for number in range(options.upgrades)]
    with Service(BIN, VERSIONS[0], ["--probation", PROBATION_SECONDS]) as service:
        accepting = [_accepting_ms(service, number) for number in range(options.upgrades)]
    return {"total_ms": [answer["total_ms"] for answer in answers],
            "freeze_p50_ms": [answer["freeze_ms"]["p50"] for answer in answers],
            "freeze_p99_ms": [answer["freeze_ms"]["p99"] for answer in answers],
            "freeze_max_ms": [answer["freeze_ms"]["max"] for answer in answers],
            "accepting_ms": accepting}


def handover(_folder, options):
    return {"connections": IDLE_CONNECTIONS, "value_bytes": VALUE_BYTES,
            "move": move_alone(options), "service": _whole_service(options)}
