#!/usr/bin/env python3
"""Each rule of tidy on a small tree that breaks it, and on one that comes close but keeps it."""

import os
import subprocess
import tempfile

import bans
import cases
import docs
import layers
import shape
import tidy
import tools
from tree import Tree, split_cpp

TABLE = """# Architecture

## Layers

| folder | may include |
|---|---|
| `include/segue` | |
| `src/base` | include/segue/error |
| `src/http` | base |
| `src/os` | base |
| `src/loop` | base, os |
| `tests` | all |

Another table is none of its business:

| folder | holds |
|---|---|
| `src/os` | system calls |
"""


def found(rule, files, table=TABLE):
    """The findings of `rule` in a tree of `files`, as "path:line"."""
    tree = Tree({"ARCHITECTURE.md": table, **files})
    return [f"{finding.path}:{finding.line}" for finding in rule(tree)]


def expect(actual, wanted):
    assert actual == wanted, f"got {actual}, wanted {wanted}"


def expect_ban(path, line, name):
    findings = list(bans.banned_constructs_stay_out(Tree({path: line + "\n"})))
    assert [name in finding.what for finding in findings] == [True], \
        f"{line!r}: wanted {name}, got {[str(finding) for finding in findings]}"


def expect_no_ban(path, line):
    findings = list(bans.banned_constructs_stay_out(Tree({path: line + "\n"})))
    assert not findings, f"{line!r}: {findings[0]}"


# --- code and comments


def test_code_and_comments_are_told_apart():
    code, comments = split_cpp(
        'int a = 1\'000; // new "x\nf("// no", \'"\', R"(a"b)"); /* d\n*/ g();')
    assert "new" in comments and "new" not in code
    assert "no" not in code and "no" not in comments
    assert code.count("\n") == comments.count("\n") == 2
    assert code.endswith("g();") and "1'000;" in code


# --- layers


def test_a_folder_may_include_only_what_its_row_lists():
    expect(found(layers.layers_are_kept, {
        "src/base/a.hpp": "", "src/os/fd.hpp": "",
        "src/http/x.cpp": '#include "base/a.hpp"\n#include "os/fd.hpp"\n'}), ["src/http/x.cpp:2"])


def test_a_row_may_include_itself_and_tests_may_include_all():
    expect(found(layers.layers_are_kept, {
        "src/os/fd.hpp": "", "src/os/a.cpp": '#include "os/fd.hpp"\n',
        "tests/os/a_test.cpp": '#include "os/fd.hpp"\n#include <gtest/gtest.h>\n'}), [])


def test_a_pure_folder_sees_only_the_listed_public_headers():
    files = {"include/segue/error.hpp": "", "include/segue/app.hpp": ""}
    lines = "#include <segue/error.hpp>\n#include \"segue/app.hpp\"\n"
    expect(found(layers.layers_are_kept, {**files, "src/http/x.cpp": lines}), ["src/http/x.cpp:2"])
    expect(found(layers.layers_are_kept, {**files, "src/loop/x.cpp": lines}), [])
    table = TABLE.replace("| include/segue/error |", "| include/segue/detail |")
    files = {"include/segue/detail/wire.hpp": "", "include/segue/error.hpp": ""}
    lines = '#include "segue/detail/wire.hpp"\n#include "segue/error.hpp"\n'
    expect(found(layers.layers_are_kept, {**files, "src/http/x.cpp": lines}, table),
           ["src/http/x.cpp:2"])


def test_a_public_header_includes_nothing_of_src():
    expect(found(layers.layers_are_kept, {
        "src/base/a.hpp": "", "include/segue/app.hpp": '#include "base/a.hpp"\n'}),
        ["include/segue/app.hpp:1"])


def test_src_includes_nothing_of_tests():
    expect(found(layers.layers_are_kept, {
        "tests/support/a.hpp": "", "src/os/x.cpp": '#include "tests/support/a.hpp"\n'}),
        ["src/os/x.cpp:1"])


def test_quoted_includes_are_paths_from_src():
    expect(found(layers.layers_are_kept, {
        "src/os/fd.hpp": "", "src/os/x.cpp": '#include "fd.hpp"\n'}), ["src/os/x.cpp:1"])


def test_the_layer_table_has_a_row_for_each_folder_and_no_cycle():
    expect(found(layers.layer_table_is_sound, {"src/base/a.cpp": ""}), [])
    expect(len(found(layers.layer_table_is_sound, {"src/hub/a.cpp": ""})), 1)
    expect(len(found(layers.layer_table_is_sound, {}, table="# Architecture\n")), 1)
    cycle = TABLE.replace("| `src/base` | ", "| `src/base` | loop, ")
    assert len(found(layers.layer_table_is_sound, {}, table=cycle)) >= 2
    expect(len(found(layers.layer_table_is_sound, {}, TABLE.replace("| base |", "| bse |"))), 2)


def test_a_pure_folder_and_a_public_header_see_no_system_header():
    rule = layers.foreign_headers_have_their_place
    text = "#include <cerrno>\n#include <sys/socket.h>\n#include <unistd.h>\n"
    expect(found(rule, {"src/http/a.cpp": text}), ["src/http/a.cpp:2", "src/http/a.cpp:3"])
    expect(found(rule, {"include/segue/a.hpp": text}),
           ["include/segue/a.hpp:2", "include/segue/a.hpp:3"])
    expect(found(rule, {"src/os/a.cpp": text, "src/loop/a.cpp": text,
                        "tests/http/a_test.cpp": text}), [])


def test_a_library_is_included_where_it_is_wrapped():
    rule = layers.foreign_headers_have_their_place
    text = "#include <boost/context/fiber.hpp>\n"
    expect(found(rule, {"src/loop/a.cpp": text, "src/os/a.cpp": text}), ["src/os/a.cpp:1"])
    expect(found(rule, {"src/os/a.cpp": "#include <fmt/core.h>\n"}), ["src/os/a.cpp:1"])


def test_system_calls_stay_in_os():
    rule = layers.system_calls_stay_in_os
    for call in ["::close(fd);", "return ::poll(&a, 1, 0);", "epoll_ctl(a, b, c, d);",
                 "::sendmsg(a, b, c);"]:
        expect(found(rule, {"src/loop/a.cpp": call}), ["src/loop/a.cpp:1"])
        expect(found(rule, {"src/os/a.cpp": call, "tests/loop/a_test.cpp": call}), [])
    for call in ["os.close(fd);", "os_->epoll_ctl(a);", "close();", "Loop::close(a);",
                 "os::open(a);", "void open(const A&);", "// ::close(fd)"]:
        expect(found(rule, {"src/loop/a.cpp": call}), [])


def test_a_pure_folder_reads_no_clock_and_starts_no_thread():
    text = "#include <chrono>\n#include <thread>\nauto t = std::chrono::steady_clock::now();\n"
    expect(found(layers.pure_folders_stay_pure, {"src/http/a.cpp": text, "src/loop/a.cpp": text}),
           ["src/http/a.cpp:2", "src/http/a.cpp:3"])


def test_a_header_that_nobody_includes_is_dead():
    expect(found(layers.headers_are_used, {
        "src/os/a.hpp": "", "src/os/b.hpp": "", "src/os/a.cpp": '#include "os/a.hpp"\n'}),
        ["src/os/b.hpp:1"])


def test_every_folder_of_src_is_built():
    build = {"CMakeLists.txt": "foreach(layer base http)\n"}
    expect(found(layers.sources_are_built, {**build, "src/base/a.cpp": ""}), [])
    expect(found(layers.sources_are_built, {**build, "src/hub/a.cpp": ""}), ["CMakeLists.txt:1"])


# --- bans


def test_each_ban_catches_its_example():
    for path, line, name in [
            ("src/http/a.cpp", "std::regex r;", "regex"),
            ("src/handover/a.cpp", "assert(x);", "assert"),
            ("src/supervisor/a.cpp", "std::abort();", "assert"),
            ("src/os/a.hpp", "using namespace std;", "using_namespace"),
            ("src/server/session.cpp", "std::shared_ptr<int> p;", "shared_ptr"),
            ("src/os/a.cpp", "sprintf(b, f);", "unbounded_copy"),
            ("src/os/a.cpp", "return ::strcpy(a, b);", "unbounded_copy"),
            ("src/http/a.cpp", "auto n = std::stoull(text);", "number_parser"),
            ("src/http/a.cpp", "auto n = atoi(text);", "number_parser"),
            ("src/os/a.cpp", "strerror(errno);", "shared_buffer"),
            ("bench/a.cpp", "int n = rand();", "rand"),
            ("tests/os/a_test.cpp", "std::this_thread::sleep_for(1s);", "sleep"),
            ("src/os/a.cpp", "::usleep(5);", "sleep"),
            ("tests/process/a_test.py", "    time.sleep(1)", "python_sleep"),
            ("src/run/a.cpp", "std::cerr << 1;", "iostream"),
            ("examples/hello/main.cpp", "auto f = [=] { g(x); };", "capture_all_by_value"),
            ("src/os/a.cpp", "// TODO: later", "doubt"),
            ("src/os/a.cpp", "// TODO(security):", "doubt"),
            ("src/os/a.cpp", "// FIXME", "doubt"),
            ("src/os/a.cpp", "auto* p = new Thing(1);", "new"),
            ("src/os/a.cpp", "delete p;", "delete"),
            ("src/os/a.cpp", "void* p = std::malloc(3);", "malloc"),
            ("src/os/a.cpp", "volatile int x;", "volatile"),
            ("src/os/a.hpp", "#define MAX(a, b) a", "define"),
            ("src/os/a.cpp", "if (p == NULL) {}", "null"),
            ("cli/a.cpp", "out << std::endl;", "endl"),
            ("src/run/a.cpp", "thread.detach();", "detach"),
            ("src/run/a.cpp", "std::system(x);", "shell"),
            ("tests/os/a_test.cpp", "GTEST_SKIP();", "skipped_test"),
            ("tests/os/a_test.cpp", "EXPECT_TRUE(true);", "empty_test")]:
        expect_ban(path, line, name)


def test_what_only_looks_like_a_ban_passes():
    for path, line in [
            ("src/os/a.cpp", "Fd(const Fd&) = delete;"),
            ("src/loop/a.cpp", "return std::unique_ptr<Loop>(new Loop(os));"),
            ("src/loop/a.cpp", "std::unique_ptr<Loop> loop(new Loop(os));"),
            ("src/loop/a.cpp", "auto* node = new (place) Node;"),
            ("src/os/a.cpp", "void operator delete(void* p);"),
            ("src/os/a.cpp", "// a new fd; delete nothing; NULL; TODO(perf): measure it"),
            ("src/os/a.cpp", 'text("new sprintf( assert( TODO");'),
            ("src/handover/a.cpp", "static_assert(sizeof(int) == 4);"),
            ("src/http/a.cpp", "snprintf(b, 3, f);"),
            ("src/server/a.cpp", "loop::sleep_for(5);"),
            ("src/server/a.cpp", "pool.free(x); pool->free(x); Pool::free(x);"),
            ("src/loop/a.cpp", "asm volatile(\"\");"),
            ("src/os/a.cpp", "using namespace std::literals;"),
            ("cli/main.cpp", "std::cout << text;"),
            ("examples/a/main.cpp", "std::cout << text;"),
            ("src/os/a.cpp", "auto f = [&] { x[=] };".replace("[=]", "[0]")),
            ("src/run/a.cpp", "std::shared_ptr<int> p;"),
            ("src/loop/sanitizer.hpp", "#define SEGUE_TSAN 1")]:
        expect_no_ban(path, line)


def test_an_exception_needs_a_name_and_a_reason():
    line = "volatile int x;  // tidy: allow volatile: read by a debugger\n"
    expect(found(bans.banned_constructs_stay_out, {"src/os/a.cpp": line}), [])
    expect(found(bans.banned_constructs_stay_out, {
        "src/os/a.cpp": "// tidy: allow volatile: read by a debugger\nvolatile int x;\n"}), [])
    for broken in ["// tidy: allow volatile:\n", "// tidy: allow new: a reason\n"]:
        expect(found(bans.banned_constructs_stay_out, {
            "src/os/a.cpp": broken + "volatile int x;\n"}), ["src/os/a.cpp:2"])


# --- shape


def long_body(lines):
    return "".join(f"  f({number});\n" for number in range(lines))


def test_a_function_of_61_lines_is_too_long():
    for around, head in [
            ("%s", "void f(int a) {"), ("%s", "Foo::Foo(int a) : a_(a), b_{{1}, 2}, c_{} {"),
            ("%s", "TEST(A, b_c) {"), ("%s", "auto f = [](int a) {"),
            ("namespace x {\nint y{1};\n%s\n}", "auto g() const -> int {"),
            ("struct S : B<int> {\n int x = {};\n%s\n};", "int f() const override {"),
            ('extern "C" {\n%s\n}', "Map<int, A<int>> f(void (*g)(int)) {"),
            ("%s", "template <class T>\n  requires C<T>\nint f(T a) noexcept {")]:
        for lines, findings in [(60, 0), (61, 1)]:
            body = long_body(lines - head.count("\n") - 2)
            text = split_cpp(around % f"{head}\n{body}}}")[0]
            actual = [function.lines for function in shape.cpp_functions(text)]
            assert actual == [lines], f"{head}: {actual}"
            expect(len(found(shape.functions_fit_a_screen, {"src/os/a.cpp": text})), findings)


def test_a_table_and_a_namespace_are_no_functions():
    rule = shape.functions_fit_a_screen
    table = "constexpr int table[] = {\n" + "  1,\n" * 80 + "};\n"
    expect(found(rule, {"src/os/a.cpp": "namespace a {\n" + table + "}\n"}), [])


def test_long_functions_are_found_in_python_and_shell_too():
    rule = shape.functions_fit_a_screen
    expect(found(rule, {"a.py": "def f():\n" + "    g()\n" * 59}), [])
    expect(found(rule, {"a.py": "def f():\n" + "    g()\n" * 60}), ["a.py:1"])
    expect(found(rule, {"a": "#!/bin/sh\nf() {\n" + "  g\n" * 59 + "}\n"}), ["a:2"])


def test_a_file_of_501_lines_is_too_long():
    expect(found(shape.files_are_short, {"src/os/a.cpp": "\n" * 500}), [])
    expect(found(shape.files_are_short, {"src/os/a.cpp": "\n" * 501}), ["src/os/a.cpp:501"])


def test_a_line_of_101_columns_is_too_long_but_not_in_prose():
    expect(found(shape.lines_are_short, {"a.cpp": "x" * 100 + "\n", "a.md": "x" * 200}), [])
    expect(found(shape.lines_are_short, {"a.cpp": "\n" + "x" * 101 + "\n"}), ["a.cpp:2"])


def test_lines_end_without_spaces_and_files_with_a_newline():
    expect(found(shape.lines_end_cleanly, {"a.md": "x\ny \n", "b.cpp": "x"}),
           ["a.md:2", "b.cpp:1"])


def test_a_file_opens_with_its_purpose():
    rule = shape.files_open_with_their_purpose
    expect(found(rule, {"a.cpp": "// Why.\n", "b.py": '#!/usr/bin/env python3\n"""Why."""\n',
                        "c": "#!/bin/sh\n# Why.\n"}), [])
    expect(found(rule, {"a.cpp": "#include <vector>\n", "b.py": "#!/usr/bin/env python3\nx = 1\n"}),
           ["a.cpp:1", "b.py:1"])


def test_a_program_can_be_started():
    tree = Tree({"a": "#!/bin/sh\n", "b": "#!/bin/sh\n", "c": ""}, executables=["a"])
    expect([finding.path for finding in shape.programs_are_executable(tree)], ["b"])


def test_a_header_has_pragma_once():
    expect(found(shape.headers_have_pragma_once, {
        "a.hpp": "// A.\n#pragma once\n", "b.hpp": "// B.\n"}), ["b.hpp:1"])


def test_a_source_has_its_test_and_a_test_file_a_test():
    expect(found(shape.every_source_has_a_test, {
        "src/os/a.cpp": "", "src/os/b.cpp": "", "tests/os/a_test.cpp": ""}), ["src/os/b.cpp:1"])
    expect(found(shape.every_test_file_tests, {
        "tests/os/a_test.cpp": "TEST(A, b) {}\n", "tests/os/b_test.cpp": "// TEST(B, c)\n"}),
        ["tests/os/b_test.cpp:1"])


# --- documents


def test_a_link_leads_to_a_file_and_a_heading():
    expect(found(docs.links_resolve, {
        "README.md": "[a](docs/a.md) [b](docs/a.md#two-words) [c](https://x.y) [d](docs)\n"
                     "[e](docs/b.md)\n[f](docs/a.md#none)\n```\n[g](none)\n```\n",
        "docs/a.md": "# A\n## Two `words`\n"}), ["README.md:2", "README.md:3"])


def test_a_page_that_no_link_reaches_is_lost():
    expect(found(docs.pages_are_linked, {
        "README.md": "[architecture](ARCHITECTURE.md) [a](docs/a.md)\n",
        "docs/a.md": "[decisions](decisions)\n", "docs/decisions/1.md": "", "docs/b.md": ""}),
        ["docs/b.md:1"])


def test_quoted_code_equals_its_file():
    page = "<!-- file: a.cpp -->\n```cpp\nint a;\n```\n"
    rule = docs.quoted_code_is_the_files
    expect(found(rule, {"README.md": page, "a.cpp": "int a;\n"}), [])
    expect(found(rule, {"README.md": page, "a.cpp": "int b;\n"}), ["README.md:1"])
    expect(found(rule, {"README.md": page}), ["README.md:1"])
    expect(found(rule, {"README.md": "<!-- file: a.cpp -->\ntext\n", "a.cpp": ""}), ["README.md:1"])


def test_quoted_code_equals_its_region():
    page = "<!-- file: a.cpp#part -->\n```cpp\nint a;\n```\n"
    rule = docs.quoted_code_is_the_files
    source = "// A.\n  // [part]\n  int a;\n  // [/part]\nint b;\n"
    expect(found(rule, {"README.md": page, "a.cpp": source}), [])
    expect(found(rule, {"README.md": page, "a.cpp": source.replace("part", "other")}),
           ["README.md:1"])


def test_a_path_in_back_ticks_exists():
    expect(found(docs.named_paths_exist, {
        "README.md": "`src/os/a.cpp` `src/os/` `src/os/b.cpp`\n", "src/os/a.cpp": ""}),
        ["README.md:1"])


def test_a_member_that_the_map_names_exists():
    files = {"src/os/a.cpp": "void Fd::close() {}  // not Fd::open\n"}
    page = TABLE + "`Fd::close` `os::Fd::close()` `close`\n`Fd::open`\n"
    last = len(page.splitlines())
    expect(found(docs.named_members_exist, files, page), [f"ARCHITECTURE.md:{last}"])
    expect(found(docs.named_members_exist, files), [])


def test_a_test_that_a_claim_names_exists():
    tests = {"tests/os/a_test.cpp": "TEST(Fd, is_closed) {}\nTEST_P(All, of_it) {}\n",
             "tests/process/b_test.py": "@case\ndef it_does_not_fall():\n"
                                        "add_case(f'a_part_{x}_is_kept')\n"}
    page = ("`Fd.is_closed` `All.of_it` `it_does_not_fall` `a_part_..._is_kept` `idle_timeout`\n"
            "`Fd.is_open`\n`it_does_not_fly`\n`a_part_..._is_lost`\n")
    expect(found(docs.named_tests_exist, {**tests, "docs/is-it-safe.md": page}),
           [f"docs/is-it-safe.md:{line}" for line in (2, 3, 4)])
    expect(found(docs.named_tests_exist, {**tests, "docs/other.md": page}), [])


def test_a_path_of_one_machine_is_found():
    bad = "see " + "/".join(["", "home", "ann", "x"]) + "\n" + "/".join(["", "root", "x"]) + "\n"
    expect(found(docs.no_paths_of_a_machine, {"a.md": bad, "b.md": "/home /users/root/x\n"}),
           ["a.md:1", "a.md:2"])


def test_a_package_without_a_reason_is_found():
    setup = "packages='\nbuild | g++ | the compiler\ntest  | curl | a client\n'\n"
    expect(found(docs.packages_are_explained, {
        "scripts/setup": setup, "docs/dependencies.md": "`g++`\n"}), ["scripts/setup:3"])


# --- rules that need other programs


def on_disk(rule, files):
    """The findings of `rule` on real files, as "path: what"."""
    with tempfile.TemporaryDirectory() as root:
        for path, text in files.items():
            os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                file.write(text)
        return [f"{finding.path}: {finding.what}" for finding in rule(Tree.read(root))]


def test_a_public_header_compiles_alone():
    good, bad = "#include <string>\nstd::string f();\n", "std::string g();\n"
    actual = on_disk(tools.public_headers_stand_alone, {
        "include/segue/a.hpp": good, "include/segue/b.hpp": bad})
    assert len(actual) == 1 and actual[0].startswith("include/segue/b.hpp: does not compile")


def test_a_public_header_that_compiles_for_long_is_found():
    limit = tools.HEADER_CPU_SECONDS_MAX
    tools.HEADER_CPU_SECONDS_MAX = 0.0
    try:
        actual = on_disk(tools.public_headers_stand_alone,
                         {"include/segue/a.hpp": "#include <string>\n"})
    finally:
        tools.HEADER_CPU_SECONDS_MAX = limit
    assert len(actual) == 1 and "of CPU" in actual[0], actual


def test_unformatted_code_is_found():
    actual = on_disk(tools.sources_are_formatted, {
        ".clang-format": "BasedOnStyle: Google\n", "a.cpp": "int a;\n", "b.cpp": "int   b;\n"})
    assert len(actual) == 1 and actual[0].startswith("b.cpp: "), actual


# --- the program


def test_every_rule_has_a_test_here():
    with open(__file__, encoding="utf-8") as file:
        text = file.read()
    for rule in tidy.RULES:
        assert f".{rule.__name__}" in text, f"no test names {rule.__name__}"


def test_every_ban_has_an_example_here():
    with open(__file__, encoding="utf-8") as file:
        text = file.read()
    for ban in bans.BANS:
        assert f'"{ban.name}")' in text, f"no example of {ban.name}"


def test_an_unknown_rule_is_refused():
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "tidy.py")
    done = subprocess.run(["python3", script, "no_such_rule"], capture_output=True, check=False)
    expect(done.returncode, 2)


if __name__ == "__main__":
    cases.run(globals())
