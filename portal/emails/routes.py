"""The pages of templates: the library, one template in one language beside its preview, tests to oneself."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from portal.emails import (
    actions,
    attachment_pages,
    editing,
    library,
    preview,
    queries,
    shelf_pages,
    unsent,
    unsent_pages,
    version_pages,
)
from portal.emails.editing import View
from portal.emails.forms import TemplateForm, filled, labels, offer
from portal.emails.library import EVERYTHING, Filters, TemplateRow
from portal.emails.queries import Version
from portal.i18n import LOCALES, _, language_name
from portal.outcomes import Missing, Refused, Stale
from portal.web.conflicts import conflict
from portal.web.forms import Form
from portal.web.htmx import Request
from portal.web.pages import letter, own_path, page, see
from portal.web.rights import needs

TEMPLATES = "/templates"
ONE = TEMPLATES + "/{template_id:int}"
SEE, EDIT = needs("template.see"), needs("template.edit")
NOTHING_NEW = 204  # the frame keeps the letter it shows


class PersonForm(Form):
    """Whom to try a letter as."""

    locale = TemplateForm.locale
    person = TemplateForm.person


# ------------------------------------------------------------------------------------------------ the list
@get(TEMPLATES, opt=SEE)
async def templates_page(
    request: Request,
    q: FromQuery[str] = "",
    label: FromQuery[str] = "",
    whose: FromQuery[str] = "",
    lacks: FromQuery[str] = "",
    shelf: FromQuery[str] = "",
) -> Response[Any]:
    """The library, by name: what each is for, its languages, whose it is, where it is used."""
    filters = Filters(
        q=q, label=label, whose=whose, lacks=lacks, unused=shelf == "unused", archived=shelf == "archived"
    )
    return page(
        request,
        "emails/list.html",
        rows=await library.templates(request.user, filters),
        labels=[(each, each) for each in await library.labels(request.user)],
        languages_offered=[(locale, language_name(locale)) for locale in LOCALES],
        filters=filters,
        shelf=shelf,
        narrowed=filters != EVERYTHING,
        wanted=editing.WANTED,
    )


# ------------------------------------------------------------------------------------------------ a new one
@get(TEMPLATES + "/new", opt=EDIT)
async def new_page(request: Request, back: FromQuery[str] = "") -> Response[Any]:
    """The empty form; with `back` it returns to the form that asked for a template (Z18, E04)."""
    values = {"locale": request.user.locale, "category": "transactional", "back": own_path(back, "")}
    return await _edit_page(request, None, None, TemplateForm(values, choices=await offer()))


@post(TEMPLATES, opt=EDIT, status_code=303)
async def create(request: Request) -> Response[Any]:
    """Make it, with its first language."""
    form = await TemplateForm.read(request, choices=await offer())
    if form.valid:
        try:
            template_id = await actions.create(form.draft(), request.user)
        except Refused as refused:
            form.refuse(refused)
        else:
            return see(request, editing.after_create(template_id, form.locale, form.back), _("Template created."))
    return await _edit_page(request, None, None, form, status_code=422)


@post(TEMPLATES + "/check", opt=EDIT, status_code=200)
async def check_new(request: Request) -> Response[Any]:
    """What is wrong with the text of a new template, while it is written."""
    form = await TemplateForm.read(request, choices=await offer())
    form.check_text()
    return await _edit_page(request, None, None, form)


# ------------------------------------------------------------------------------------------------ one template
@get(ONE, opt=SEE)
async def template_page(request: Request, template_id: FromPath[int], locale: FromQuery[str] = "") -> Response[Any]:
    """One template in one language, beside its preview as one of its recipients."""
    row, version = await library.opened(request.user, template_id)
    shown = editing.language(version, locale, request.user.locale)
    form = filled(version, shown, await offer(version), View.of(request).person)
    return await _edit_page(request, row, version, form)


@post(ONE, opt=EDIT, status_code=303)
async def save(request: Request, template_id: FromPath[int]) -> Response[Any]:
    """Save a new version; 409 with theirs beside mine when somebody was faster."""
    row, version = await library.opened(request.user, template_id)
    form = await TemplateForm.read(request, choices=await offer(version))
    if not form.valid:
        return await _edit_page(request, row, version, form, status_code=422)
    try:
        saved = await actions.save_language(
            template_id, form.locale, form.text, form.draft(), form.version, request.user
        )
    except Refused as refused:
        form.refuse(refused)
        return await _edit_page(request, row, version, form, status_code=422)
    except Stale as stale:
        theirs = filled(stale.theirs, form.locale, form.choices, form.person)
        there = editing.address(template_id, form.locale, form.person)
        compared = {name: label for name, label in labels().items() if name in form.raw}
        return conflict(request, stale, form, theirs, labels=compared, action=f"{TEMPLATES}/{template_id}", back=there)
    waiting = await unsent.count(request.user, template_id) if saved.number != version.number else 0
    toast = editing.version_saved(template_id, saved.number, waiting)
    return see(request, editing.address(template_id, form.locale, form.person), toast)


@post(ONE + "/check", opt=EDIT, status_code=200)
async def check(request: Request, template_id: FromPath[int]) -> Response[Any]:
    """What is wrong with the text, while it is written."""
    row, version = await library.opened(request.user, template_id)
    form = await TemplateForm.read(request, choices=await offer(version))
    form.check_text()
    return await _edit_page(request, row, version, form)


async def _edit_page(
    request: Request, row: TemplateRow | None, version: Version | None, form: TemplateForm, status_code: int = 200
) -> Response[Any]:
    context = await editing.context(request.user, row, version, form, View.of(request))
    return page(request, "emails/edit.html", status_code=status_code, **context)


# ------------------------------------------------------------------------------------------------ the frame
@get(ONE + "/preview", opt=SEE)
async def saved_preview(request: Request, template_id: FromPath[int], locale: FromQuery[str] = "") -> Response[str]:
    """The saved letter, for the sandboxed frame."""
    _row, version = await library.opened(request.user, template_id)
    form = filled(version, editing.language(version, locale, request.user.locale), {}, View.of(request).person)
    return await _letter(request, form)


@post(TEMPLATES + "/preview", opt=EDIT, status_code=200)
async def unsaved_preview(request: Request) -> Response[str]:
    """The letter as it is being written, for the same frame. While it has problems the frame keeps the last one."""
    form = await TemplateForm.read(request, choices=await offer())
    return await _letter(request, form)


async def _letter(request: Request, form: TemplateForm) -> Response[str]:
    seen = await preview.show(
        request.user,
        form.text,
        form.locale or request.user.locale,
        form.person,
        sender_id=form.sender_id or None,
        optional=form.category == "optional",
    )
    return letter(seen.letter.html) if seen.letter else Response("", status_code=NOTHING_NEW)


# ------------------------------------------------------------------------------------------------ trying
@post(ONE + "/test", opt=EDIT, status_code=303)
async def send_test(request: Request, template_id: FromPath[int]) -> Response[Any]:
    """Send the saved version to whoever asks."""
    _row, version = await library.opened(request.user, template_id)
    form = await PersonForm.read(request, choices=await offer(version))
    if not form.valid or form.locale not in version.variants:
        raise Missing
    brand, sender = await queries.brand(), await queries.sender_of(version.sender_id)
    name = sender.name if sender else ""
    values = await preview.values_of(request.user, form.locale, form.person, brand.name, name)
    message_id = await actions.send_test(version, form.locale, values, request.user)
    there = editing.address(template_id, form.locale, form.person)
    return see(request, there, editing.test_sent(request.user.email, message_id))


routes: list[Any] = [
    *(templates_page, new_page, create, check_new, template_page, save, check),
    *(saved_preview, unsaved_preview, send_test, *shelf_pages.routes, *version_pages.routes),
    *(*attachment_pages.routes, *unsent_pages.routes),
]
