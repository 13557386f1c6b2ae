"""What a run leaves behind: a file of JSON for each part, `ratios` in sending.json, and tables on the screen."""

from __future__ import annotations

import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from bench import ratios, rounds
from bench.rounds import Round

ROOT = Path(__file__).parent.parent
Rows = Sequence[Sequence[str]]


def write(part: str, found: Mapping[str, Any], folder: Path) -> Path:
    """The part's file, with when, where and on what it was measured."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{part}.json"
    path.write_bytes(msgspec.json.format(msgspec.json.encode({**about(), **found}), indent=2) + b"\n")
    return path


def read(part: str, folder: Path) -> dict[str, Any] | None:
    """What a part left behind, or None."""
    path = folder / f"{part}.json"
    return msgspec.json.decode(path.read_bytes()) if path.exists() else None


def about() -> dict[str, Any]:
    """When and on what."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "machine": f"{platform.machine()}, {model()}",
        "python": sys.version.split()[0],
    }


def commit() -> str:
    """The state of the code, with a + when files differ from it; "" outside of a repository."""
    words = ["git", "-C", str(ROOT), "describe", "--always", "--dirty=+", "--exclude=*"]
    try:
        return subprocess.run(words, capture_output=True, text=True).stdout.strip()
    except OSError:
        return ""


def model() -> str:
    """The processor's name, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


# ------------------------------------------------------------------------------------------------ ratios
def sending(found: dict[str, Any], played: Sequence[Round], folder: Path) -> dict[str, Any]:
    """The sending part's result with its ratios; those of other parts come from what these left in the folder."""
    made = ratios.of_rounds(played)
    rows = {key: ratios.row(key, made[key], found["missing"]) for key in ratios.PAIRS}
    return {"ratios": {}, "about_ratios": rows} | found | with_others(rows, folder)


def with_others(rows: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """`ratios`, exactly the keys of the goals, each a number or null; `about_ratios` says where from, or why not."""
    rows = dict(rows) | {key: elsewhere(key, folder) for key in ratios.ELSEWHERE}
    return {"ratios": {key: rows[key]["value"] for key in ratios.KEYS}, "about_ratios": rows}


def elsewhere(key: str, folder: Path) -> dict[str, Any]:
    """A figure of another part, with when and at which commit it was measured."""
    part, name = ratios.ELSEWHERE[key]
    found = read(part, folder)
    if found is None:
        return {"value": None, "reason": f"part {part} was not run"}
    if found.get(name) is None:
        return {"value": None, "reason": str(found.get("reason") or f"part {part} has not measured it")}
    return {"value": found[name], "reason": None, "at": found["at"], "commit": found["commit"]}


def refresh(folder: Path) -> None:
    """After another part was run: its figure into sending.json, when there is one."""
    if found := read("sending", folder):
        path = folder / "sending.json"
        found |= with_others({key: found["about_ratios"][key] for key in ratios.PAIRS}, folder)
        path.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n")


# ------------------------------------------------------------------------------------------------ tables
def table(rows: Rows) -> str:
    """Rows as aligned text; the first one is the head, numbers stand right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def contenders_table(played: Sequence[Round]) -> list[list[str]]:
    """Rate and cost of each contender: medians, over quiet rounds when there are any."""
    rows = [["contender", "messages/s", "own", "PostgreSQL", "sink", "all (CPU us a message)", "quiet rounds"]]
    for name in played[0].order if played else []:
        rate = rounds.middle(played, name, "rate")
        if rate is None:
            continue
        cost = {each: rounds.middle(played, name, "cpu_us", each) for each in played[0].results[name]["cpu_us"]}
        shown = [
            cost.get("worker", cost.get("own")),
            cost.get("postgres"),
            cost.get("sink"),
            sum(v or 0 for v in cost.values()),
        ]
        still = sum(each.is_quiet(name) for each in played)
        rows.append(
            [name, f"{rate:,.0f}", *["" if v is None else f"{v:,.0f}" for v in shown], f"{still} of {len(played)}"]
        )
    return rows


def ratios_table(about: Mapping[str, Any]) -> list[list[str]]:
    """Each ratio beside its goal."""
    rows = [["ratio", "value", "goal", "reached", "quiet rounds", "all rounds"]]
    for key in ratios.KEYS:
        said = about[key]
        value, noisy = said["value"], said.get("all_rounds")
        sign, goal = ratios.GOALS[key]
        reached = "" if value is None else "yes" if ratios.holds(key, value) else "no"
        still = f"{said['quiet_rounds']} of {said['rounds']}" if "rounds" in said else ""
        shown = "-" if value is None else f"{value:.3g}"
        rows.append([key, shown, f"{sign} {goal:g}", reached, still, "" if noisy is None else f"{noisy:.3g}"])
    return rows


def reasons(about: Mapping[str, Any]) -> list[str]:
    """Why values are missing."""
    return [f"{key}: {about[key]['reason']}" for key in ratios.KEYS if about[key]["reason"]]
