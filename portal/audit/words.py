"""The words of the audit log. Looked up when shown, never at import."""

from __future__ import annotations

from collections.abc import Callable

from portal.audit.queries import Row
from portal.audit.rules import Area
from portal.i18n import _, pgettext
from portal.jobs.queries import Job
from portal.jobs.words import Kind, register


def area_word(area: Area) -> str:
    """What a part of the log is called."""
    words: dict[Area, Callable[[], str]] = {
        "signing_in": lambda: pgettext("audit", "Signing in"),
        "accounts": lambda: pgettext("audit", "Accounts, roles and keys"),
        "campaigns": lambda: pgettext("audit", "Campaigns"),
        "dossiers": lambda: pgettext("audit", "Dossiers"),
        "people": lambda: pgettext("audit", "People and addresses"),
        "templates": lambda: pgettext("audit", "Templates"),
        "emails": lambda: pgettext("audit", "Automatic e-mails and messages"),
        "other": lambda: pgettext("audit", "Organisation, senders and others"),
    }
    return words[area]()


def subject_word(subject: str) -> str:
    """What kind of thing an event is about."""
    words: dict[str, Callable[[], str]] = {
        "account": lambda: pgettext("subject", "Account"),
        "campaign": lambda: pgettext("subject", "Campaign"),
        "dossier": lambda: pgettext("subject", "Dossier"),
        "person": lambda: pgettext("subject", "Person"),
        "template": lambda: pgettext("subject", "Template"),
        "trigger": lambda: pgettext("subject", "Automatic e-mail"),
        "autoresponder": lambda: pgettext("subject", "Follow-up"),
        "message": lambda: pgettext("subject", "Message"),
        "sender": lambda: pgettext("subject", "Sender"),
        "role": lambda: pgettext("subject", "Role"),
        "organisation": lambda: pgettext("subject", "Organisation"),
    }
    return words.get(subject, lambda: pgettext("subject", "Other"))()


def job_title(_job: Job) -> str:
    """What the walk along a long chain is called."""
    return _("Verifying the audit log")


def job_ended(job: Job) -> tuple[str, str]:
    """What it has found, and where that stands."""
    if job.result.get("broken") is None:
        return _("The audit log verifies"), "/audit"
    return _("The audit log does not verify"), "/audit"


def job_stopped(_job: Job) -> tuple[str, str]:
    """The log itself, of which nothing is said."""
    return _("Audit log"), "/audit"


register("audit.verify", Kind(title=job_title, ended=job_ended, stopped=job_stopped))

PAGES: dict[str, tuple[str, str]] = {  # subject -> (the page's address, the right it needs)
    "account": ("/settings/accounts/{}", "account.manage"),
    "campaign": ("/campaigns/{}", "campaign.see"),
    "dossier": ("/dossiers/{}", "dossier.see"),
    "person": ("/people/{}", "person.see"),
    "template": ("/templates/{}", "template.see"),
    "message": ("/messages/{}", "message.see"),
    "role": ("/settings/roles/{}", "role.edit"),
    "sender": ("/settings/organisation/senders/{}", "organisation.edit"),
}


def page_of(row: Row, rights: frozenset[str]) -> str:
    """Where the thing itself stands, if it is still there and the reader may open it."""
    address, right = PAGES.get(row.subject, ("", ""))
    return address.format(row.subject_id) if row.about is not None and right in rights else ""
