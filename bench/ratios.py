"""From rounds to the ratios that the goals are about: medians over quiet rounds, or null and the reason why."""

from __future__ import annotations

import os
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from bench import rounds
from bench.rounds import Ratio, Round

PAIRS = {
    "letters_vs_smtp_source": ("letters", "smtp_source"),
    "letters_vs_pipelined_c": ("letters", "pipelined_c"),
    "conditions_vs_smtp_source": ("conditions", "smtp_source"),
    "ed25519_vs_smtp_source": ("ed25519", "smtp_source"),
    "rsa_vs_openssl": ("rsa", "openssl"),
    "letters_vs_nodemailer": ("letters", "nodemailer"),
    "letters_vs_post_office": ("letters", "post_office"),
    "letters_vs_dramatiq_task": ("letters", "dramatiq_task"),
}
# Ratios that other parts measure: the part, and the figure in its result.
ELSEWHERE = {
    "plan_vs_insert_select": ("plan", "plan_vs_insert_select"),
    "cost_10m_vs_10k": ("growth", "cost_10m_vs_10k"),
    "acknowledgement_p95_s": ("latency", "acknowledgement_p95_s"),
}
KEYS = (*PAIRS, *ELSEWHERE)
GOALS = {
    "letters_vs_smtp_source": (">=", 0.7),
    "letters_vs_pipelined_c": (">=", 0.5),
    "conditions_vs_smtp_source": (">=", 0.45),
    "ed25519_vs_smtp_source": (">=", 0.4),
    "rsa_vs_openssl": (">=", 0.9),
    "letters_vs_nodemailer": (">=", 10.0),
    "letters_vs_post_office": (">=", 20.0),
    "letters_vs_dramatiq_task": (">=", 50.0),
    "plan_vs_insert_select": ("<=", 1.5),
    "cost_10m_vs_10k": ("<=", 1.15),
    "acknowledgement_p95_s": ("<=", 2.0),
}


def of_rounds(played: Sequence[Round]) -> dict[str, Ratio | None]:
    """The ratios of the sending part."""
    found = {key: rounds.ratio(played, above, below) for key, (above, below) in PAIRS.items()}
    return found | {"rsa_vs_openssl": rsa(played)}


def rsa(played: Sequence[Round]) -> Ratio | None:
    """How near signed letters come to what the signatures alone would allow on these cores.

    The limit is cores / (CPU seconds of a plain letter in all processes together + of one signature by `openssl
    speed rsa2048`), each of the same round: what would be reached if every core did nothing but this, all the time.
    """
    names = ("rsa", "letters", "openssl")
    found = [each for each in played if all(rounds.rate_of(each, name) for name in names)]
    values = [(each.is_quiet(*names), rounds.rate_of(each, "rsa") / limit(each)) for each in found]
    still = [value for is_quiet, value in values if is_quiet]
    if not values:
        return None
    every = statistics.median(value for _, value in values)
    return Ratio(statistics.median(still) if still else None, every, len(still), len(values))


def limit(played: Round) -> float:
    """RSA-signed letters a second that the cores allow."""
    plain = sum(played.results["letters"]["cpu_us"].values()) / 1e6
    return (os.cpu_count() or 1) / (plain + 1 / rounds.rate_of(played, "openssl"))


def row(key: str, found: Ratio | None, missing: Mapping[str, str]) -> dict[str, Any]:
    """A ratio of the rounds with what speaks for it, or why there is none."""
    if found is None:
        absent = [f"{name}: {missing[name]}" for name in PAIRS[key] if name in missing]
        return {"value": None, "reason": "; ".join(absent) or "it was not measured"}
    reason = None if found.value is not None else f"none of {found.rounds} rounds was quiet"
    return {
        "value": found.value,
        "reason": reason,
        "all_rounds": found.noisy,
        "quiet_rounds": found.quiet_rounds,
        "rounds": found.rounds,
    }


def holds(key: str, value: float) -> bool:
    """Whether a goal is reached."""
    sign, goal = GOALS[key]
    return value >= goal if sign == ">=" else value <= goal
