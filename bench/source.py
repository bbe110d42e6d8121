"""What the code costs those who compile and read it: the compiler's time, and lines."""

import glob
import os
import subprocess

from servers import ROOT, BenchError

ONE_ROUTE = """#include <segue/app.hpp>
int main(int argc, char** argv) {
  return segue::run(argc, argv, [](segue::App& app) {
    app.get("/user/:id", [](segue::Context& c) { c.text(c.param("id")); });
  });
}
"""
FOLDERS = ("src/handover", "src/supervisor")


def compile_time(folder, options):
    """User CPU of the compiler for a service with one route, without optimisation."""
    source = os.path.join(folder, "one_route.cpp")
    with open(source, "w") as file:
        file.write(ONE_ROUTE)
    command = ["g++", "-std=c++20", "-I", os.path.join(ROOT, "include"), "-c", source,
               "-o", os.path.join(folder, "one_route.o")]
    found = []
    for _ in range(options.rounds):
        before = os.times().children_user
        if subprocess.run(command, check=False).returncode != 0:
            raise BenchError("the service with one route does not compile")
        found.append(os.times().children_user - before)
    return {"user_s": found}


def _is_code(line):
    return bool(line.strip()) and not line.strip().startswith("//")


def lines(_folder, _options):
    found = {}
    for folder in FOLDERS:
        texts = []
        for path in sorted(glob.glob(os.path.join(ROOT, folder, "**", "*.[ch]pp"),
                                     recursive=True)):
            with open(path) as file:
                texts += file.readlines()
        found[folder] = {"all": len(texts), "code": sum(map(_is_code, texts))}
    return found
