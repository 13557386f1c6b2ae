"""People we write to."""

from __future__ import annotations

from piccolo.columns import Array, BigInt, BigSerial, Integer, Text, Timestamptz
from piccolo.table import Table


class Person(Table, tablename="person"):
    """A candidate or contact; one per e-mail address. What must not be sent to it is in `suppression`."""

    id = BigSerial(primary_key=True)
    kind = Text(default="candidate")
    email = Text(unique=True, null=True)
    first_name = Text()
    last_name = Text()
    locale = Text(default="en")
    created_at = Timestamptz()
    changed_at = Timestamptz()
    version = Integer(default=1)
    company_id = BigInt(null=True, default=None)
    owner_id = Integer(null=True, default=None)
    phone = Text()
    tags = Array(base_column=Text())
