"""Rules that need other programs: the compiler on each public header, and clang-format."""

import os
import re
import resource
import shutil
import subprocess

from tree import Finding

HEADER_CPU_SECONDS_MAX = 2.0
COMPILER = "g++"
FORMATTER = "clang-format-14"
_FORMAT_LINE = re.compile(r"^(\S+?):(\d+):\d+: (?:error|warning): (.*)$", re.MULTILINE)


def compile_alone(root, header):
    """(compiler's complaint or "", user CPU seconds) of a program that only includes `header`."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    compiler = subprocess.run(
        [COMPILER, "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Werror",
         "-I", os.path.join(root, "include"), "-x", "c++", "-"],
        input=f'#include "{header.removeprefix("include/")}"\n', capture_output=True, text=True,
        check=False)
    spent = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    return ("" if compiler.returncode == 0 else compiler.stderr), spent


def public_headers_stand_alone(tree):
    """Each compiles by itself, and soon: users pay for it in every file."""
    for header in tree.paths("include/", endings=(".hpp",)):
        complaint, seconds = compile_alone(tree.root, header)
        if seconds > HEADER_CPU_SECONDS_MAX:  # a busy machine inflates one reading
            seconds = min(seconds, compile_alone(tree.root, header)[1])
        if complaint:
            first = next((line for line in complaint.splitlines() if "error" in line), complaint)
            yield Finding(header, 1, f"does not compile alone: {first.strip()}",
                          "include what it uses")
        elif seconds > HEADER_CPU_SECONDS_MAX:
            yield Finding(header, 1, f"takes {seconds:.1f} s of CPU to compile",
                          f"move what is heavy into a .cpp: at most {HEADER_CPU_SECONDS_MAX:.0f} s")


def sources_are_formatted(tree):
    paths = tree.cpp()
    if not paths:
        return
    if not shutil.which(FORMATTER):
        yield Finding(".clang-format", 1, f"no {FORMATTER} here", "run scripts/setup --test")
        return
    formatter = subprocess.run([FORMATTER, "--dry-run", "-Werror", *paths], cwd=tree.root,
                               capture_output=True, text=True, check=False)
    seen = set()
    for path, line, what in _FORMAT_LINE.findall(formatter.stderr):
        if path not in seen:  # the first place of a file is enough
            seen.add(path)
            yield Finding(path, int(line), what, f"run {FORMATTER} -i {path}")
    if formatter.returncode != 0 and not seen:
        yield Finding(".clang-format", 1, formatter.stderr.strip(), "correct the configuration")


RULES = [public_headers_stand_alone, sources_are_formatted]
