"""Runs the functions `test_...` of a script and prints PASS or FAIL for each, for scripts/test."""

import sys
import traceback


def run(namespace):
    """Runs every test of `namespace` (give `globals()`); ends with exit code 1 if one failed."""
    failed = 0
    for name, test in list(namespace.items()):
        if not name.startswith("test_"):
            continue
        try:
            test()
            print("PASS", name.removeprefix("test_"), flush=True)
        except Exception:  # pylint: disable=broad-except
            failed += 1
            traceback.print_exc(file=sys.stdout)
            print("FAIL", name.removeprefix("test_"), flush=True)
    sys.exit(1 if failed else 0)
