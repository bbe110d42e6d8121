"""The results of bench/all as Markdown: a table for each measurement, then the bars."""

import os
import platform
import re
import subprocess
from statistics import median

from servers import ROOT

TITLES = {"segue": "Segue (`bench-server`)", "bare": "bare epoll loop (`bench-raw_epoll`)",
          "nginx": "nginx, `return 200 $1`", "gin": "Gin, release mode, no log"}


def _first_line(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return "not installed"
    return ((done.stdout + done.stderr).strip().splitlines() or ["?"])[0]


def _processor():
    with open("/proc/cpuinfo") as file:
        found = re.search(r"model name\s*: (.+)", file.read())
    return found.group(1) if found else platform.machine()


def machine():
    """What the figures were taken on."""
    git = ("git", "-C", ROOT, "describe", "--always", "--dirty")
    return {"revision": _first_line(*git), "processor": _processor(), "cores": os.cpu_count(),
            "kernel": platform.release(),
            "compiler": _first_line("g++", "--version"), "nginx": _first_line("nginx", "-v"),
            "go": _first_line("go", "version"), "wrk": _first_line("wrk", "-v"),
            "valgrind": _first_line("valgrind", "--version"),
            "gin": _first_line("dpkg-query", "-W", "-f", "${Version}",
                               "golang-github-gin-gonic-gin-dev")}


def _table(heads, rows):
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows])


def _cpu(title, measured):
    bare = measured["cpu_us"]["bare"]
    rows = []
    for name, values in measured["cpu_us"].items():
        ratios = [value / base for value, base in zip(values, bare)]
        rows.append((TITLES[name], f"{min(values):.2f}", f"{median(values):.2f}",
                     f"{min(values) / min(bare):.2f}", f"{median(ratios):.2f}"))
    heads = ("server", "CPU us, min", "CPU us, median", "to bare, min", "to bare, median of rounds")
    return (f"## {title}\n\n{len(bare)} rounds of {measured['seconds']} s, "
            f"{measured['connections']} connections.\n\n{_table(heads, rows)}")


def _instructions(measured):
    per = measured["per_request"]
    rows = [(TITLES[name], f"{per[name + '_host']:,.0f}", f"{per[name + '_four']:,.0f}")
            for name in ("segue", "bare")]
    few, many = measured["requests"]
    return ("## Instructions per request\n\nUser space, callgrind, one connection; runs of "
            f"{few:,} and {many:,} requests.\n\n"
            + _table(("server", "Host only", "four fields"), rows))


def _idle(measured):
    rows = [(TITLES[name], f"{min(values):,.0f}", f"{median(values):,.0f}")
            for name, values in measured["bytes"].items()]
    return (f"## Memory of an idle connection\n\n{measured['connections']:,} keep-alive "
            f"connections, {len(measured['bytes']['segue'])} fresh servers each.\n\n"
            + _table(("server", "bytes, min", "bytes, median"), rows))


def _handover(measured):
    rows = []
    for name, title in (("move", "`bench-handover_move`: connections alone"),
                        ("service", "`segue upgrade`: a whole service")):
        taken = measured[name]
        columns = ("total_ms", "freeze_p50_ms", "freeze_p99_ms", "freeze_max_ms")
        rows.append([title] + [f"{min(taken[column]):.1f} / {median(taken[column]):.1f}"
                               for column in columns])
    cpu = [median(measured["move"][f"cpu_{end}_ms"]) for end in ("sender", "receiver")]
    accepting = measured["service"]["accepting_ms"]
    heads = ("what", "total ms", "freeze p50 ms", "freeze p99 ms", "freeze max ms")
    return (f"## Handover of {measured['connections']:,} idle connections\n\n"
            f"{len(accepting)} handovers; min / median.\n\n{_table(heads, rows)}\n\n"
            f"CPU of `bench-handover_move`, median: {cpu[0]:.1f} ms in the sender, {cpu[1]:.1f} ms "
            "in the receiver.\n\n"
            "From the start of `segue upgrade` until the new version answers a new connection "
            f"(service without other connections): {min(accepting):.1f} / "
            f"{median(accepting):.1f} ms.")


def _compile(measured):
    values = measured["user_s"]
    return (f"## Compiling a service with one route\n\n`g++ -std=c++20 -c`, {len(values)} times: "
            f"user CPU {min(values):.2f} s min, {median(values):.2f} s median.")


def _lines(measured):
    rows = [(f"`{folder}`", f"{count['all']:,}", f"{count['code']:,}")
            for folder, count in measured.items()]
    rows.append(("both", *(f"{sum(count[key] for count in measured.values()):,}"
                           for key in ("all", "code"))))
    return "## Lines\n\n" + _table(("folder", "lines", "without comments and blanks"), rows)


def _ratio_to(values, base):
    """The median over the rounds of what this server takes for 1 of the other."""
    return median(value / other for value, other in zip(values, base))


def _bars_of_serving(results):
    if "instructions" in results:
        per = results["instructions"]["per_request"]
        yield "instructions per request, Host only", per["segue_host"], 3500, ""
        yield "instructions per request, four fields", per["segue_four"], 3500, ""
    if "http" in results:
        cpu = results["http"]["cpu_us"]
        yield "CPU per request, to bare", _ratio_to(cpu["segue"], cpu["bare"]), 1.2, ""
        yield "CPU per request, to nginx", _ratio_to(cpu["segue"], cpu["nginx"]), 1.0, ""
    if "pipelined" in results:
        cpu = results["pipelined"]["cpu_us"]
        yield "CPU per request, 16 deep, to bare", _ratio_to(cpu["segue"], cpu["bare"]), 1.8, ""
    if "idle" in results:
        yield "bytes per idle connection", median(results["idle"]["bytes"]["segue"]), 400, ""


def _bars_of_the_rest(results):
    if "handover" in results:
        move, service = results["handover"]["move"], results["handover"]["service"]
        for title, taken in (("connections alone", move), ("whole service", service)):
            yield f"10,000 connections moved, {title}", median(taken["total_ms"]), 120, " ms"
            yield f"freeze p99, {title}", median(taken["freeze_p99_ms"]), 10, " ms"
        yield "until the successor answers", median(service["accepting_ms"]), 50, " ms"
    if "compile" in results:
        yield "compiling one route, user CPU", median(results["compile"]["user_s"]), 2, " s"
    if "lines" in results:
        counts = results["lines"].values()
        yield "lines of handover and supervisor", sum(count["all"] for count in counts), 3000, ""
        yield "the same without comments and blanks", sum(count["code"] for count in counts), \
            3000, ""


def bars(results):
    """(what, measured, bar, unit, whether it is held); a bar is the most that is allowed."""
    for what, value, bar, unit in [*_bars_of_serving(results), *_bars_of_the_rest(results)]:
        yield what, value, bar, unit, value <= bar


def _number(value, unit):
    return (f"{value:,.0f}" if value >= 100 else f"{value:.2f}") + unit


def _machine(results):
    loads = results["load_before"]
    lines = [f"- {name}: {value}" for name, value in results["machine"].items()]
    lines.append(f"- began: {results['began']}; load of the machine before each measurement: "
                 + ", ".join(f"{name} {load:.1f}" for name, load in loads.items()))
    return "## Machine\n\n" + "\n".join(lines)


def markdown(results):
    writers = {"http": lambda measured: _cpu("GET /user/:id", measured),
               "pipelined": lambda measured: _cpu("GET /user/:id, pipelined 16 deep", measured),
               "instructions": _instructions, "idle": _idle, "handover": _handover,
               "compile": _compile, "lines": _lines}
    parts = [_machine(results)]
    parts += [writers[name](results[name]) for name in writers if name in results]
    rows = [(what, _number(value, unit), f"{bar:,}{unit}", "held" if held else "**missed**")
            for what, value, bar, unit, held in bars(results)]
    parts.append("## Against the bars\n\n" + _table(("what", "measured", "at most", ""), rows))
    return "\n\n".join(parts)
