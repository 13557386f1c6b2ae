"""The list of dossiers: what it shows, finds, counts and pages through."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable

import pytest

from portal import db as database
from portal.dossiers import actions, search
from tests import factories
from tests.clients import Client, Page
from tests.dossiers.conftest import Scene


def numbers(page: Page) -> list[str]:
    """The dossiers' numbers in the order of the list."""
    return page.texts("#rows tbody tr td:nth-child(2) a")


async def test_the_list_shows_my_campaigns_dossiers_last_changed_first(alice: Client, scene: Scene) -> None:
    await factories.dossier(scene.elsewhere, number="THEIRS-1")
    for number in ("A-1", "A-2", "A-3"):
        await factories.dossier(scene.campaign, number=number)
    await database.execute("update dossier set changed_at = now() + interval '1 min' where number = 'A-2'")
    page = await alice.get("/dossiers")
    assert sorted(numbers(page)[1:]) == ["A-1", "A-3"] and numbers(page)[0] == "A-2"
    assert "3 dossiers, last changed first" in page.words


async def test_search_finds_numbers_names_and_addresses_without_accents(alice: Client, scene: Scene) -> None:
    ana = await factories.person("Íñigo", "Żółć", email="inigo_100%@people.example")
    await factories.dossier(scene.campaign, ana, number="X-2026-0007")
    await factories.dossier(scene.campaign, number="X-2026-0008")
    for words in ("inigo", "ZOLC", "żółć íñigo", "0007", "x-2026-0007 inigo", "inigo_100%@", "%@people"):
        assert numbers(await alice.get(f"/dossiers?q={words.replace('%', '%25')}")) == ["X-2026-0007"], words
    for words in ("inigoX100", "nobody", "%25%25", "7_8"):
        assert numbers(await alice.get(f"/dossiers?q={words}")) == [], words
    assert len(numbers(await alice.get("/dossiers?q=%C2%A0%20"))) == 2


async def test_filters_are_chips_that_can_be_taken_off(alice: Client, scene: Scene) -> None:
    polish = await factories.person(locale="pl")
    await factories.dossier(scene.campaign, polish, "accepted", number="PL-1")
    await factories.dossier(scene.campaign, status="accepted", number="EN-1")
    await factories.dossier(scene.campaign, status="draft", number="DRAFT-1")
    page = await alice.get("/dossiers?status=accepted&language=pl&after=2026-11-20&before=2026-11-20")
    assert numbers(page) == ["PL-1"]
    assert page.texts(".chip") == [
        "Status: Accepted",
        "Language: Polish",
        "Submitted from 20 Nov 2026",
        "Submitted until 20 Nov 2026",
    ]
    off = [each.attrs["href"] for each in page.all(".chip a")]
    assert off[1] == "/dossiers?status=accepted&after=2026-11-20&before=2026-11-20"
    assert set(numbers(await alice.get(str(off[1])))) == {"PL-1", "EN-1"}
    assert numbers(await alice.get("/dossiers?after=2026-11-21")) == []
    assert len(numbers(await alice.get("/dossiers?after=yesterday&campaign=x&status="))) == 3


async def test_days_are_the_readers_own(client: Client, scene: Scene) -> None:
    ewa = await factories.account("Ewa", "manager", time_zone="Pacific/Auckland")
    of = await factories.campaign(managers=(ewa,))
    dossier = await factories.dossier(of)
    await database.execute("update dossier set submitted_at = '2026-11-19 23:00Z' where id = $1", dossier.id)
    await client.sign_in(ewa.email)
    assert numbers(await client.get("/dossiers?after=2026-11-20&before=2026-11-20")) == [dossier.number]
    assert numbers(await client.get("/dossiers?before=2026-11-19")) == []


async def test_the_campaigns_own_list_is_the_same_under_its_tabs(alice: Client, scene: Scene) -> None:
    await factories.dossier(scene.campaign, number="MINE-1")
    path = f"/campaigns/{scene.campaign.id}/dossiers"
    page = await alice.get(f"{path}?status=submitted")
    assert numbers(page) == ["MINE-1"] and page.texts(".chip") == ["Status: Submitted"]
    assert page.all(f'.tabs a[href="{path}"]') and page.one(".chips > a").attrs["href"] == path
    assert (await alice.get(f"/campaigns/{scene.elsewhere.id}/dossiers")).status == 404


async def test_long_lists_page_by_key_both_ways(alice: Client, scene: Scene) -> None:
    for n in range(101):
        await factories.dossier(scene.campaign, number=f"N-{n:03}")
    first = await alice.get("/dossiers")
    second = await alice.get(str(first.one("a[rel=next]").attrs["href"]))
    third = await alice.get(str(second.one("a[rel=next]").attrs["href"]))
    assert [len(numbers(page)) for page in (first, second, third)] == [50, 50, 1]
    assert len({*numbers(first), *numbers(second), *numbers(third)}) == 101
    back = await alice.get(str(third.one("a[rel=prev]").attrs["href"]))
    assert numbers(back) == numbers(second) and third.all("a[rel=next]") == [] and first.all("a[rel=prev]") == []


async def test_the_list_of_all_campaigns_keeps_to_the_one_it_was_filtered_by(alice: Client, scene: Scene) -> None:
    other = await factories.campaign(managers=(scene.alice,))
    for _n in range(51):
        await factories.dossier(scene.campaign)
        await factories.dossier(other)
    page = await alice.get(f"/dossiers?campaign={scene.campaign.id}")
    assert len(numbers(await alice.get(str(page.one("a[rel=next]").attrs["href"])))) == 1
    every = await alice.get(next(each for each in page.links if "all=1" in each))
    assert "All 51 results are selected" in every.words


@pytest.mark.parametrize(
    "key",
    [("2026-11-20T09:00:00", 5), ("2026-11-20T09:00:00Z", 2**70), ("0001-01-01T00:00:00Z", -1), ("x", 1), (None,)],
)
async def test_a_cursor_that_was_not_made_here_breaks_nothing(alice: Client, key: tuple[object, ...]) -> None:
    cursor = base64.urlsafe_b64encode(json.dumps([False, *key]).encode()).decode().rstrip("=")
    assert (await alice.get(f"/dossiers?cursor={cursor}")).status == 200


async def test_htmx_gets_the_rows_alone_and_they_are_those_of_the_page(alice: Client, scene: Scene) -> None:
    await factories.dossier(scene.campaign)
    whole, part = (
        await alice.get("/dossiers?status=submitted"),
        await alice.get("/dossiers?status=submitted", target="rows"),
    )
    assert part.all("html, h1") == [] and numbers(part) == numbers(whole) != []


async def test_large_numbers_are_estimates_and_say_so(
    alice: Client, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        await factories.dossier(scene.campaign)
    monkeypatch.setattr(search, "COUNTED_UP_TO", 2)
    page = await alice.get("/dossiers?language=en&q=nowak")
    assert re.search(r"About \d+ dossiers, last changed first", page.words)


async def test_large_numbers_of_assigned_dossiers_are_exact(
    scene: Scene, make_client: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [(await factories.dossier(scene.campaign)).id for _ in range(6)]
    await factories.dossier(scene.elsewhere)
    monkeypatch.setattr(search, "COUNTED_UP_TO", 2)
    counted = await search.count(scene.bob.actor, search.Filters())
    assert counted.n > 2 and not counted.exact
    await database.execute("update campaign set assigned_only = true where id = $1", scene.campaign.id)
    for each in ids[:4]:
        await database.execute("insert into assignment (dossier_id, account_id) values ($1, $2)", each, scene.bob.id)
    assert await search.count(scene.bob.actor, search.Filters(campaign=scene.campaign.id)) == search.Count(4)
    bob = make_client()
    await bob.sign_in(scene.bob.email)
    page = await bob.get("/dossiers")
    assert "4 dossiers, last changed first" in page.words and "About" not in page.words
    assert not (await search.count(scene.alice.actor, search.Filters())).exact  # a manager sees them all


async def test_three_kinds_of_empty(alice: Client, make_client: Callable[..., Client], scene: Scene) -> None:
    assert "No dossiers yet" in (await alice.get("/dossiers")).words
    assert "Nothing matches these filters" in (await alice.get("/dossiers?q=nobody")).words
    bob = make_client()
    await bob.sign_in((await factories.account("Bob", "evaluator")).email)
    assert "You do not belong to any campaign yet" in (await bob.get("/dossiers")).words


async def test_the_list_says_how_the_last_letter_to_the_candidate_fared(alice: Client, scene: Scene) -> None:
    ana = await factories.person()
    dossier = await factories.dossier(scene.campaign, ana)
    page = await alice.get("/dossiers")
    assert page.texts("td[data-label='Last e-mail']") == ["None"]
    await factories.trigger(scene.campaign, recipients=("candidate", "managers"), delay_minutes=5)
    await actions.change_status(dossier.id, "accepted", 1, scene.alice.actor)
    await database.execute(
        "update message set state = 'failed' where dossier_id = $1 and address <> $2", dossier.id, ana.email
    )
    assert (await alice.get("/dossiers")).texts("td[data-label='Last e-mail']") == ["On hold"]


async def test_the_number_of_queries_does_not_grow_with_the_rows(alice: Client, scene: Scene, asked: list[str]) -> None:
    needed = []
    for rows in (1, 2, 3):
        await factories.dossier(scene.campaign)
        asked.clear()
        assert len(numbers(await alice.get("/dossiers"))) == rows
        needed.append(len(asked))
    assert needed == [4, 4, 4]  # rows, number, and what the two filters offer


async def test_the_number_of_queries_does_not_grow_with_the_history(
    alice: Client, scene: Scene, asked: list[str]
) -> None:
    await factories.trigger(scene.campaign)
    dossier = await factories.dossier(scene.campaign)
    needed = []
    for version, to in enumerate(("accepted", "rejected", "accepted"), start=1):
        await actions.change_status(dossier.id, to, version, scene.alice.actor)
        asked.clear()
        page = await alice.get(f"/dossiers/{dossier.id}")
        assert len(page.all(".timeline li li > div")) == version
        needed.append(len(asked))
    assert needed == [19, 18, 19]


# ------------------------------------------------------------------------------------------------ more than a list
async def test_filters_narrow_by_several_statuses_evaluators_phases_and_answers(alice: Client, scene: Scene) -> None:
    of, path = scene.campaign, f"/campaigns/{scene.campaign.id}/dossiers"
    await factories.question(of.id, "area", "choice", "Area", choices=(("art", "Art"), ("law", "Law")))
    phase = await factories.phase(of, "Interviews")
    await database.execute("update status set phase_id = $1 where id = $2", phase, of.status["accepted"])
    made = {
        name: (await factories.dossier(of, status=status, number=name)).id
        for name, status in (("A", "accepted"), ("B", "rejected"), ("C", "submitted"))
    }
    await database.execute("insert into assignment (dossier_id, account_id) values ($1, $2)", made["B"], scene.bob.id)
    await database.execute("update dossier set answers = $2 where id = $1", made["A"], {"area": "art"})
    await database.execute("update dossier set answers = $2 where id = $1", made["B"], {"area": ["law", "art"]})
    await database.execute("update dossier set withdrawn_at = now() where id = $1", made["C"])

    async def shown(query: str) -> str:
        page = await alice.get(f"{path}?{query}")
        assert page.texts(".chip") != [], query
        return "".join(sorted(numbers(page)))

    assert await shown("status=accepted&status=rejected") == "AB"
    assert [await shown(f"evaluator={who}") for who in (scene.bob.id, scene.alice.id, "none")] == ["B", "", "AC"]
    assert [await shown(f"phase={each}") for each in (phase, 0)] == ["A", "BC"]
    assert [await shown(f"answer=area:{each}") for each in ("art", "law")] == ["AB", "B"]
    assert [await shown(f"withdrawn={each}") for each in ("no", "yes")] == ["AB", "C"]
    hostile = "status=%00&evaluator=x&phase=-1&answer=area&withdrawn=maybe&sort=drop&column=%00&view=x&place=%00"
    assert len(numbers(await alice.get(f"{path}?{hostile}"))) == 3


@pytest.mark.parametrize("sort", ["number", "name", "submitted", "changed"])
async def test_each_order_pages_by_key_and_leads_from_dossier_to_dossier(
    alice: Client, scene: Scene, sort: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search.find, "__defaults__", (None, 2, ()))
    path = f"/campaigns/{scene.campaign.id}/dossiers?sort={sort}"
    for n in range(5):
        person = await factories.person(f"Ana{n % 2}", f"Łoś{n // 2}")
        made = await factories.dossier(scene.campaign, person, number=f"N-{n}")
        await database.execute(
            """update dossier set submitted_at = case when $2 < 4 then now() - make_interval(days => $2) end
            where id = $1""",
            *(made.id, n),
        )
    page, found, links = await alice.get(path), list[str](), list[str]()
    while True:
        found += numbers(page)
        links += [str(each.attrs["href"]) for each in page.all("#rows tbody td.nowrap a")]
        if not page.all("nav.pages a[rel=next]"):
            break
        page = await alice.get(str(page.one("nav.pages a[rel=next]").attrs["href"]))
    assert sorted(found) == [f"N-{n}" for n in range(5)]
    if sort in ("number", "submitted"):
        assert found == sorted(found)
    page, walked = await alice.get(links[0]), list[str]()
    while True:
        walked.append(page.texts("h1 .quiet")[0])
        if not page.all("a[rel=next]"):
            break
        page = await alice.get(str(page.one("a[rel=next]").attrs["href"]))
    assert walked == found


async def test_deciding_on_a_dossier_does_not_lead_back_to_the_top_of_the_list(alice: Client, scene: Scene) -> None:
    for n in range(3):
        made = await factories.dossier(scene.campaign, number=f"N-{n}")
        await database.execute(
            "update dossier set changed_at = now() - make_interval(mins => $2::int) where id = $1", made.id, n
        )
    page = await alice.get(f"/campaigns/{scene.campaign.id}/dossiers?status=submitted")
    opened = str(page.all("#rows tbody td.nowrap a")[1].attrs["href"])
    dossier = int(re.findall(r"/dossiers/(\d+)", opened)[0])
    await actions.change_status(dossier, "accepted", 1, scene.alice.actor)
    page = await alice.get(opened)
    newer, older = [await alice.get(str(page.one(f"a[rel={way}]").attrs["href"])) for way in ("prev", "next")]
    assert newer.texts("h1 .quiet")[0] == "N-0" and newer.all("a[rel=prev]") == []
    assert older.texts("h1 .quiet")[0] == "N-2" and older.all("a[rel=next]") == []


async def test_columns_are_chosen_also_for_answers_and_evaluators(alice: Client, scene: Scene) -> None:
    await factories.question(scene.campaign.id, "area", "choice", "Area", choices=(("art", "Fine arts"),))
    made = await factories.dossier(scene.campaign)
    await database.execute("update dossier set answers = $2 where id = $1", made.id, {"area": "art"})
    await database.execute("insert into assignment (dossier_id, account_id) values ($1, $2)", made.id, scene.bob.id)
    path = f"/campaigns/{scene.campaign.id}/dossiers"
    page = await alice.get(f"{path}?column=answer.area&column=evaluators&column=answer.gone")
    assert page.texts("#rows thead th") == ["", "Number", "Evaluators", "Area"]
    assert page.texts("#rows tbody td")[1:] == [made.number, "Bob", "Fine arts"]


async def test_ticks_survive_paging_and_lead_to_the_bulk_pages(alice: Client, scene: Scene) -> None:
    ids = [(await factories.dossier(scene.campaign)).id for _ in range(52)]
    path = f"/campaigns/{scene.campaign.id}/dossiers"
    first = await alice.get(f"{path}?id={ids[0]}&id={ids[51]}&id=x")
    assert "Ticked: 2" in first.words
    second = await alice.get(str(first.one("a[rel=next]").attrs["href"]))
    ticked = {each.attrs["value"] for each in second.all("[name=id]") if "checked" in each.attrs}
    carried = {each.attrs["value"] for each in second.all("[name=id][type=hidden]")}
    assert ticked | carried == {str(ids[0]), str(ids[51])} and not ticked & carried
    every = await alice.get(f"{path}?all=1")
    assert "All 52 results are selected" in every.words
