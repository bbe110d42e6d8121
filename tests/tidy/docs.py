"""Documents: links that resolve, code that is the compiled code, paths that exist, no lost page."""

import posixpath
import re
import textwrap

from tree import Finding, line_of

# Pages that are found without a link; every other page is reached from one of them.
ENTRANCES = ("README.md",)
# Pages whose claims name the tests that hold them.
CLAIMS = ("docs/is-it-safe.md",)
# Markdown that is data for tests.
DATA = ("tests/", "fuzz/")

_FENCE = re.compile(r"^(```|~~~)[^\n]*\n.*?^\1[ \t]*$", re.MULTILINE | re.DOTALL)
_INLINE_CODE = re.compile(r"`[^`\n]+`")
_LINK = re.compile(r"\]\(([^()\s]+)(?:\s+\"[^\"]*\")?\)")
_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*\s*$", re.MULTILINE)
_QUOTE = re.compile(
    r"^<!-- file: (?P<path>[^\s#]+)(?:#(?P<name>[\w-]+))? -->\n+"
    r"```[^\n]*\n(?P<body>.*?)^```[ \t]*$",
    re.MULTILINE | re.DOTALL)
_QUOTE_MARK = re.compile(r"^<!-- file: .*$", re.MULTILINE)
_PATH_IN_CODE = re.compile(
    r"`((?:src|include|tests|docs|scripts|cmake|examples|deploy|bench|fuzz|cli|\.ci)/[\w./-]+)`")
_TABLE_ROW = re.compile(r"^\| `(?:src|include|cli)[^`]*` \|", re.MULTILINE)
_MACHINE_PATH = re.compile(r"(?<![\w.:*])/(?:work|root|home/\w+|workspace)/\w")
_TEST_IN_CODE = re.compile(r"`([A-Z]\w*)\.([a-z]\w*)`")
# Four words or more; "..." stands for what a family of cases differs in.
_CASE_IN_CODE = re.compile(r"`((?:[a-z0-9]+_){3,}[a-z0-9]+|[a-z0-9_]+\.\.\.[a-z0-9_]+)`")
_TEST = re.compile(r"\b(?:TYPED_)?TEST(?:_F|_P)?\s*\(\s*(\w+)\s*,\s*(\w+)")
_MEMBER_IN_CODE = re.compile(r"`(?:\w+::)*(\w+)::(\w+)(?:\(\))?`")
_PACKAGE = re.compile(r"^(?:build|test|bench) +\| (\S+) +\|", re.MULTILINE)


def _blank(match):
    return re.sub(r"[^\n]", " ", match.group())


def prose(text):
    """Markdown without its code."""
    return _INLINE_CODE.sub(_blank, _FENCE.sub(_blank, text))


def pages(tree):
    return [path for path in tree.paths(endings=(".md",)) if not path.startswith(DATA)]


def anchors(text):
    """The anchors that a forge makes of the headings."""
    found = set()
    for heading in _HEADING.findall(_FENCE.sub(_blank, text)):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
        slug = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        number = 0
        while slug + (f"-{number}" if number else "") in found:
            number += 1
        found.add(slug + (f"-{number}" if number else ""))
    return found


def links(tree, path):
    """(line, file, anchor) of every link inside the repository."""
    text = prose(tree.files[path])
    for match in _LINK.finditer(text):
        target, _, anchor = match.group(1).partition("#")
        if re.match(r"[a-z][a-z0-9+.-]*:", target):
            continue
        file = posixpath.normpath(posixpath.join(posixpath.dirname(path), target)) \
            if target else path
        yield line_of(text, match.start()), file, anchor


def _is_folder(tree, path):
    return bool(tree.paths(path.rstrip("/") + "/"))


def links_resolve(tree):
    for path in pages(tree):
        for line, file, anchor in links(tree, path):
            if file not in tree.files and not _is_folder(tree, file):
                yield Finding(path, line, f"a link to {file}, which does not exist",
                              "correct or remove the link")
            elif anchor and file.endswith(".md") and anchor not in anchors(tree.files[file]):
                yield Finding(path, line, f"no heading #{anchor} in {file}",
                              "use the heading's anchor")


def pages_are_linked(tree):
    """Every page is reached from the README; a link to a folder leads to the pages in it."""
    seen, todo = set(), [page for page in ENTRANCES if page in tree.files]
    while todo:
        page = todo.pop()
        if page in seen:
            continue
        seen.add(page)
        for _, file, _ in links(tree, page):
            inside = [other for other in pages(tree) if posixpath.dirname(other) == file]
            todo += inside + ([file] if file in tree.files and file.endswith(".md") else [])
    for page in pages(tree):
        if page not in seen and ENTRANCES[0] in tree.files:
            yield Finding(page, 1, "no page leads here from README.md", "link it or delete it")


def region(text, name):
    """The lines between `// [name]` and `// [/name]`, at the left margin; None without them."""
    if name is None:
        return text
    match = re.search(rf"^[ \t]*(?://|#) \[{re.escape(name)}\]\n(.*?)^[ \t]*(?://|#) \[/"
                      rf"{re.escape(name)}\]$", text, re.MULTILINE | re.DOTALL)
    return textwrap.dedent(match.group(1)) if match else None


def quoted_code_is_the_files(tree):
    """A code block below `<!-- file: path -->` (or `path#name`) is that file (or region)."""
    for page in pages(tree):
        text = tree.files[page]
        quotes = {match.start(): match for match in _QUOTE.finditer(text)}
        for mark in _QUOTE_MARK.finditer(text):
            place = (page, line_of(text, mark.start()))
            quote = quotes.get(mark.start())
            if quote is None:
                yield Finding(*place, "no code block below the file mark", "add the block")
                continue
            path, name = quote.group("path"), quote.group("name")
            wanted = region(tree.files[path], name) if path in tree.files else None
            if wanted is None:
                yield Finding(*place, f"no {path}" + (f" with a region [{name}]" if name else ""),
                              "correct the path, or mark the lines with // [name] and // [/name]")
            elif quote.group("body") != wanted:
                yield Finding(*place, f"the block differs from {path}", "copy it from the file")


def named_paths_exist(tree):
    """A path in back-ticks is there. The layer table may name folders that are yet to come."""
    for page in pages(tree):
        if page.startswith("docs/decisions/"):
            continue  # history keeps the names of its day
        text = _FENCE.sub(_blank, tree.files[page])
        text = _TABLE_ROW.sub(_blank, text) if page == "ARCHITECTURE.md" else text
        for match in _PATH_IN_CODE.finditer(text):
            path = match.group(1).rstrip("/")
            if path not in tree.files and not _is_folder(tree, path):
                yield Finding(page, line_of(text, match.start()), f"`{path}` does not exist",
                              "name what is there")


def named_members_exist(tree):
    """The map names functions: `Type::name` is in a source or header that knows both words."""
    words = [set(re.findall(r"\w+", tree.code(path))) for path in tree.cpp("src/", "include/")]
    page = "ARCHITECTURE.md"
    text = tree.files.get(page, "")
    for match in _MEMBER_IN_CODE.finditer(text):
        if not any(known.issuperset(match.groups()) for known in words):
            yield Finding(page, line_of(text, match.start()), f"there is no {match.group()}",
                          "name what is in the code")


def named_tests_exist(tree):
    """A claim is worth the test that it names: `Suite.sentence`, or a `case_of_tests_process`."""
    tests = {match.groups() for path in tree.paths("tests/", endings=("_test.cpp",))
             for match in _TEST.finditer(tree.code(path))}
    scripts = [tree.files[path] for path in tree.paths("tests/", endings=("_test.py",))]
    for page in (page for page in CLAIMS if page in tree.files):
        text = _FENCE.sub(_blank, tree.files[page])
        missing = [match for match in _TEST_IN_CODE.finditer(text) if match.groups() not in tests]
        for match in _CASE_IN_CODE.finditer(text):
            parts = match.group(1).split("...")
            if not any(all(part in script for part in parts) for script in scripts):
                missing.append(match)
        for match in missing:
            yield Finding(page, line_of(text, match.start()), f"there is no test {match.group()}",
                          "name the test that holds the claim, or take the claim back")


def no_paths_of_a_machine(tree):
    for path, text in sorted(tree.files.items()):
        for match in _MACHINE_PATH.finditer(text):
            yield Finding(path, line_of(text, match.start()),
                          f"{match.group()}... is a path of one machine",
                          "write it relative to the repository")


def packages_are_explained(tree):
    """docs/dependencies.md gives the reason for each package of scripts/setup."""
    explained = tree.files.get("docs/dependencies.md", "")
    setup = tree.files.get("scripts/setup", "")
    for match in _PACKAGE.finditer(setup):
        if f"`{match.group(1)}`" not in explained:
            yield Finding("scripts/setup", line_of(setup, match.start()),
                          f"{match.group(1)} is not in docs/dependencies.md",
                          "say there why it is needed")


RULES = [links_resolve, pages_are_linked, quoted_code_is_the_files, named_paths_exist,
         named_members_exist, named_tests_exist, no_paths_of_a_machine, packages_are_explained]
