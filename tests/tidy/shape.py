"""Sizes and the outer form of files: what can be counted."""

import ast
import re
from dataclasses import dataclass

from tree import Finding, is_cpp, line_of

FUNCTION_LINES_MAX = 60
FILE_LINES_MAX = 500
COLUMNS_MAX = 100

_COMMENT_STARTS = ("//", "#", '"""', "/*", "<!--")
_CONTAINER = re.compile(r"\b(?:namespace|class|struct|union|enum|extern)\b")
_TEMPLATE_ARGUMENTS = re.compile(r"<[^<>(){}]*>")
_INITIALISER = re.compile(r"\{[^{}]*\}")
_DIRECTIVE = re.compile(r"(?m)^[ \t]*#(?:[^\n\\]|\\.|\\\n)*")
_NOT_NEWLINE = re.compile(r"[^\n]")
_AFTER_PARAMETERS = re.compile(
    r"\)\s*(?:(?:const|noexcept|override|final|mutable|try|&&?|->[^;{}]*|requires[^;{}]*"
    r"|:[^;{}]*\))\s*)*$")
_TEST_HEAD = re.compile(r"\b(?:TYPED_)?TEST(?:_F|_P)?\s*\(\s*(\w+)\s*,\s*(\w+)")
_NAME = re.compile(r"([~\w:]+|operator\s*\S+)\s*\(")
_SHELL_FUNCTION = re.compile(r"^(\w+)\(\) \{\n(.*?)^\}$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Function:
    name: str
    line: int
    lines: int


def _function_name(head):
    test = _TEST_HEAD.search(head)
    if test:
        return ".".join(test.groups())
    name = _NAME.search(head)
    return name.group(1) if name else "function"


def _kind_of_brace(head):
    """What a `{` opens after `head`, the text of its statement so far."""
    plain, before = head, ""
    while plain != before:
        before, plain = plain, _INITIALISER.sub("()", _TEMPLATE_ARGUMENTS.sub("", plain))
    if _AFTER_PARAMETERS.search(plain):
        return "function"
    return "container" if _CONTAINER.search(plain) else "value"


def cpp_functions(code):
    """The functions of blanked C++ code; lambdas and local classes count with their function.

    A brace counter: right for code that clang-format has laid out.
    """
    code = _DIRECTIVE.sub(lambda line: _NOT_NEWLINE.sub(" ", line.group()), code)
    found, containers, depth, start, kind = [], 0, 0, 0, ""
    for match in re.finditer(r"[;{}]", code):
        mark, offset = match.group(), match.start()
        if mark == "{":
            if depth == containers:
                kind = _kind_of_brace(code[start:offset])
                if kind == "container":
                    containers += 1
                    start = offset + 1
            depth += 1
        elif mark == "}":
            depth -= 1
            containers = min(containers, depth)
            if depth == containers and kind == "function":
                found.append(_function_at(code, start, offset))
            if depth == containers and kind != "value":
                start, kind = offset + 1, ""
        elif depth == containers:
            start, kind = offset + 1, ""
    return found


def _function_at(code, start, end):
    """The function whose statement starts after `start` and whose last brace is at `end`."""
    start += len(code[start:end]) - len(code[start:end].lstrip())
    line = line_of(code, start)
    return Function(_function_name(code[start:end]), line, line_of(code, end) - line + 1)


def python_functions(text):
    return [Function(node.name, node.lineno, node.end_lineno - node.lineno + 1)
            for node in ast.walk(ast.parse(text))
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]


def shell_functions(text):
    return [Function(match.group(1), line_of(text, match.start()),
                     match.group(0).count("\n") + 1) for match in _SHELL_FUNCTION.finditer(text)]


def functions(tree, path):
    if is_cpp(path):
        return cpp_functions(tree.code(path))
    if path.endswith(".py"):
        return python_functions(tree.files[path])
    return shell_functions(tree.files[path])


def _programs(tree):
    return sorted(set(tree.cpp()) | set(tree.scripts()))


def functions_fit_a_screen(tree):
    for path in _programs(tree):
        for function in functions(tree, path):
            if function.lines > FUNCTION_LINES_MAX:
                yield Finding(path, function.line, f"{function.name} has {function.lines} lines",
                              f"split it: at most {FUNCTION_LINES_MAX}, branches in the parent,"
                              " work in the leaves")


def files_are_short(tree):
    for path in _programs(tree):
        lines = len(tree.lines(path))
        if lines > FILE_LINES_MAX:
            yield Finding(path, lines, f"{lines} lines",
                          f"split it by what it is for: at most {FILE_LINES_MAX}")


def lines_are_short(tree):
    for path in _programs(tree):
        for number, line in enumerate(tree.lines(path), 1):
            if len(line) > COLUMNS_MAX:
                yield Finding(path, number, f"{len(line)} columns", f"at most {COLUMNS_MAX}")


def lines_end_cleanly(tree):
    for path, text in sorted(tree.files.items()):
        for number, line in enumerate(text.split("\n"), 1):
            if line != line.rstrip() or "\t" in line and is_cpp(path):
                yield Finding(path, number, "a tab or spaces at the end of the line", "remove it")
        if text and not text.endswith("\n"):
            yield Finding(path, len(tree.lines(path)), "no newline at the end", "add it")


def files_open_with_their_purpose(tree):
    for path in _programs(tree):
        lines = tree.lines(path)
        if lines and lines[0].startswith("#!"):
            lines = lines[1:]
        first = lines[0] if lines else ""
        if not first.startswith(_COMMENT_STARTS) or first.startswith("#include"):
            yield Finding(path, 1, "no purpose comment",
                          "open with two or three lines: what it is for, what it is not for")


def programs_are_executable(tree):
    """What starts with `#!` can be started."""
    for path, text in sorted(tree.files.items()):
        if text.startswith("#!") and path not in tree.executables:
            yield Finding(path, 1, "a program that cannot be started", f"chmod +x {path}")


def headers_have_pragma_once(tree):
    for path in tree.paths(endings=(".hpp", ".h")):
        if "#pragma once" not in tree.files[path]:
            yield Finding(path, 1, "no #pragma once", "add it below the purpose comment")


def every_source_has_a_test(tree):
    for path in tree.paths("src/", endings=(".cpp",)):
        test = "tests/" + path.removeprefix("src/").removesuffix(".cpp") + "_test.cpp"
        if test not in tree.files:
            yield Finding(path, 1, f"no {test}", "write it: tests mirror src, one file each")


def every_test_file_tests(tree):
    for path in tree.paths("tests/", endings=("_test.cpp",)):
        if not _TEST_HEAD.search(tree.code(path)):
            yield Finding(path, 1, "a test file without a TEST", "write one or delete the file")


RULES = [functions_fit_a_screen, files_are_short, lines_are_short, lines_end_cleanly,
         files_open_with_their_purpose, programs_are_executable, headers_have_pragma_once,
         every_source_has_a_test, every_test_file_tests]
