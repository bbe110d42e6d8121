"""Words and constructs that stay out, each with what to write instead.

A place that has a reason says so on its line or the line above, and the rule lets it pass:
    // tidy: allow NAME: the reason
"""

import re
from dataclasses import dataclass, field

from tree import Finding, is_cpp, line_of

SHIPPED = ("src/", "include/", "cli/")
CPP_TREE = SHIPPED + ("tests/", "examples/", "bench/", "fuzz/")
SERVING = ("src/handover/", "src/supervisor/")
# What every request or every connection passes through.
DATA_PATH = ("src/base/", "src/http/", "src/http1/", "src/connection/", "src/router/",
             "src/handover/", "src/loop/fiber", "src/loop/loop", "src/loop/timer",
             "src/server/acceptor", "src/server/context", "src/server/exchange",
             "src/server/session")


@dataclass(frozen=True)
class Ban:
    """`pattern` must not occur in the code (or comments) of files under `where`."""

    name: str
    pattern: str
    what: str
    fix: str
    where: tuple = CPP_TREE
    comments: bool = False
    only: str = ""
    homes: tuple = ()  # the files whose purpose it is
    regex: re.Pattern = field(init=False)

    def __post_init__(self):
        object.__setattr__(self, "regex", re.compile(self.pattern))

    def covers(self, path):
        return path.startswith(self.where) and path.endswith(self.only) and path not in self.homes


NUMBER_PARSERS = ("atoi atol atoll atof stoi stol stoll stoul stoull stof stod strtol strtoll"
                  " strtoul strtoull strtod sscanf").split()
UNBOUNDED = "sprintf vsprintf strcpy strcat gets strtok".split()
SHARED_BUFFERS = "localtime gmtime asctime ctime strerror inet_ntoa gethostbyname".split()


def _call(names):
    return rf"(?<![\w.>:])(?:std\s*::\s*|::)?(?:{'|'.join(names)})\s*\("


BANS = [
    Ban("regex", r"\bstd\s*::\s*w?regex\b|\bregex_(?:match|search|replace)\b", "std::regex",
        "write a small parser: its time and stack have no bound"),
    Ban("assert", r"(?<!\w)assert\s*\(|\bstd\s*::\s*(?:abort|terminate)\b|(?<!\w)abort\s*\(",
        "an abort in a process that still serves",
        "return an Error: a handover fails towards the predecessor", SERVING),
    Ban("using_namespace", r"\busing\s+namespace\b", "using namespace in a header",
        "name what you use", only=".hpp"),
    Ban("shared_ptr", r"\bstd\s*::\s*(?:shared_ptr|weak_ptr|make_shared|enable_shared_from_this)\b",
        "std::shared_ptr on the data path", "give it one owner, and others an id", DATA_PATH),
    Ban("unbounded_copy", _call(UNBOUNDED), "a copy without a bound",
        "use std::string, std::snprintf or std::copy_n"),
    Ban("number_parser", _call(NUMBER_PARSERS), "a lenient number parser (takes +5, 5abc, locale)",
        "use std::from_chars and check where it stopped", SHIPPED),
    Ban("shared_buffer", _call(SHARED_BUFFERS), "a function with one buffer for all threads",
        "use the _r form or std::generic_category().message()", SHIPPED),
    Ban("rand", _call(["rand", "srand", "drand48"]), "hidden randomness",
        "take the number as an argument (tests: a std::mt19937 with a printed seed)"),
    Ban("sleep", _call(["sleep", "usleep", "nanosleep", "clock_nanosleep"])
        + r"|\bthis_thread\s*::\s*sleep_(?:for|until)\b", "a sleep",
        "wait for the event itself; in a test, turn the loop or read until it happens",
        SHIPPED + ("tests/",), homes=("src/loop/wait.cpp",)),
    Ban("python_sleep", r"(?<!\w)time\.sleep\(", "a sleep in a test",
        "wait for the event: read the pipe, poll the descriptor, wait for the process",
        ("tests/process/", "tests/support/", "tests/package/"), only=".py"),
    Ban("iostream", r"\bstd\s*::\s*(?:cout|cerr|clog|cin)\b|#\s*include\s*<iostream>",
        "a standard stream inside the library", "return the text, or write through the log",
        ("src/", "include/")),
    Ban("capture_all_by_value", r"\[\s*=\s*[\],]", "[=]", "name each capture"),
    Ban("doubt", r"\b(?:FIXME|XXX|HACK)\b|\bTODO\b(?!\((?:security|perf|api|docs|test)\): \S)",
        "a mark without its kind and what is missing",
        "do it, or write 'TODO(security|perf|api|docs|test): what is missing'", comments=True),
    Ban("new", r"(?<!operator)(?<!operator )\bnew\b\s*(?!\()[\w:<]", "a raw new",
        "use std::make_unique, a container, or unique_ptr<T>(new T) for a private constructor"),
    Ban("delete", r"(?<!=)(?<!= )(?<!operator)(?<!operator )\bdelete\b", "a raw delete",
        "let the owner (std::unique_ptr, a container) end it"),
    Ban("malloc", _call(["malloc", "calloc", "realloc", "free"]), "C memory",
        "use a container or std::unique_ptr", SHIPPED),
    Ban("volatile", r"(?<!asm )(?<!__asm__ )\bvolatile\b", "volatile",
        "use std::atomic, or signalfd for signals"),
    Ban("define", r"(?m)^[ \t]*#[ \t]*define\s+(?!SEGUE_EXPORT\b)\w+", "a macro",
        "use constexpr, a template or a function", homes=("src/loop/sanitizer.hpp",)),
    Ban("null", r"\bNULL\b", "NULL", "write nullptr"),
    Ban("endl", r"\bstd\s*::\s*endl\b", "std::endl", "write '\\n': endl also flushes"),
    Ban("detach", r"\.\s*detach\s*\(\s*\)", "a detached thread", "keep it and join it", SHIPPED),
    Ban("shell", _call(["system", "popen"]), "a shell", "use the spawn of src/os", SHIPPED),
    Ban("skipped_test", r"\bGTEST_SKIP\b|\bDISABLED_\w", "a test that does not run",
        "make it run or delete it; one whose data lies beside the repository prints that it is not"
        " there and returns", ("tests/",)),
    Ban("empty_test", r"\bEXPECT_TRUE\(\s*true\s*\)|\bSUCCEED\s*\(", "a check that cannot fail",
        "check what the test's name says", ("tests/",)),
]

_OWNED_NEW = re.compile(r"unique_ptr\s*<[^;{}]*>\s*\w*\s*[({]\s*$")


def allowed_here(lines, line, name):
    """Whether the line or the one above it gives a reason for this ban's exception."""
    allow = re.compile(rf"tidy: allow {name}: \S")
    return any(allow.search(text) for text in lines[max(0, line - 2):line])


def _is_owned_new(ban, code, start):
    return ban.name == "new" and _OWNED_NEW.search(code[max(0, start - 200):start])


def findings_of(ban, tree, path):
    text = tree.files[path]
    if is_cpp(path):
        text = tree.comments(path) if ban.comments else tree.code(path)
    for match in ban.regex.finditer(text):
        line = line_of(text, match.start())
        if not allowed_here(tree.lines(path), line, ban.name) \
                and not _is_owned_new(ban, text, match.start()):
            yield Finding(path, line, f"{ban.what} ({ban.name})", ban.fix)


def banned_constructs_stay_out(tree):
    for ban in BANS:
        for path in tree.paths():
            if ban.covers(path) and (is_cpp(path) or ban.only == ".py"):
                yield from findings_of(ban, tree, path)


RULES = [banned_constructs_stay_out]
