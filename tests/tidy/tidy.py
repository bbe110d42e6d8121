#!/usr/bin/env python3
"""Checks the repository against its own rules: layers, sizes, bans, documents, format.

    tests/tidy/tidy.py [RULE...]     all rules, or those whose name contains RULE

Prints each finding as `file:line: what; fix`, and `PASS rule` or `FAIL rule` for each rule.
Style that a program can check is checked here, so that reviews can speak of the rest.
"""

import os
import sys

import bans
import docs
import layers
import shape
import tools
from tree import Tree

RULES = layers.RULES + bans.RULES + shape.RULES + docs.RULES + tools.RULES


def check(tree, rule):
    """Prints what `rule` finds; returns whether it found nothing."""
    findings = sorted(rule(tree), key=lambda finding: (finding.path, finding.line))
    for finding in findings:
        print(finding)
    print("FAIL" if findings else "PASS", rule.__name__, flush=True)
    return not findings


def main(wanted):
    root = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
    chosen = [rule for rule in RULES
              if not wanted or any(name in rule.__name__ for name in wanted)]
    if not chosen:
        print("no such rule; there are:", *(rule.__name__ for rule in RULES))
        return 2
    tree = Tree.read(root)
    return 0 if all([check(tree, rule) for rule in chosen]) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
