"""Sizes and the outer form of files: what can be counted."""

import ast
import re
from dataclasses import dataclass

from tree import Finding, is_cpp, line_of

FUNCTION_LINES_MAX = 60
FILE_LINES_MAX = 500
COLUMNS_MAX = 100

_COMMENT_STARTS = ("//", "#", '"""', "/*", "<!--")
_CONTAINER = re.compile(r"\b(?:namespace|class|struct|union|enum|concept)\b")
_CONTROL = re.compile(r"^(?:if|else|for|while|switch|do|catch|try|return|case)\b")
_AFTER_PARAMETERS = re.compile(
    r"\)\s*(?:const|noexcept|override|final|mutable|try|&&?|->[^;{}]*|requires[^;{}]*|:[^;{}]*)*"
    r"\s*$")
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


def _is_function_head(head):
    """Whether a `{` after `head` (text since the last `;`, `{` or `}`) opens a function."""
    if _CONTROL.match(head):
        return False
    if _CONTAINER.search(head.partition("(")[0]) and not head.rstrip().endswith(")"):
        return False
    return _AFTER_PARAMETERS.search(head) is not None


def cpp_functions(code):
    """The functions of blanked C++ code, lambdas and local classes counted with their function.

    A brace counter: right for code that clang-format has laid out.
    """
    open_braces, found, head_start = [], [], 0
    code = re.sub(r"(?m)^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", lambda line: re.sub(r"[^\n]", " ",
                                                                            line.group()), code)
    inside = None  # depth of the function that is open
    for match in re.finditer(r"[;{}]", code):
        if match.group() == "{":
            head = code[head_start:match.start()]
            if inside is None and _is_function_head(head.strip()):
                inside = len(open_braces)
                start = head_start + len(head) - len(head.lstrip())
                found.append((_function_name(head.strip()), line_of(code, start)))
            open_braces.append(match.start())
        elif match.group() == "}" and open_braces:
            open_braces.pop()
            if inside == len(open_braces):
                name, line = found[-1]
                found[-1] = Function(name, line, line_of(code, match.start()) - line + 1)
                inside = None
        head_start = match.end()
    return [function for function in found if isinstance(function, Function)]


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
                              f"split it: at most {FUNCTION_LINES_MAX}, branches in the parent, work"
                              " in the leaves")


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
         files_open_with_their_purpose, headers_have_pragma_once, every_source_has_a_test,
         every_test_file_tests]
