"""The form of a scheduled mailing, new or changed (Z26-Z28): to whom, which letter, when, and whether it is active."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from portal.actor import Actor
from portal.emails import queries as emails
from portal.emails.queries import Version
from portal.i18n import _, current_zone
from portal.mailings import offers, schedule_actions, schedule_forms, schedule_queries, schedule_words
from portal.mailings import words as mailing_words
from portal.mailings.offers import Address
from portal.mailings.rules import SENDERS
from portal.mailings.schedule_forms import ScheduleForm
from portal.mailings.schedule_pages import HERE, ONE, SEE, check_may
from portal.mailings.schedule_queries import Schedule
from portal.outcomes import Missing, Refused, Stale
from portal.web.conflicts import conflict
from portal.web.field import Options
from portal.web.htmx import Request
from portal.web.pages import page, see
from portal.web.templating import url


@get(HERE + "/new", opt=SEE)
async def new_page(
    request: Request,
    module: FromQuery[str] = "candidates",
    template: FromQuery[int] = 0,
    view: FromQuery[int] = 0,
    template_id: FromQuery[str] = "",
    from_kind: FromQuery[str] = "",
    reply_kind: FromQuery[str] = "",
) -> Response[Any]:
    """The empty form; `template` comes back from *New template* (Z18), the last three from choosing another one."""
    check_may(request.user, module)
    values = schedule_forms.new_values(module, current_zone.get(), datetime.now(ZoneInfo(current_zone.get())))
    chosen = _chosen(template_id) or template
    values |= {"template_id": chosen, "view_id": view} | _kinds(from_kind, reply_kind)
    form = ScheduleForm(values, choices=await _choices(request.user, module))
    return await _form_page(request, form, module)


@post(HERE, opt=SEE, status_code=303)
async def create(request: Request) -> Response[Any]:
    """Save it; the schedule's page follows (Z29)."""
    form = await ScheduleForm.read(request, choices=await _choices(request.user, await _module(request)))
    form.check()
    check_may(request.user, form.module or "candidates")
    if form.valid:
        try:
            schedule_id = await schedule_actions.create(request.user, form.draft())
            return see(request, f"{HERE}/{schedule_id}", _("Schedule saved."))
        except Refused as refused:
            form.refuse(refused)
    return await _form_page(request, form, form.module or "candidates", status_code=422)


@get(ONE + "/edit", opt=SEE)
async def edit_page(
    request: Request,
    schedule_id: FromPath[int],
    template: FromQuery[int] = 0,
    template_id: FromQuery[str] = "",
    from_kind: FromQuery[str] = "",
    reply_kind: FromQuery[str] = "",
) -> Response[Any]:
    """The form of a schedule."""
    schedule = await schedule_queries.one(request.user, schedule_id)
    check_may(request.user, schedule.module)
    values = schedule_forms.values_of(schedule) | _kinds(from_kind, reply_kind)
    if chosen := _chosen(template_id) or template:
        values["template_id"] = chosen
    form = ScheduleForm(values, choices=await _choices(request.user, schedule.module, schedule))
    return await _form_page(request, form, schedule.module, schedule)


@post(ONE + "/edit", opt=SEE, status_code=303)
async def change(request: Request, schedule_id: FromPath[int]) -> Response[Any]:
    """Save the changes; 409 compares when somebody was faster."""
    schedule = await schedule_queries.one(request.user, schedule_id)
    check_may(request.user, schedule.module)
    choices = await _choices(request.user, schedule.module, schedule)
    form = await ScheduleForm.read(request, choices=choices)
    form.check()
    own = f"{HERE}/{schedule_id}"
    if form.valid:
        try:
            await schedule_actions.change(request.user, schedule_id, form.version or 0, form.draft())
            return see(request, own, _("Schedule saved."))
        except Refused as refused:
            form.refuse(refused)
        except Stale as stale:
            theirs = ScheduleForm(schedule_forms.values_of(stale.theirs), choices=choices)
            return conflict(request, stale, form, theirs, labels=_labels(), action=f"{own}/edit", back=f"{own}/edit")
    return await _form_page(request, form, schedule.module, schedule, status_code=422)


async def _module(request: Request) -> str:
    """The module that a new schedule is for, before its form can be read."""
    sent = str((await request.form()).get("module", ""))
    return sent if sent in mailing_words.MODULES else "candidates"


def _chosen(text: str) -> int:
    """The template that was just chosen in the form; 0 for none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


def _kinds(from_kind: str, reply_kind: str) -> dict[str, object]:
    """The addresses that were chosen before the template was."""
    sent = {"from_kind": from_kind, "reply_kind": reply_kind}
    return {name: kind for name, kind in sent.items() if kind in SENDERS}


async def _choices(actor: Actor, module: str, schedule: Schedule | None = None) -> dict[str, Options]:
    """What can be chosen; what a schedule uses already stays even where the actor could not choose it."""
    templates = [(row.id, offers.template_words(row)) for row in await offers.templates(actor)]
    repeats = [(value, word()) for value, word in schedule_words.REPEATS.items()]
    if schedule and schedule_forms.values_of(schedule)["repeat"] == schedule_forms.OWN:
        repeats.append((schedule_forms.OWN, schedule_words.recurrence(schedule)))
    return {
        "view_id": _with(await offers.view_choices(actor, module), schedule and (schedule.view_id, schedule.view_name)),
        "template_id": _with(
            templates,
            schedule and not schedule.template_gone and (schedule.template_id, schedule.template_name),
        ),
        "campaign_id": await offers.campaigns(actor),
        "per": [(value, word()) for value, word in mailing_words.PER.items()],
        "repeat": repeats,
        "weekdays": [(str(day), schedule_words.weekday_word(day)) for day in range(7)],
        "month_day": [(str(day), schedule_words.month_day_word(day)) for day in schedule_forms.MONTH_DAYS],
        "ends": [(value, word()) for value, word in schedule_words.ENDS.items()],
    }


def _with(offered: Options, used: Any) -> Options:
    """The options with what is in use already."""
    if not used or used[0] is None or used[1] is None or used[0] in {value for value, _label in offered}:
        return offered
    return [*offered, used]


async def _form_page(
    request: Request, form: ScheduleForm, module: str, schedule: Schedule | None = None, *, status_code: int = 200
) -> Response[Any]:
    owner = (await schedule_queries.owner_of(schedule) if schedule else None) or request.user
    version = await _version(_chosen(form.shown("template_id")))
    home = f"{HERE}/{schedule.id}/edit" if schedule else url(f"{HERE}/new", module=module)
    return page(
        request,
        "mailings/schedule_form.html",
        status_code=status_code,
        form=form,
        schedule=schedule,
        module=module,
        modules=offers.modules(request.user),
        home=home,
        senders=_offered(await offers.from_addresses(owner, version), version, owner, request.user),
        replies=_offered(await offers.reply_addresses(owner, version), version, owner, request.user),
        labels=_labels(),
        words=schedule_words,
        mailing_words=mailing_words,
    )


async def _version(template_id: int) -> Version | None:
    try:
        return await emails.current(template_id) if template_id else None
    except Missing:
        return None


def _offered(addresses: list[Address], version: Version | None, owner: Actor, reader: Actor) -> list[Address]:
    """The template's own address is offered only if it has one (Z17); others' addresses are not called one's own."""
    shown = [each for each in addresses if each.kind != "template" or (version and not each.why_not)]
    if owner.account_id == reader.account_id:
        return shown
    label = _("The address of {name}").format(name=owner.name)
    return [msgspec.structs.replace(each, label=label) if each.kind == "account" else each for each in shown]


def _labels() -> dict[str, str]:
    return {
        "name": _("Name"),
        "view_id": _("View"),
        "template_id": _("Template"),
        "campaign_id": _("Campaign"),
        "per": _("How many e-mails"),
        "from_kind": _("From"),
        "reply_kind": _("Reply to"),
        "repeat": _("How often"),
        "starts_at": _("First run"),
        "time_zone": _("Time zone"),
        "every": _("Every how many"),
        "weekdays": _("Days of the week"),
        "month_day": _("Day of the month"),
        "ends": _("Ends"),
        "times": _("Number of times"),
        "until": _("Last day"),
        "days_before": _("Days before the closing date"),
        "at_time": _("Time"),
        "active": _("Active"),
        "rule": _("How often"),
    }


routes: list[Any] = [new_page, create, edit_page, change]
