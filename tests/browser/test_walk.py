"""Every page, wide and light, narrow and dark: a silent console, nothing for axe-core, no sideways scrolling."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator
from typing import Any

import asyncpg
import pytest
from axe_playwright_python.async_playwright import Axe
from litestar import Litestar
from playwright.async_api import Browser, Page, expect

from portal import db
from portal.accounts.rules import rights_of
from tests.browser import steps
from tests.browser.conftest import WIDE, Visit, watch
from tests.browser.portal import TITLE, Portal, working_on
from tests.browser.test_decisions import choose
from tests.browser.words import Words
from tests.house.routes import World, routes

NARROW = {"width": 390, "height": 844}
LOOKS = {"light": WIDE, "dark": NARROW}
WIDTHS = (320, 768)  # WCAG 1.4.10; a tablet
TABS = 3  # pages that are looked at together
NO_PAGES = ("/api/", "/health/", "/metrics", "/brand/", "/favicon", "/robots", "/mailbox/by-id/", "/dossiers/exports/")
FILES = (".csv", "/file")  # what is downloaded
STILL = """() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync("*, ::before, ::after, ::backdrop { transition: none !important }");
    document.adoptedStyleSheets = [sheet];
}"""  # else colours would be measured while they fade from one look into the other
OPTIONS = {
    "iframes": False,  # letters are judged by their own tests
    "preload": False,
    "resultTypes": ["violations"],
    "rules": {"target-size": {"enabled": True}},  # WCAG 2.2, which axe-core leaves to us
}
RUN = "options => axe.run(options).then(found => found.violations)"

# One row for every kind of page: a dossier whose letter waits for a person, and what hangs on it.
IDS = """
select d.campaign_id, d.id as dossier_id, d.person_id, c.slug, m.id as message_id,
    (select id from status where campaign_id = c.id and key = 'under_review') as status_id,
    (select id from question where campaign_id = c.id and key = 'size') as question_id,
    (select id from trigger where campaign_id = c.id and family = 'manager') as trigger_id,
    (select id from template where key = 'acceptance') as template_id,
    (select sender_id from organisation) as sender_id, 1 as version_number
from dossier d join campaign c on c.id = d.campaign_id join message m on m.dossier_id = d.id and m.state = 'held'
where d.id = $1"""


MADE: dict[str, dict[str, Any]] = {}  # by database: two of a name would be told apart by nobody


async def office(portal: Portal) -> dict[str, Any]:
    """What the stories leave out: a phase, a programme, a criterion, long work, a list from elsewhere, a view, a role.

    The manager's; the administrator sees them, too.
    """
    if portal.database in MADE:
        return MADE[portal.database]
    campaign_id, who = portal.campaign_id, portal.teams["fr"].manager
    made = {
        "phase_id": (
            """insert into phase (campaign_id, title, entry_status_id, position)
            select $1, $2, id, 1 from status where campaign_id = $1 and key = 'reserve_list' returning id""",
            *(campaign_id, TITLE),
        ),
        "programme_id": ("insert into programme (title, description) values ($1, $1) returning id", TITLE),
        "criterion_id": (
            "insert into criterion (campaign_id, label, help, position) values ($1, $2, $2, 1) returning id",
            *(campaign_id, TITLE),
        ),
        "job_id": (
            """insert into job (kind, campaign_id, account_id, what, state, total, done, refused, started_at)
            values ('status', $1, $2, $3, 'paused', 3, 1, 1, now()) returning id""",
            *(campaign_id, who.id, {"to": "accepted", "n": 3}),
        ),
        "import_id": (
            """insert into import_file (kind, account_id, name, stored_as, size, sha256, reading, header, rows, mapping,
            state, counts)
            values ('people', $1, 'list.csv', repeat('0', 32), 1, '', $2, '{email,name}', 2, '{"email": 1}',
            'checked', '{"new": 1, "wrong": 1}') on conflict (stored_as) do update set rows = 2 returning id""",
            *(who.id, {"format": "csv", "encoding": "utf-8", "delimiter": "semicolon"}),
        ),
        "view_id": (
            """insert into custom_view (module, name, owner_id, shared, filters)
            values ('dossiers', 'Ours', $1, true, $2) returning id""",
            *(who.id, {"status": ["accepted"]}),
        ),
        "own_view_id": (
            "insert into custom_view (module, name, owner_id) values ('dossiers', 'Mine', $1) returning id",
            portal.admin.id,
        ),
        "company_id": ("insert into company (name) values ($1) returning id", "Alpha"),
        "topic_id": ("insert into topic (name, description) values ($1, $1) returning id", TITLE),
        "role_id": (
            """insert into role (key, name, rights) values ('press', 'Press', '{template.see}')
            on conflict (key) do update set name = 'Press' returning id""",
        ),
    }
    async with working_on(portal.database, portal.base_url):
        ids = {name: await db.fetchval(*sql) for name, sql in made.items()}
        await db.execute("insert into job_item values ($1, $2, 'refused', 'changed')", ids["job_id"], who.id)
        sql = "insert into import_problem values ($1, 2, 'email', 'email_wrong', 'nobody') on conflict do nothing"
        await db.execute(sql, ids["import_id"])
    MADE[portal.database] = ids | {"account_id": who.id}
    return MADE[portal.database]


@pytest.fixture
async def world(portal: Portal) -> World:
    """The rows that addresses of pages name."""
    connection = await asyncpg.connect(portal.database)
    row = await connection.fetchrow(IDS, portal.undecided.dossier_id)
    async with asyncio.timeout(steps.ARRIVES_WITHIN):
        while not (letter_id := await connection.fetchval("select min(id) from mailbox_letter")):
            await asyncio.sleep(steps.LOOK_EVERY)
    await connection.close()
    assert row
    return World({}, {**row, "letter_id": letter_id, **await office(portal)})


def addresses(app: Litestar, world: World, role: str | None) -> Iterator[str]:
    """Pages that need a right which the role has; without a role, those of everybody."""
    rights = rights_of((role,)) if role else {None}
    values = world.values | ({"view_id": world.values["own_view_id"]} if role == "administrator" else {})
    for route in routes(app):
        if (
            route.method == "GET"
            and route.right in rights
            and not route.path.startswith(NO_PAGES)
            and not route.path.endswith(FILES)
        ):
            for verb in ("release", "cancel") if "{verb:" in route.path else ("",):
                if url := World({}, {**values, "verb": verb}).url(route.path):
                    yield url


def told(violations: list[Any]) -> list[str]:
    """Each violation in a line: the rule, the element, what is wrong with it."""
    return [f"{rule['id']} {node['target']} {node['failureSummary']}" for rule in violations for node in rule["nodes"]]


async def look(page: Page, problems: list[str], judged: Collection[str] = LOOKS) -> None:
    """The page as it stands: whether it fits at any width, and what axe-core finds in the looks that are `judged`."""
    await page.evaluate(STILL)
    await page.evaluate(Axe().axe_script)
    for scheme in judged:
        await page.set_viewport_size(LOOKS[scheme])  # type: ignore[arg-type]
        await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        problems += [f"{page.url} ({scheme}): {each}" for each in told(await page.evaluate(RUN, OPTIONS))]
    for width in (*WIDTHS, *(size["width"] for size in LOOKS.values())):
        await page.set_viewport_size({"width": width, "height": 800})
        problems += [] if await steps.fits(page) else [f"{page.url} is wider than {width}"]


# The manager's pages are the administrator's with fewer places in the navigation: axe-core sees each in both looks.
@pytest.mark.parametrize(
    ("role", "shared", "judged", "least"),
    [
        ("manager", True, ["dark"], 40),
        ("administrator", True, ["light"], 40),
        ("administrator", False, LOOKS, 10),
        (None, False, LOOKS, 4),
    ],
    ids=["manager", "administrator", "administrator alone", "nobody"],
)
async def test_every_page(
    portal: Portal,
    visit: Visit,
    app: Litestar,
    world: World,
    role: str | None,
    shared: bool,
    judged: Collection[str],
    least: int,
) -> None:
    """`shared`: the pages that a manager has, too."""
    who = {"manager": portal.teams["fr"].manager, "administrator": portal.admin}.get(role or "")
    others = set(addresses(app, world, "manager"))
    left = [url for url in addresses(app, world, role) if (url in others) is shared]
    seen: list[str] = []
    problems: list[str] = []

    async def walk() -> None:
        page = await visit("pl", who=who)
        while left:
            url = left.pop(0)
            await page.goto(url)
            if await page.locator("main").count():  # else a letter's frame, a file
                seen.append(url)
                await look(page, problems, judged)

    await asyncio.gather(*(walk() for _tab in range(TABS)))
    assert problems == []
    assert len(seen) > least


async def test_what_opens_on_a_page(portal: Portal, visit: Visit) -> None:
    """The dialog that asks, a menu of actions, the navigation of a telephone."""
    problems: list[str] = []
    page = await visit(who=portal.teams["fr"].manager)
    say = Words("fr")
    await page.goto(f"/dossiers/{portal.undecided.dossier_id}")
    await choose(page, say, "rejected")
    await look(page, problems)
    await page.goto(f"/campaigns/{portal.campaign_id}/emails")
    await page.locator("[popovertarget^=menu-]").first.click()
    await expect(page.locator(".menu:popover-open")).to_be_visible()
    await look(page, problems)
    await page.goto("/")
    await page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    await page.get_by_role("button", name=say("Menu", "button")).click()
    await expect(page.get_by_role("button", name=say("Sign out"))).to_be_visible()
    await look(page, problems, ["dark"])
    assert problems == []


async def test_the_watch_hears_what_the_policy_refuses(portal: Portal, browser: Browser) -> None:
    """Without this, silence would prove nothing: a script in a page is refused, and heard."""
    complaints: list[str] = []
    context = await browser.new_context(base_url=portal.base_url)
    watch(context, portal.base_url, complaints)
    page = await context.new_page()
    await page.goto("/login")
    await page.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<p onclick=alert(1)><a href=/nothing></a></p>')"
    )
    await page.evaluate("document.querySelector('p[onclick]').click()")
    await page.goto("/nothing-here")
    await context.close()
    assert len(complaints) == 2
    assert "Content Security Policy" in complaints[0]
    assert complaints[1].endswith("/nothing-here answered 404")
