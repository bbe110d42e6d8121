#!/usr/bin/env python3
"""Runs test programs one after another and counts their cases; scripts/test calls it.

A program is a GoogleTest binary (<build dir>/tests/*-test) or a Python script that prints
`PASS name` or `FAIL name` for each case (tests/tidy, tests/process). A crash, a time-out, a
non-zero exit without a failed case and a program without any case each count as one failure.
"""

import argparse
import glob
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field

CASE_LINE = re.compile(r"^(PASS|FAIL) \S", re.MULTILINE)
GTEST_CASE_LINE = re.compile(r"^\[ +(OK|FAILED) +\] \S+ .*\(\d+ ms\)$", re.MULTILINE)
GTEST_RUN_LINE = re.compile(r"^\[ RUN +\] (\S+)$", re.MULTILINE)
OUTPUT_CHARACTERS_MAX = 20_000
NO_TEST = "ran no test"


@dataclass
class Outcome:
    """What one program did: cases counted, and why it failed as a whole, if it did."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    problems: list = field(default_factory=list)
    output: str = ""

    @property
    def failures(self):
        return self.failed + len(self.problems)


def run_program(command, timeout_s, environment):
    """Runs `command` in its own process group; returns (exit code or None, output)."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            env=environment, start_new_session=True)
        try:
            code = process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            code = None
        end_group(process)
        output.seek(0)
        return code, output.read().decode(errors="replace")


def end_group(process):
    """Nothing that a test started outlives it, and a hanging program is ended."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def exit_problem(code, timeout_s):
    if code is None:
        return f"ran longer than {timeout_s} s and was ended"
    if code < 0:
        return f"ended by signal {-code} ({signal.Signals(-code).name})"
    return f"exited with {code}"


def count_gtest(report):
    """(passed, failed, skipped) of a GoogleTest JSON report."""
    counts = [0, 0, 0]
    for suite in report["testsuites"]:
        for case in suite["testsuite"]:
            if case.get("failures"):
                counts[1] += 1
            elif case["status"] != "RUN" or case["result"] == "SKIPPED":
                counts[2] += 1
            else:
                counts[0] += 1
    return counts


def read_gtest(report_path, output):
    """Counts from the report; a program that died left none, then from what it printed."""
    try:
        with open(report_path) as file:
            return count_gtest(json.load(file))
    except (OSError, ValueError, KeyError):
        words = GTEST_CASE_LINE.findall(output)
        return [words.count("OK"), words.count("FAILED"), 0]


def last_case(output):
    started = GTEST_RUN_LINE.findall(output)
    return f" in {started[-1]}" if started else ""


def judge(outcome, code, timeout_s, where=""):
    """Adds what the counts alone do not show."""
    if code != 0 and (outcome.failed == 0 or code is None or code < 0):
        outcome.problems.append(exit_problem(code, timeout_s) + where)
    if outcome.passed + outcome.failed == 0 and not outcome.problems:
        outcome.problems.append(NO_TEST)
    return outcome


def run_gtest(path, pattern, timeout_s, environment):
    with tempfile.TemporaryDirectory() as folder:
        report = os.path.join(folder, "report.json")
        command = [path, f"--gtest_output=json:{report}", "--gtest_color=no"]
        if pattern:
            command.append(f"--gtest_filter={pattern}")
        code, output = run_program(command, timeout_s, environment)
        passed, failed, skipped = read_gtest(report, output)
    outcome = Outcome(passed, failed, skipped, output=output)
    return judge(outcome, code, timeout_s, last_case(output))


def run_script(path, timeout_s, environment):
    code, output = run_program([sys.executable, "-u", path], timeout_s, environment)
    words = CASE_LINE.findall(output)
    outcome = Outcome(words.count("PASS"), words.count("FAIL"), output=output)
    return judge(outcome, code, timeout_s)


def show(name, outcome, seconds):
    mark = "FAIL" if outcome.failures else "ok"
    skipped = f", {outcome.skipped} skipped" if outcome.skipped else ""
    counts = f"{outcome.passed} passed, {outcome.failed} failed{skipped}"
    print(f"{mark:4}  {name:28}  {counts:32}  {seconds:6.1f} s", flush=True)
    if not outcome.failures:
        return
    if len(outcome.output) > OUTPUT_CHARACTERS_MAX:
        print(f"      ... the last {OUTPUT_CHARACTERS_MAX} characters of its output:")
    for line in outcome.output[-OUTPUT_CHARACTERS_MAX:].splitlines():
        print(f"      | {line}")
    for problem in outcome.problems:
        print(f"      {name}: {problem}", flush=True)


def programs_of(build_dir, checks):
    """Paths of what to run: binaries, the checks on the repository, the process tests."""
    binaries = sorted(glob.glob(os.path.join(build_dir, "tests", "*-test")))
    scripts = []
    if checks:
        scripts = ["tests/tidy/tidy.py"] + sorted(glob.glob("tests/tidy/*_test.py"))
    return binaries + scripts + sorted(glob.glob("tests/process/*_test.py"))


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(prog="scripts/test")
    parser.add_argument("--filter", default="", metavar="NAME[:PATTERN]",
                        help="programs with NAME in their path; cases that match PATTERN")
    parser.add_argument("--build-dir", metavar="DIR",
                        help="programs of DIR only; without it, build/release and tests/tidy")
    parser.add_argument("--timeout", type=int, default=300, metavar="SECONDS",
                        help="for each program (default 300)")
    return parser.parse_args(arguments)


def run_all(options):
    """Runs what the options ask for; returns (passed, failed)."""
    build_dir = options.build_dir or "build/release"
    name_filter, _, pattern = options.filter.partition(":")
    environment = {**os.environ, "SEGUE_BUILD_DIR": os.path.abspath(build_dir)}
    total = Outcome()
    for path in programs_of(build_dir, checks=options.build_dir is None):
        name = os.path.relpath(path, os.path.join(build_dir, "tests")) \
            if path.startswith(build_dir) else path
        is_script = path.endswith(".py")
        if name_filter not in name or (pattern and is_script):
            continue
        start = time.monotonic()
        outcome = run_script(path, options.timeout, environment) if is_script \
            else run_gtest(path, pattern, options.timeout, environment)
        if pattern and outcome.passed + outcome.failed == 0 and outcome.problems == [NO_TEST]:
            continue
        show(name, outcome, time.monotonic() - start)
        total.passed += outcome.passed
        total.failed += outcome.failures
    return total.passed, total.failed


def main():
    passed, failed = run_all(parse_arguments(sys.argv[1:]))
    if passed + failed == 0:
        print("no test ran: is the build directory right, and does the filter match a program?")
    print(f"{passed} passed, {failed} failed")
    return 0 if passed > 0 and failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
