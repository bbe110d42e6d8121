"""Who may include what: the layer table of ARCHITECTURE.md, and the system headers' one place."""

import os
import re
from dataclasses import dataclass

from tree import Finding, line_of

_INCLUDE = re.compile(r"^[ \t]*#[ \t]*include[ \t]*([<\"])([^>\"\n]+)[>\"]", re.MULTILINE)
_TABLE_HEAD = "| folder | may include |\n"
_ROW = re.compile(r"^\|\s*`([^`]+)`\s*\|([^|]*)\|\s*$", re.MULTILINE)

# Folders that are not part of what is shipped: they may use the system directly.
OUTSIDE = ("tests/", "bench/", "fuzz/", "examples/")
# Headers that are not Segue's, and who includes them. All other system headers: see below.
PLACES = {
    "boost/context/": ("src/loop/",),  # fibers wrap it
    "sanitizer/": ("src/loop/",),      # they are told of our stacks
    "cxxabi.h": ("src/loop/",),        # exception state is swapped with the stack
    "CLI/": ("cli/", "src/soak/", "src/launch/"),
    "emmintrin.h": ("src/http/",),     # SSE2: scans of heads, functions of their arguments alone
    "arpa/inet.h": ("src/",),          # addresses as text: functions of their arguments alone
}
_SYSTEM_HEADER = re.compile(r"(?:sys|netinet|arpa|net|linux)/|\w+\.h$")
# Names that others have too: found only as `::name(`.
_COMMON_CALLS = """
    socket bind listen accept accept4 connect shutdown recv send sendto recvfrom setsockopt
    getsockopt getsockname getpeername socketpair open openat read write pread pwrite readv writev
    close dup dup2 dup3 stat lstat fstat unlink rename mkdir rmdir chmod chown flock fcntl
    ftruncate truncate mmap munmap mprotect madvise ioctl poll ppoll select kill fork vfork pipe
    pipe2 wait signal link symlink readlink fsync""".split()
_OWN_CALLS = """
    sendmsg recvmsg sendmmsg recvmmsg epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait
    eventfd signalfd timerfd_create timerfd_settime memfd_create pidfd_open waitpid waitid execve
    execv execvp execvpe execveat posix_spawn posix_spawnp syscall prctl sigaction sigprocmask
    pthread_sigmask clock_gettime gettimeofday getrlimit setrlimit setsid setpgid sendfile splice
    getaddrinfo""".split()
_SYSTEM_CALL = re.compile(rf"(?<![\w>:.])(?:::\s*(?:{'|'.join(_COMMON_CALLS)})"
                          rf"|(?:::\s*)?(?:{'|'.join(_OWN_CALLS)}))\s*\(")
# A pure folder gets time, threads, chance and streams as arguments, or not at all.
IMPURE = {"iostream", "fstream", "thread", "mutex", "condition_variable", "future", "filesystem",
          "random", "ctime", "csignal"}
_IMPURE_CALL = re.compile(r"\b\w*_clock\s*::\s*now\b|\bstd\s*::\s*(?:time|clock)\s*\(")


@dataclass(frozen=True)
class Include:
    line: int
    name: str
    quoted: bool


def includes(tree, path):
    text = tree.files[path]
    return [Include(line_of(text, match.start()), match.group(2), match.group(1) == '"')
            for match in _INCLUDE.finditer(text)]


class Layers:
    """The table: folder -> the folders and public headers that it may include."""

    def __init__(self, text):
        start = text.find(_TABLE_HEAD)
        self.line = line_of(text, max(0, start))
        table = text[start:].partition("\n\n")[0] if start >= 0 else ""
        self.rows = {folder: self._items(cell) for folder, cell in _ROW.findall(table)}

    @staticmethod
    def _items(cell):
        names = [name.strip(" `") for name in cell.split(",") if name.strip()]
        return [name if "/" in name or name == "all" else f"src/{name}" for name in names]

    def row_of(self, path):
        """The row that `path` belongs to; nothing for a folder without one."""
        fitting = [folder for folder in self.rows if path.startswith(folder + "/")]
        return max(fitting, key=len, default=None)

    def reach(self, row):
        """All folders that `row` may include, directly or not."""
        found, todo = set(), [row]
        while todo:
            for item in self.rows.get(todo.pop(), []):
                if item in self.rows and item not in found:
                    found.add(item)
                    todo.append(item)
        return found

    def is_pure(self, row):
        return row.startswith("src/") and row != "src/os" and "src/os" not in self.reach(row)

    def public_headers_for(self, row):
        """The headers, or folders of them, that a pure row sees of include/segue: what its row and
        the row of src/base list."""
        return {item for item in self.rows.get("src/base", []) + self.rows[row]
                if item.startswith("include/")}

    def allows(self, row, target):
        items = self.rows[row]
        if target.startswith(row + "/") or "all" in items:
            return True
        if target.startswith("include/segue/"):
            stem, folder = target.rpartition(".")[0], target.rpartition("/")[0]
            return not self.is_pure(row) or bool({stem, folder} & self.public_headers_for(row))
        return self.row_of(target) in items


def target_of(tree, include, path=""):
    """The file of the repository that is meant; nothing for a system or library header."""
    if include.name.startswith("segue/"):
        return "include/" + include.name
    if not include.quoted:
        return None
    # Helpers of tests may be named as neighbours.
    beside = os.path.join(os.path.dirname(path), include.name)
    if path.startswith("tests/") and beside in tree.files:
        return beside
    inside = "src/" + include.name
    return inside if inside in tree.files else include.name


def _table(tree):
    return Layers(tree.files.get("ARCHITECTURE.md", ""))


def layer_table_is_sound(tree):
    """The table exists, names only its own folders, has no cycle, and covers src/."""
    layers = _table(tree)
    place = ("ARCHITECTURE.md", layers.line)
    if not layers.rows:
        yield Finding(*place, "no layer table", f"write one that starts with {_TABLE_HEAD.strip()}")
    for row, items in layers.rows.items():
        for item in items:
            if item.startswith("src/") and item not in layers.rows:
                yield Finding(*place, f"the row of {row} names {item}, which has no row",
                              "correct the name or add the row")
        if row in layers.reach(row):
            yield Finding(*place, f"{row} is part of a cycle",
                          "take one direction out: a folder includes only what is below it")
    folders = {"/".join(path.split("/")[:2]) for path in tree.cpp("src/")}
    for folder in sorted(folders - set(layers.rows)):
        yield Finding(*place, f"{folder} has no row", "say in the table what it may include")


def layers_are_kept(tree):
    layers = _table(tree)
    for path in tree.cpp():
        row = layers.row_of(path)
        if row is None:
            continue
        for include in includes(tree, path):
            target = target_of(tree, include, path)
            if target is None:
                continue
            if target not in tree.files:
                yield Finding(path, include.line, f"no file {include.name} in src/ or the root",
                              'include by the path from src/: "os/fd.hpp"')
            elif not layers.allows(row, target):
                allowed = ", ".join(layers.rows[row]) or "nothing but itself"
                yield Finding(path, include.line, f"{row} must not include {target}",
                              f"it may include {allowed} (table in ARCHITECTURE.md): move the code"
                              " to the folder that it belongs to")


def _place_of(name, pure):
    """(folders that may include <name>, where to go instead); no folders: not restricted."""
    places = next((PLACES[prefix] for prefix in PLACES if name.startswith(prefix)), None)
    if places is not None:
        return places, "use what that folder offers"
    if not _SYSTEM_HEADER.match(name):
        return ("nowhere/",), "say in PLACES of tests/tidy/layers.py who may use it"
    if pure:
        return ("src/os/",), "take the value as an argument; C headers have a C++ form: <cstring>"
    return (), ""


def foreign_headers_have_their_place(tree):
    """Libraries are wrapped in one folder. Pure folders and public headers see no system header;
    the folders above src/os may, for constants and types: calls are the next rule's."""
    layers = _table(tree)
    for path in tree.cpp():
        row = layers.row_of(path)
        if path.startswith(OUTSIDE) or row is None:
            continue
        pure = row == "include/segue" or layers.is_pure(row)
        for include in includes(tree, path):
            name = include.name
            if include.quoted or name.startswith("segue/") or not set(name) & set("./"):
                continue
            places, fix = _place_of(name, pure)
            if places and not path.startswith(places):
                yield Finding(path, include.line, f"<{name}> outside {places[0]}", fix)


def system_calls_stay_in_os(tree):
    """Only src/os calls the system, so that a test can make each call fail."""
    for path in tree.cpp("src/", "include/", "cli/"):
        if path.startswith("src/os/"):
            continue
        code = tree.code(path)
        for match in _SYSTEM_CALL.finditer(code):
            name = match.group().strip("(: ")
            yield Finding(path, line_of(code, match.start()), f"{name}() outside src/os",
                          "call it through os::Os (add it there): tests fail it at will")


def pure_folders_stay_pure(tree):
    """No clock, thread, stream or chance where a step must give the same result every time."""
    layers = _table(tree)
    for path in tree.cpp("src/"):
        row = layers.row_of(path)
        if row is None or not layers.is_pure(row):
            continue
        for include in includes(tree, path):
            if include.name in IMPURE:
                yield Finding(path, include.line, f"<{include.name}> in the pure folder {row}",
                              "take the value as an argument; effects belong to src/server")
        code = tree.code(path)
        for match in _IMPURE_CALL.finditer(code):
            yield Finding(path, line_of(code, match.start()), f"a clock is read in {row}",
                          "take the time as an argument: tests choose it, and it can travel")


def headers_are_used(tree):
    """A header that no other file includes is dead, unless it is all there is to see."""
    used = set()
    for path in tree.cpp():
        for include in includes(tree, path):
            target = target_of(tree, include, path)
            if target != path:
                used.add(target)
    for path in tree.paths(endings=(".hpp", ".h")):
        if path not in used:
            yield Finding(path, 1, "nobody includes this header", "delete it or use it")


def sources_are_built(tree):
    """CMakeLists.txt names each folder of src/: one that it forgets is never compiled."""
    build = tree.files.get("CMakeLists.txt", "")
    folders = {path.split("/")[1] for path in tree.paths("src/", endings=(".cpp",))
               if path.count("/") > 1}
    for folder in sorted(folders):
        if not re.search(rf"[\s/(]{re.escape(folder)}[\s/)]", build):
            yield Finding("CMakeLists.txt", 1, f"src/{folder} is not built",
                          "add it to the list of layers")


RULES = [layer_table_is_sound, layers_are_kept, foreign_headers_have_their_place,
         system_calls_stay_in_os, pure_folders_stay_pure, headers_are_used, sources_are_built]
