"""What the faults of the rig have cost, as tables in Markdown: a row for each run, and a short one with a row for each fault."""
from scale.faults import violations

SHOWN = ("false_ok", "false_offline", "unanswered")  # with columns of their own; the other ones are listed by name

TITLES = ("fault", "engine", "pushes", "ok", "partial", *(name.replace("_", " ") for name in SHOWN), "other errors", "unknown", "offline meanwhile",
          "lasted", "well after", "slowest answer")


def line(cells):
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def head():
    return line(TITLES) + "\n" + line(["---"] * 2 + ["---:"] * (len(TITLES) - 2))


def seconds(number):
    return f"{number:.1f} s"


def unknown(report):
    """Answers that the truth is not known, as far as they were asked to say so."""
    return sum(count for why, count in report["failed"].items() if why not in ("offline", "plain"))


def well_after(report):
    return seconds(report["rates"].get("well_after_ms", 0) / 1000)


def row(fault, engine, report):
    found = violations(fault, report)
    counts, rates = report["counts"], report["rates"]
    other = ", ".join(f"{name} {count}" for name, count in found.items() if name not in SHOWN) or "0"
    return line((fault.name, engine, *(counts.get(name, 0) for name in ("pushes", "ok", "ok_partial")), *(found.get(name, 0) for name in SHOWN),
                 other, unknown(report), counts.get("offline_in_fault", 0), seconds(report["lasted_s"]), well_after(report),
                 seconds(rates.get("slowest_answer_ms", 0) / 1000)))


def short(results):
    """results: a list of (fault, engine, report). The slowest run counts."""
    engines = list(dict.fromkeys(engine for _, engine, _ in results))
    lines = [line(("fault", *engines)), line(["---"] + ["---:"] * len(engines))]
    for fault in dict.fromkeys(fault.name for fault, _, _ in results):
        cells = []
        for engine in engines:
            runs = [(each, report) for each, kind, report in results if (each.name, kind) == (fault, engine)]
            wrong = {name: count for each, report in runs for name, count in violations(each, report).items()}
            slowest = max((report for _, report in runs), key=lambda report: report["rates"].get("well_after_ms", 0), default=None)
            cells.append(f"**{wrong}**" if wrong else f"{well_after(slowest)} ({unknown(slowest)})" if slowest else "")
        lines.append(line((fault, *cells)))
    return "\n".join(lines)
