"""A campaign with Alice its manager and Bob its evaluator; Dana is a manager elsewhere."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from portal import db as database
from portal.dossiers import files
from tests import factories
from tests.clients import Client
from tests.factories import AccountRow, CampaignRow


class Scene(msgspec.Struct, frozen=True):
    """Who and what most stories here start from."""

    alice: AccountRow
    bob: AccountRow
    dana: AccountRow
    campaign: CampaignRow
    elsewhere: CampaignRow


async def make_scene() -> Scene:
    """Two campaigns, a house with a sender, and the acknowledgement of receipt in the first one."""
    await factories.organisation()
    alice, bob, dana = [
        await factories.account(*who) for who in (("Alice", "manager"), ("Bob", "evaluator"), ("Dana", "manager"))
    ]
    campaign = await factories.campaign(managers=(alice,), evaluators=(bob,), title={"en": "Rural Labs"})
    elsewhere = await factories.campaign(managers=(dana,))
    await factories.trigger(campaign, name="Receipt", family="candidate", to_status=None)
    return Scene(alice, bob, dana, campaign, elsewhere)


@pytest.fixture
async def scene(db: None, valkey_url: str) -> Scene:
    """The scene in a transaction that is rolled back; nobody's tries have been counted yet."""
    return await make_scene()


@pytest.fixture(autouse=True)
def files_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Documents of a test lie in a folder of its own."""
    monkeypatch.setattr(files, "_folder", lambda: tmp_path / "files")
    return tmp_path / "files"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements about dossiers, statuses and campaigns that were run."""
    seen: list[str] = []

    def watched(name: str) -> Any:
        plain = getattr(database, name)

        async def run(sql: str, *args: Any) -> Any:
            if re.search(r"dossier|campaign|trigger|suppression", sql):
                seen.append(sql)
            return await plain(sql, *args)

        return run

    for name in ("fetch", "fetchrow", "fetchval"):
        monkeypatch.setattr(database, name, watched(name))
    return seen


@pytest.fixture
async def alice(client: Client, scene: Scene) -> Client:
    """Alice, signed in."""
    await client.sign_in(scene.alice.email)
    return client


@pytest.fixture
async def call(scene: Scene) -> CampaignRow:
    """An open call with a question of each kind."""
    of = await factories.campaign(
        slug="rural-labs",
        title={"en": "Rural Labs", "pl": "Laboratoria wiejskie"},
        locales=("en", "pl", "fr"),
        time_zone="Europe/Warsaw",
        closes_at=datetime(2090, 12, 15, 23, 59),
    )
    await factories.trigger(of, name="Receipt", family="candidate", to_status=None)
    await factories.question(of.id, "title", "short", "Project title", required=True)
    await factories.question(of.id, "story", "long", "What is it about?", max_length=1500)
    await factories.question(of.id, "budget", "number", "Budget", required=True)
    await factories.question(of.id, "start", "date", "Start")
    await factories.question(of.id, "area", "choice", "Area", choices=(("art", "Art"), ("law", "Law")))
    await factories.question(of.id, "plan", "file", "Plan")
    return of
