#!/usr/bin/env python3
"""Replaces a service while clients use it, and shows what they noticed; scripts/demo calls it."""

import argparse
import os
import signal
import sys
import time
from dataclasses import dataclass, field

import demo_compare
from demo_load import Load, Mix, lost_of
from demo_service import DemoError, Service, adopt_orphans, end_children

HANDOVERS = 10
# A version that never gets ready is given up after so long; it would be 60 s.
READY_SECONDS = "2"
BAD_VERSIONS = {
    5: ("hello-bad-crash-at-start", "a version that crashes at start"),
    8: ("hello-bad-never-ready", f"a version that is not ready in {READY_SECONDS} s"),
}
ROW = "{:>6} {:>9} {:>6} {:>6} {:>7} {:>7} {:>9}  {:>18}  {}"
HEADINGS = ROW.format("time", "requests", "failed", "reset", "refused", "dropped", "moved",
                      "freeze p50/p99/max", "")


@dataclass
class Story:
    """What has happened so far."""

    done: list = field(default_factory=list)     # the answers of handovers that were done
    refused: list = field(default_factory=list)  # of bad versions that were refused
    wrong: list = field(default_factory=list)    # what should not have happened

    @property
    def moved(self):
        return sum(answer["moved"] for answer in self.done)


class Screen:
    """A table that grows by what happens; on a terminal its last row is alive."""

    def __init__(self, load, story):
        self._load = load
        self._story = story
        self._alive = sys.stdout.isatty()
        self._shown_s = 0.0
        print(HEADINGS, flush=True)

    def _row(self, freeze, what):
        now = self._load.now
        return ROW.format(f"{now.seconds:.1f} s", f"{now.requests:,}", now.failed, now.reset,
                          now.refused, now.dropped, f"{self._story.moved:,}", freeze, what)

    def tick(self):
        text = self._row("", "version " + ", ".join(self._load.now.versions))
        if self._alive:
            print("\r" + text + "\x1b[K", end="", flush=True)
        elif self._load.now.seconds - self._shown_s >= 2:
            self._shown_s = self._load.now.seconds
            print(text, flush=True)

    def event(self, freeze, what):
        print(("\r" if self._alive else "") + self._row(freeze, what)
              + ("\x1b[K" if self._alive else ""), flush=True)


def freeze_text(values):
    return " / ".join(f"{value:.1f}" for value in values) + " ms"


def freeze_of(answer):
    freeze = answer["freeze_ms"]
    return freeze_text((freeze["p50"], freeze["p99"], freeze["max"]))


def hand_over(service, story, screen, number):
    version = 2 if number % 2 == 1 else 1
    answer = service.upgrade(f"hello-v{version}")
    if answer["result"] == "done":
        story.done.append(answer)
        what = f"handover {number}: version {version} serves, took {answer['total_ms']:.1f} ms"
    else:
        what = f"handover {number} {answer['result']}: {answer['reason']}"
        story.wrong.append(what)
    screen.event(freeze_of(answer), what)


def offer_bad(service, story, screen, program, what):
    answer = service.upgrade(program)
    if answer["result"] == "refused":
        story.refused.append(answer)
    else:
        story.wrong.append(f"{what} was not refused: {answer['result']}")
    screen.event("", f"{what}: {answer['result']}: {answer['reason']}")


def tell(service, load, story, seconds):
    """Ten handovers and two bad versions, spread over the load."""
    screen = Screen(load, story)
    for number in range(1, HANDOVERS + 1):
        load.wait_until((number - 0.5) * seconds / HANDOVERS, screen.tick)
        hand_over(service, story, screen, number)
        if number in BAD_VERSIONS:
            offer_bad(service, story, screen, *BAD_VERSIONS[number])
    load.wait_until(max(seconds, load.now.seconds + 1), screen.tick)
    screen.event("", "the load ends")


def judge(report, story, stopped):
    """Everything that must not be; empty if clients noticed nothing."""
    wrong = list(story.wrong)
    wrong += [f"{count:,} {name}" for name, count in lost_of(report).items() if count]
    if not report["passed"] and not wrong:
        wrong.append("the load checker says: not passed")
    if len(story.done) != HANDOVERS:
        wrong.append(f"{len(story.done)} of {HANDOVERS} handovers done")
    if len(story.refused) != len(BAD_VERSIONS):
        wrong.append(f"{len(story.refused)} of {len(BAD_VERSIONS)} bad versions refused")
    if not {"1", "2"} <= set(report["versions"]):
        wrong.append("not both versions answered: " + ", ".join(report["versions"]))
    if not stopped:
        wrong.append("the service did not stop by itself at the end")
    return wrong


def median(values):
    ordered = sorted(values)
    return ordered[len(ordered) // 2] if ordered else 0.0


def show_result(report, story, wrong):
    lost = lost_of(report)
    freezes = [answer["freeze_ms"] for answer in story.done]
    # The median of the medians, but the worst of what is worst.
    freeze = freeze_text((median([each["p50"] for each in freezes]),
                          max((each["p99"] for each in freezes), default=0.0),
                          max((each["max"] for each in freezes), default=0.0)))
    versions = ", ".join(f"{name} ({count:,} answers)"
                         for name, count in sorted(report["versions"].items()))
    other = sum(lost[name] for name in ("timeout", "corrupt", "status", "unasked"))
    print()
    for name, value in (
            ("requests", f"{report['requests']:,} in {report['seconds']:.1f} s"),
            ("failed", lost["failed"]), ("reset", lost["reset"]), ("refused", lost["refused"]),
            ("late, wrong or corrupt", other), ("dropped", lost["dropped"]),
            ("connections moved", f"{story.moved:,} in {len(story.done)} handovers"),
            ("freeze p50/p99/max", freeze), ("versions seen", versions)):
        print(f"  {name:24}{value}")
    for answer in story.refused:
        print(f"  {'a bad version':24}refused: {answer['reason']}")
    for incident in report["incidents"][:10]:
        print(f"  incident: {incident}")
    print("\n" + ("PASSED: the clients noticed nothing" if not wrong
                  else "FAILED: " + "; ".join(wrong)))


def run_demo(options, mix):
    seconds = options.seconds or 20
    ready = ["--ready", READY_SECONDS]
    with Service(options.bin, "hello-v1", ready) as service:
        print(f"hello version {service.first_version} serves on 127.0.0.1:{service.port}; the load:"
              f" {mix.words()}\n", flush=True)
        story = Story()
        with Load(options.bin, service.port, mix) as load:
            tell(service, load, story, seconds)
            report = load.end()
        stopped = service.stop()
    wrong = judge(report, story, stopped)
    show_result(report, story, wrong)
    return 1 if wrong else 0


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(prog="scripts/demo")
    parser.add_argument("--compare", action="store_true", help="Segue and the usual schemes")
    parser.add_argument("--seconds", type=float, help="length of the load (20; --compare: 10)")
    parser.add_argument("--rate", type=int, default=Mix.rate, help="requests per second")
    parser.add_argument("--idle", type=int, default=Mix.idle, help="idle connections")
    parser.add_argument("--bin", default="build/release/bin", help="where the programs are")
    return parser.parse_args(arguments)


def interrupt(*_):
    raise KeyboardInterrupt


def main():
    started = float(os.environ.get("SEGUE_DEMO_STARTED", time.time()))
    options = parse_arguments(sys.argv[1:])
    mix = Mix(rate=options.rate, fresh=options.rate // 10, idle=options.idle)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    adopt_orphans()
    try:
        code = demo_compare.run(options, mix) if options.compare else run_demo(options, mix)
    except DemoError as error:
        print(f"\ndemo: {error}", file=sys.stderr)
        code = 1
    except KeyboardInterrupt:
        print("\ndemo: interrupted", file=sys.stderr)
        code = 130
    finally:
        end_children()
    print(f"{time.time() - started:.0f} s in all, the build included")
    return code


if __name__ == "__main__":
    sys.exit(main())
