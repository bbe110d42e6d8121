"""The repository as tidy's rules see it: paths and texts, code apart from comments, findings.

Rules take a Tree and yield Findings; they read no file themselves, so tests hand them a dict.
"""

import os
import re
import subprocess
from dataclasses import dataclass

CPP_ENDINGS = (".cpp", ".hpp", ".h", ".c", ".cc")
# Other files that are written by hand and read as programs.
SCRIPT_ENDINGS = (".py", ".sh", ".cmake", ".js", ".go", ".service", ".conf")

_TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/"""
    r"""|(?:\b(?:u8|[uUL]))?R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)\""""
    r"""|"(?:\\.|[^"\\\n])*\""""
    r"""|(?<![0-9A-Za-z_])(?:u8|[uUL])?'(?:\\.|[^'\\\n])+'""",
    re.DOTALL)
_NOT_NEWLINE = re.compile(r"[^\n]")


@dataclass(frozen=True)
class Finding:
    """One broken rule at one place; `fix` tells what to do instead."""

    path: str
    line: int
    what: str
    fix: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.what}; {self.fix}"


def _blank(text):
    return _NOT_NEWLINE.sub(" ", text)


def is_cpp(path):
    return path.endswith(CPP_ENDINGS)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def split_cpp(text):
    """(code, comments) of C++ text: same length and lines, the other part blanked.

    Strings and characters are blanked in both: no rule is about what they say.
    """
    code, comments, end = [], [], 0
    for token in _TOKEN.finditer(text):
        plain = text[end:token.start()]
        is_comment = token.group().startswith(("//", "/*"))
        code += [plain, _blank(token.group()) if is_comment else _hollow(token.group())]
        comments += [_blank(plain), token.group() if is_comment else _blank(token.group())]
        end = token.end()
    code.append(text[end:])
    comments.append(_blank(text[end:]))
    return "".join(code), "".join(comments)


def _hollow(literal):
    """A literal without its content: still something between two quotes."""
    return literal[-1] + _blank(literal[1:-1]) + literal[-1]


class Tree:
    """Texts by path, with `/` between folders."""

    def __init__(self, files, root=".", executables=()):
        self.files = dict(files)
        self.executables = set(executables)
        self.root = root
        self._split = {}

    @classmethod
    def read(cls, root):
        files = {}
        for path in listed_files(root):
            try:
                with open(os.path.join(root, path), encoding="utf-8") as file:
                    files[path] = file.read()
            except UnicodeDecodeError:
                continue  # a seed or another binary file
        executables = [path for path in files if os.access(os.path.join(root, path), os.X_OK)]
        return cls(files, root, executables)

    def paths(self, *prefixes, endings=("",)):
        """Sorted paths under one of the folders (all without any), with one of the endings."""
        return [path for path in sorted(self.files)
                if path.endswith(tuple(endings)) and (not prefixes or path.startswith(prefixes))]

    def cpp(self, *prefixes):
        return self.paths(*prefixes, endings=CPP_ENDINGS)

    def scripts(self):
        """Programs that are not C++: by their ending, by CMake's name, or by `#!`."""
        return [path for path, text in sorted(self.files.items())
                if path.endswith(SCRIPT_ENDINGS) or path.endswith("CMakeLists.txt")
                or text.startswith("#!")]

    def code(self, path):
        return self._parts(path)[0]

    def comments(self, path):
        return self._parts(path)[1]

    def lines(self, path):
        return self.files[path].splitlines()

    def _parts(self, path):
        if path not in self._split:
            self._split[path] = split_cpp(self.files[path])
        return self._split[path]


def listed_files(root):
    """What git tracks or would track; every file where there is no git."""
    git = subprocess.run(
        ["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True, check=False)
    if git.returncode == 0:
        paths = git.stdout.decode().split("\0")
    else:
        paths = [os.path.relpath(os.path.join(folder, name), root)
                 for folder, _, names in os.walk(root) for name in names]
    return sorted({path for path in paths if path and not path.startswith("build/")
                   and os.path.isfile(os.path.join(root, path))})
