"""The page of the limits of mass mail."""

import pytest

from portal.organisation import limits
from portal.organisation.limits import Limits
from tests import factories
from tests.clients import Client

HERE = "/settings/organisation/limits"


@pytest.fixture
async def adam(client: Client) -> Client:
    """Adam the administrator, signed in."""
    await factories.organisation("Passerelle")
    await client.sign_in((await factories.account("Adam", "administrator")).email)
    return client


@pytest.mark.seed("Z08")
@pytest.mark.seed("Z09")
async def test_Z08_Z09_limits_are_settings(adam: Client) -> None:
    page = await adam.get("/settings/organisation")
    assert page.one(f'main a[href="{HERE}"]')
    form = (await adam.get(HERE)).form(HERE)
    wanted = {"mass_cap": "2 250", "account_cap": "500", "limit_zone": "organisation", "person_cap": "2"}
    page = await adam.post(HERE, form | wanted | {"person_cap_days": "14", "approval_over": "0", "trial_mode": "1"})
    assert page.toasts == ["Saved. The limits hold from now on."]
    found = await limits.current()
    assert (found.mass_cap, found.account_cap, found.limit_zone) == (2_250, 500, "organisation")
    assert (found.person_cap, found.person_cap_days, found.approval_over, found.trial_mode) == (2, 14, 0, True)
    await adam.post(HERE, page.form(HERE) | {"mass_cap": "", "account_cap": ""})
    assert (await limits.current()).mass_cap is None


async def test_what_cannot_be_is_refused_and_whoever_comes_second_is_told(adam: Client) -> None:
    form = (await adam.get(HERE)).form(HERE)
    page = await adam.post(HERE, form | {"mass_cap": "100", "account_cap": "200"})
    assert (page.status, page.errors) == (422, ["One colleague cannot send more than all together."])
    page = await adam.post(HERE, form | {"slots": "0"})
    assert page.status == 422
    await adam.post(HERE, form | {"mass_cap": "10"})
    page = await adam.post(HERE, form | {"mass_cap": "20"})
    assert page.status == 409
    await adam.post(HERE, page.form(HERE))
    assert await limits.current() == Limits(mass_cap=20, version=(await limits.current()).version)


async def test_a_manager_may_not(client: Client) -> None:
    await client.sign_in((await factories.account("Alice")).email)
    assert (await client.get(HERE)).status == 403
