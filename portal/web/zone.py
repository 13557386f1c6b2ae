"""The form field for a time zone: a box with suggestions, which also understands a city."""

from __future__ import annotations

from portal import zones
from portal.i18n import _
from portal.web.field import Field, Invalid, Options


class Zone(Field[str]):
    """The name of a time zone. What people type may be a city: "Madrid" is read as Europe/Madrid."""

    def __init__(self) -> None:
        super().__init__("", missing=lambda: _("Enter the name of a time zone, such as Europe/Madrid."))

    def parse(self, text: str, options: Options) -> str:
        found = zones.meant(text)
        if found is None:
            raise Invalid(self.say_missing())
        return found
