"""Roles: the four of the house, and those that administrators make from single permissions."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from portal.accounts import queries as accounts
from portal.accounts.queries import Role
from portal.accounts.rules import ROLES
from portal.accounts.words import right_words, role_word
from portal.i18n import _
from portal.outcomes import Refused, Stale
from portal.staff import roles
from portal.staff.forms import RoleForm, right_options
from portal.web.conflicts import conflict
from portal.web.forms import Form
from portal.web.htmx import Request
from portal.web.pages import page, see
from portal.web.rights import needs

HERE = "/settings/roles"
ONE = HERE + "/{role_id:int}"
RIGHT = needs("role.edit")


@get(HERE, opt=RIGHT)
async def list_page(request: Request) -> Response[Any]:
    """All roles with their permissions."""
    made = await accounts.roles()
    columns = [(role_word(key), rights) for key, rights in ROLES.items()]
    columns += [(each.name, frozenset(each.rights)) for each in made]
    return page(request, "staff/roles.html", made=made, columns=columns, groups=right_words())


@get(f"{HERE}/new", opt=RIGHT)
async def new_page(request: Request) -> Response[Any]:
    """The form for a new role."""
    return _form(request, RoleForm(choices=_choices()))


@post(f"{HERE}/new", opt=RIGHT, status_code=303)
async def create(request: Request) -> Response[Any]:
    """Make a role."""
    form = await RoleForm.read(request, choices=_choices())
    if form.valid:
        try:
            await roles.create(form.name, form.rights, request.user)
            return see(request, HERE, _("Role created."))
        except Refused as refused:
            form.refuse(refused)
    return _form(request, form, status_code=422)


@get(ONE, opt=RIGHT)
async def edit_page(request: Request, role_id: FromPath[int]) -> Response[Any]:
    """A role as a form."""
    role = await accounts.role(role_id)
    return _form(request, _filled(role), role=role)


@post(ONE, opt=RIGHT, status_code=303)
async def change(request: Request, role_id: FromPath[int]) -> Response[Any]:
    """Change a role; 409 compares when somebody was faster."""
    role, own = await accounts.role(role_id), f"{HERE}/{role_id}"
    form = await RoleForm.read(request, choices=_choices())
    if form.valid:
        try:
            await roles.change(role_id, form.name, form.rights, form.version, request.user)
            return see(request, HERE, _("Role saved."))
        except Refused as refused:
            form.refuse(refused)
        except Stale as stale:
            labels = {"name": _("Name"), "rights": _("Permissions")}
            return conflict(request, stale, form, _filled(stale.theirs), labels=labels, action=own, back=own)
    return _form(request, form, role=role, status_code=422)


@get(f"{ONE}/delete", opt=RIGHT)
async def delete_page(request: Request, role_id: FromPath[int]) -> Response[Any]:
    """Ask before a role is deleted."""
    return page(request, "staff/delete_role.html", role=await accounts.role(role_id), refusal="")


@post(f"{ONE}/delete", opt=RIGHT, status_code=303)
async def delete(request: Request, role_id: FromPath[int]) -> Response[Any]:
    """Delete a role that no account has."""
    try:
        await roles.delete(role_id, request.user)
    except Refused as refused:
        said = refused.sentences
        return page(request, "staff/delete_role.html", status_code=422, role=await accounts.role(role_id), refusal=said)
    return see(request, HERE, _("Role deleted."))


def _choices() -> dict[str, Any]:
    return {"rights": right_options()}


def _filled(role: Role) -> RoleForm:
    return RoleForm({"name": role.name, "rights": role.rights, "version": role.version}, choices=_choices())


def _form(request: Request, form: Form, *, role: Role | None = None, status_code: int = 200) -> Response[Any]:
    return page(request, "staff/role.html", status_code=status_code, form=form, role=role, groups=right_words())


routes: list[Any] = [list_page, new_page, create, edit_page, change, delete_page, delete]
