"""What the bench makes of its figures, on figures that are given."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from bench import latency, quiet, ratios, report, rounds
from bench.quiet import Moment, Quiet
from bench.rounds import Contender, Measured, Round

STILL, LOUD = Quiet(0.0, 0.01, 0.3), Quiet(0.0, 0.9, 2.1)


def played(number: int, rates: dict[str, float], span: Quiet = STILL) -> Round:
    """A round in which these contenders had these rates."""
    results: dict[str, Measured] = {name: {"rate": rate, "cpu_us": {"own": 50.0}} for name, rate in rates.items()}
    return Round(number, [*rates], results, dict.fromkeys(rates, span))


def test_a_ratio_is_the_median_of_the_quiet_rounds() -> None:
    each = [
        played(1, {"letters": 6_000, "smtp_source": 10_000}),
        played(2, {"letters": 9_000, "smtp_source": 10_000}),
        played(3, {"letters": 7_000, "smtp_source": 10_000}),
        played(4, {"letters": 1_000, "smtp_source": 10_000}, LOUD),
    ]
    found = rounds.ratio(each, "letters", "smtp_source")
    assert found is not None
    assert (found.value, found.noisy, found.quiet_rounds, found.rounds) == (0.7, pytest.approx(0.65), 3, 4)


def test_without_a_quiet_round_there_is_no_ratio_and_a_reason() -> None:
    each = [played(1, {"letters": 6_000, "smtp_source": 10_000}, LOUD)]
    found = rounds.ratio(each, "letters", "smtp_source")
    assert ratios.row("letters_vs_smtp_source", found, {}) == {
        "value": None,
        "reason": "none of 1 rounds was quiet",
        "all_rounds": 0.6,
        "quiet_rounds": 0,
        "rounds": 1,
    }


def test_a_round_counts_for_a_pair_only_when_both_were_measured_in_quiet() -> None:
    one = played(1, {"letters": 6_000, "smtp_source": 10_000, "pipelined_c": 20_000})
    one.spans["smtp_source"] = LOUD
    assert not one.is_quiet("letters", "smtp_source")
    assert one.is_quiet("letters", "pipelined_c")
    assert one.row()["quiet"] is False
    assert one.row()["results"]["letters"]["quiet"] is True


def test_a_contender_that_did_not_send_has_no_ratio() -> None:
    one = played(1, {"letters": 6_000})
    one.results["nodemailer"] = {"ready": False, "why": "Node.js is not installed"}
    one.spans["nodemailer"] = STILL
    assert rounds.ratio([one], "letters", "nodemailer") is None
    said = ratios.row("letters_vs_nodemailer", None, {"nodemailer": "Node.js is not installed"})
    assert said == {"value": None, "reason": "nodemailer: Node.js is not installed"}


def test_signed_letters_are_compared_with_what_the_cores_allow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    one = played(1, {"letters": 8_000, "rsa": 2_000, "openssl": 4_000})
    one.results["letters"]["cpu_us"] = {"worker": 150.0, "postgres": 50.0, "sink": 50.0}
    assert ratios.limit(one) == pytest.approx(2 / (250e-6 + 250e-6))
    found = ratios.rsa([one])
    assert found is not None
    assert found.value == pytest.approx(0.5)


def test_others_are_what_was_busy_and_not_ours() -> None:
    before = Moment(busy=100.0, stolen=3.0, ours=40.0, at=1_000.0)
    after = Moment(busy=118.0, stolen=3.2, ours=55.0, at=1_010.0)
    span = quiet.between(before, after, load=1.5)
    assert (span.steal, span.foreign, span.load) == (0.02, 0.3, 1.5)
    assert not span.quiet
    assert quiet.between(before, Moment(101.0, 3.0, 40.5, 1_010.0), load=0.1).quiet
    assert not quiet.between(before, Moment(101.0, 4.0, 40.9, 1_010.0), load=0.1).quiet


async def test_every_second_round_goes_the_other_way_round() -> None:
    called: list[str] = []

    def contender(name: str) -> Contender:
        async def prepare() -> None:
            called.append(f"prepare {name}")

        async def send() -> Measured:
            called.append(name)
            return {"rate": 1.0, "cpu_us": {}}

        async def prove() -> Measured:
            return {"holds": name == "a"}

        return Contender(name, send, prepare, prove)

    said: list[str] = []
    made = await rounds.interleave([contender("a"), contender("b")], 2, said.append)
    assert called == ["prepare a", "a", "prepare b", "b", "prepare b", "b", "prepare a", "a"]
    assert [each.order for each in made] == [["a", "b"], ["b", "a"]]
    assert made[0].results["a"]["proof"] == {"holds": True}
    assert ["THE PROOF FAILS" in line for line in said] == [False, True, True, False]


def test_quantiles_are_those_of_the_nearest_rank() -> None:
    ordered = [n / 100 for n in range(1, 101)]
    assert (latency.at(ordered, 0.5), latency.at(ordered, 0.95), latency.at([0.3], 0.95)) == (0.5, 0.95, 0.3)


@pytest.mark.parametrize(
    ("found", "left", "value", "reason"),
    [
        ([0.1, 0.2], 500, 0.2, None),
        ([0.1, 0.2], 0, None, "the mailing ended before the last probe: more --recipients, or fewer --probes"),
        ([0.1], 500, None, "only 1 of 2 acknowledgements arrived"),
    ],
)
def test_latency_without_a_mailing_or_an_arrival_is_none(
    found: list[float], left: int, value: float | None, reason: str | None
) -> None:
    assert latency.judged(found, 2, left) == (value, reason)


# ------------------------------------------------------------------------------------------------ what is left behind
KEYS = [
    *("letters_vs_smtp_source", "letters_vs_pipelined_c", "conditions_vs_smtp_source", "ed25519_vs_smtp_source"),
    *("rsa_vs_openssl", "letters_vs_nodemailer", "letters_vs_post_office", "letters_vs_dramatiq_task"),
    *("plan_vs_insert_select", "cost_10m_vs_10k", "acknowledgement_p95_s"),
]


def test_the_file_has_every_ratio_or_null_and_a_reason(tmp_path: Any) -> None:
    each = [played(1, {"letters": 6_000, "smtp_source": 10_000})]
    missing = {"nodemailer": "it was not asked for"}
    made = report.sending({"missing": missing, "rounds": [one.row() for one in each]}, each, tmp_path)
    written = msgspec.json.decode(report.write("sending", made, tmp_path).read_bytes())
    assert list(written["ratios"]) == KEYS
    assert written["ratios"]["letters_vs_smtp_source"] == 0.6
    assert {key for key in KEYS if written["ratios"][key] is not None} == {"letters_vs_smtp_source"}
    assert all(written["about_ratios"][key]["reason"] for key in KEYS[1:])
    assert written["rounds"][0].keys() >= {"steal", "foreign_cpu", "quiet", "order", "results"}


def test_another_part_puts_its_figure_beside_them(tmp_path: Any) -> None:
    each = [played(1, {"letters": 6_000, "smtp_source": 10_000})]
    report.write("sending", report.sending({"missing": {}}, each, tmp_path), tmp_path)
    report.write("latency", {"acknowledgement_p95_s": 0.125}, tmp_path)
    report.write("plan", {"plan_vs_insert_select": None, "reason": "no round was quiet"}, tmp_path)
    report.refresh(tmp_path)
    found = report.read("sending", tmp_path)
    assert found is not None
    assert list(found["ratios"]) == KEYS
    assert found["ratios"]["acknowledgement_p95_s"] == 0.125
    assert found["about_ratios"]["acknowledgement_p95_s"]["commit"] == found["commit"]
    assert found["about_ratios"]["plan_vs_insert_select"] == {"value": None, "reason": "no round was quiet"}
    assert found["about_ratios"]["cost_10m_vs_10k"] == {"value": None, "reason": "part growth was not run"}


def test_tables_name_contenders_and_goals() -> None:
    each = [played(1, {"letters": 8_000, "smtp_source": 10_000}), played(2, {"letters": 6_000, "smtp_source": 10_000})]
    table = report.contenders_table(each)
    assert table[1] == ["letters", "7,000", "50", "", "", "50", "2 of 2"]
    rows = {key: ratios.row(key, found, {}) for key, found in ratios.of_rounds(each).items()}
    about = rows | {key: {"value": None, "reason": "not run"} for key in ratios.ELSEWHERE}
    assert report.ratios_table(about)[1] == ["letters_vs_smtp_source", "0.7", ">= 0.7", "yes", "2 of 2", "0.7"]
    assert len({len(line) for line in report.table(table).splitlines()}) == 1
