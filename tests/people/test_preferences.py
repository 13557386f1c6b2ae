"""Z31: a person opts out of optional e-mail with one click, and may opt in again."""

from __future__ import annotations

import pytest

from portal import tokens
from portal.people import queries
from tests import factories
from tests.clients import Client


async def link_of(person_id: int) -> str:
    return "/u/" + tokens.opt_out_link(person_id).rpartition("/u/")[2]


@pytest.mark.seed("Z31")
async def test_Z31_one_click_opts_out_without_cookie_or_token(client: Client) -> None:
    ana = await factories.person()
    answer = await client.post(await link_of(ana.id), {"List-Unsubscribe": "One-Click"}, csrf=False)
    assert answer.status == 200
    assert await queries.has_opted_out(ana.id)


@pytest.mark.seed("Z31")
async def test_Z31_opening_the_link_changes_nothing_and_the_button_does(client: Client) -> None:
    ana = await factories.person()
    link = await link_of(ana.id)
    await client.get(link)
    await client.http.head(link)
    assert not await queries.has_opted_out(ana.id)
    page = await client.post(link, {"wish": "opt_out"})
    assert "You will get no more optional e-mail." in page.words
    page = await client.post(link, {"wish": "opt_in"})
    assert not await queries.has_opted_out(ana.id)


async def test_a_forged_link_opens_nothing(client: Client) -> None:
    ana = await factories.person()
    link = await link_of(ana.id)
    assert (await client.get(link[:-1] + ("a" if link[-1] != "a" else "b"))).status == 404
    assert (await client.post(f"/u/{tokens.sign('dossier', ana.id)}", {"wish": "opt_out"})).status == 404
    assert not await queries.has_opted_out(ana.id)
