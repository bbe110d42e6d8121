"""Documents: links that resolve, code that is the compiled code, paths that exist, no lost page."""

import posixpath
import re
import textwrap

from tree import Finding, line_of

# Pages that are found without a link; every other page is reached from one of them.
ENTRANCES = ("README.md",)
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
         no_paths_of_a_machine, packages_are_explained]
