"""Who opens a candidate's page: which language they read, how the history names them, where their own page is."""

from __future__ import annotations

from portal import tokens
from portal.actor import Actor, candidate
from portal.campaigns.queries import Campaign
from portal.dossiers.application_form import ApplicationForm
from portal.dossiers.queries import Dossier
from portal.i18n import negotiate
from portal.web.htmx import Request

LARGEST_BODY = 65_000_000  # several documents at once; each of them is held to files.MAX_BYTES
TRIES_A_MINUTE = 30  # forms sent from one address
LOOKS_A_MINUTE = 120  # ways back tried from one address: nobody guesses 120 bits, but nobody shall try


def language(request: Request, call: Campaign) -> str:
    """The visitor's own choice, else what the browser asks for, among the call's languages; else the call's own."""
    return _among(request, call.locales, call.default_locale)


def language_of(request: Request, dossier: Dossier) -> str:
    """The same for one's own application; its letters' language comes before the call's."""
    return _among(
        request, dossier.locales, dossier.locale if dossier.locale in dossier.locales else dossier.default_locale
    )


def _among(request: Request, locales: list[str], default: str) -> str:
    visitor = request.visitor
    chosen = request.cookies.get(request.app.state.language_cookie)
    wishes = [wish for wish in (visitor.locale if visitor else None, chosen) if wish in locales]
    return negotiate(_only(request.headers.get("accept-language", ""), locales), *wishes, default=default)


def _only(accept_language: str, locales: list[str]) -> str:
    """The header without languages that the call does not speak."""
    parts = accept_language[:400].split(",")
    return ",".join(part for part in parts if part.strip().split(";")[0].split("-")[0].strip().lower() in locales)


def who(form: ApplicationForm, dossier: Dossier | None = None) -> Actor:
    """The candidate as the history names them."""
    name = f"{form.first_name} {form.last_name}".strip()
    return candidate(name or (dossier.name if dossier else form.email))


def own_path(slug: str, dossier_id: int) -> str:
    """The way back as a path of this site."""
    return f"/apply/{slug}/{tokens.sign('dossier', dossier_id)}"
