"""What the faults of the rig have cost, as a table in Markdown."""
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


def row(fault, engine, report):
    found = violations(fault, report)
    counts, rates = report["counts"], report["rates"]
    other = ", ".join(f"{name} {count}" for name, count in found.items() if name not in SHOWN) or "0"
    unknown = sum(count for why, count in report["failed"].items() if why not in ("offline", "plain"))
    return line((fault.name, engine, *(counts.get(name, 0) for name in ("pushes", "ok", "ok_partial")), *(found.get(name, 0) for name in SHOWN),
                 other, unknown, counts.get("offline_in_fault", 0), seconds(report["lasted_s"]), seconds(rates.get("well_after_ms", 0) / 1000),
                 seconds(rates.get("slowest_answer_ms", 0) / 1000)))
