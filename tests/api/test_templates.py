"""Templates through the API: the same visibility and the same versions as on the pages."""

from __future__ import annotations

from httpx import AsyncClient

from portal.emails import actions, attaching
from portal.emails.actions import Draft
from portal.emails.checks import Text
from portal.emails.shelving import Place, describe
from tests import factories
from tests.dossiers.documents import PDF

DRAFT = Draft(name="Mine", category="transactional", texts={"en": Text("Hello", "", "<p>Hello</p>")})
CHANGE = {"name": "Mine", "category": "transactional", "variants": {"en": {"subject": "Hi", "body": "<p>Hi</p>"}}}


async def test_a_template_that_is_not_shared_is_missing_for_others(api: AsyncClient) -> None:
    bea = await factories.account("Bea")
    template_id = await actions.create(DRAFT, bea.actor)
    await describe(template_id, Place(shared=False, owner_id=bea.id), bea.actor)
    assert (await api.get(f"/templates/{template_id}")).status_code == 404
    assert (await api.put(f"/templates/{template_id}", json=CHANGE | {"version": 1})).status_code == 404
    assert template_id not in [each["id"] for each in (await api.get("/templates")).json()["items"]]


async def test_a_change_of_the_text_keeps_the_documents(
    api: AsyncClient,
) -> None:
    bea = await factories.account("Bea")
    template_id = await actions.create(DRAFT, bea.actor)
    await attaching.attach(template_id, "rules.pdf", PDF, 1, bea.actor)
    answer = await api.put(f"/templates/{template_id}", json=CHANGE | {"version": 2, "note": "Shorter"})
    assert answer.status_code == 200
    assert [each["name"] for each in answer.json()["attachments"]] == ["rules.pdf"]
    assert (await api.put(f"/templates/{template_id}", json=CHANGE | {"version": 2})).status_code == 409
    long = await api.put(f"/templates/{template_id}", json=CHANGE | {"version": 3, "note": "x" * 201})
    assert (long.status_code, list(long.json()["errors"])) == (422, ["note"])
