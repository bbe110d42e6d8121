#!/usr/bin/env python3
"""scripts/suite.py on programs that pass, fail, crash, hang, skip or do nothing."""

import os
import subprocess
import sys
import tempfile
import textwrap

import cases

SUITE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts", "suite.py")

# Stands for a GoogleTest binary: writes its report and prints its lines. Given: names of failing
# cases, of passing ones, and how to end.
GTEST = """\
    #!/usr/bin/env python3
    import json, os, signal, sys, time
    passing, failing, skipped, end = {passing}, {failing}, {skipped}, "{end}"
    for name in passing:
        print("[ RUN      ] A." + name)
        print("[       OK ] A." + name + " (0 ms)", flush=True)
    if end == "crash":
        print("[ RUN      ] A.crashing", flush=True)
        os.kill(os.getpid(), signal.SIGSEGV)
    if end == "hang":
        time.sleep(60)
    report = [{{"name": name, "status": "RUN", "result": "COMPLETED"}} for name in passing]
    report += [{{"name": name, "status": "RUN", "result": "COMPLETED", "failures": [{{}}]}}
               for name in failing]
    report += [{{"name": name, "status": "RUN", "result": "SKIPPED"}} for name in skipped]
    path = [a for a in sys.argv if a.startswith("--gtest_output=json:")][0].partition(":")[2]
    json.dump({{"testsuites": [{{"testsuite": report}}]}}, open(path, "w"))
    sys.exit(int(end))
"""


def gtest(passing=(), failing=(), skipped=(), end="0"):
    return textwrap.dedent(GTEST).format(
        passing=list(passing), failing=list(failing), skipped=list(skipped), end=end)


def run(programs, *options):
    """Runs the suite on `programs` (name -> text); returns (exit code, last line, output)."""
    with tempfile.TemporaryDirectory() as root:
        os.makedirs(os.path.join(root, "built/tests"))
        for name, text in programs.items():
            path = os.path.join(root, name if "/" in name else f"built/tests/{name}")
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            os.chmod(path, 0o755)
        done = subprocess.run([sys.executable, SUITE, "--build-dir", "built", *options], cwd=root,
                              capture_output=True, text=True, check=False)
        return done.returncode, done.stdout.splitlines()[-1], done.stdout


def expect(result, code, last):
    assert result[:2] == (code, last), result[2]


def test_cases_of_all_programs_are_summed():
    expect(run({"a-test": gtest(["x", "y"]), "b-test": gtest(["z"]),
                "tests/process/p_test.py": "print('PASS one')\nprint('PASS two')\n"}),
           0, "5 passed, 0 failed")


def test_a_failed_case_fails_the_run_and_shows_the_output():
    result = run({"a-test": gtest(["x"], ["y"], end="1")})
    expect(result, 1, "1 passed, 1 failed")
    assert "[       OK ] A.x" in result[2]


def test_a_failed_case_of_a_script_fails_the_run():
    expect(run({"tests/process/p_test.py": "print('PASS a')\nprint('FAIL b')\nexit(1)\n"}),
           1, "1 passed, 1 failed")


def test_a_crash_is_one_failure_and_names_the_case():
    result = run({"a-test": gtest(["x", "y"], end="crash")})
    expect(result, 1, "2 passed, 1 failed")
    assert "SIGSEGV" in result[2] and "A.crashing" in result[2], result[2]


def test_a_hanging_program_is_ended_and_is_one_failure():
    result = run({"a-test": gtest(["x"], end="hang")}, "--timeout", "1")
    expect(result, 1, "1 passed, 1 failed")
    assert "longer than 1 s" in result[2]


def test_a_non_zero_exit_without_a_failed_case_is_one_failure():
    expect(run({"a-test": gtest(["x"], end="66")}), 1, "1 passed, 1 failed")


def test_a_program_without_a_case_is_one_failure():
    expect(run({"a-test": gtest(), "b-test": gtest(["x"])}), 1, "1 passed, 1 failed")
    expect(run({"tests/process/p_test.py": "", "b-test": gtest(["x"])}), 1, "1 passed, 1 failed")


def test_a_skipped_case_is_no_pass():
    result = run({"a-test": gtest(["x"], skipped=["y"])})
    expect(result, 0, "1 passed, 0 failed")
    assert "1 skipped" in result[2]


def test_no_program_at_all_fails_the_run():
    expect(run({}), 1, "0 passed, 0 failed")


def test_a_filter_chooses_programs():
    programs = {"a-test": gtest(["x"]), "b-test": gtest(["y", "z"])}
    expect(run(programs, "--filter", "b-"), 0, "2 passed, 0 failed")
    expect(run(programs, "--filter", "none"), 1, "0 passed, 0 failed")


if __name__ == "__main__":
    cases.run(globals())
