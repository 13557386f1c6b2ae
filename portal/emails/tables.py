"""Templates; their versions, which never change; and one variant per language."""

from __future__ import annotations

from piccolo.columns import Array, BigInt, Boolean, ForeignKey, Integer, Serial, Text, Timestamptz
from piccolo.table import Table

from portal.accounts.tables import Account
from portal.organisation.tables import Sender


class Template(Table, tablename="template"):
    """A letter that can be sent again and again. `version_id` is the version in force."""

    id = Serial(primary_key=True)
    key = Text(unique=True, null=True, default=None)
    name = Text()
    category = Text()
    version_id = Integer(null=True, default=None)
    created_at = Timestamptz()
    created_by = ForeignKey(references=Account, null=True)
    archived_at = Timestamptz(null=True, default=None)
    owner_id = Integer(null=True, default=None)
    shared = Boolean(default=True)
    labels = Array(base_column=Text())
    note = Text(default="")
    topic_id = Integer(null=True, default=None)


class TemplateVersion(Table, tablename="template_version"):
    """What a template said from one save to the next. Messages keep the version they were planned with."""

    id = Serial(primary_key=True)
    template_id = ForeignKey(references=Template, null=False)
    number = Integer(null=True, default=None)
    fallback_locale = Text()
    sender_id = ForeignKey(references=Sender, null=True)
    reply_to = Text()
    saved_at = Timestamptz()
    saved_by = ForeignKey(references=Account, null=True)
    for_message = BigInt(null=True, default=None)
    note = Text(default="")
    restored = Integer(null=True, default=None)
