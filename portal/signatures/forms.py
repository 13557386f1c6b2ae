"""What administrators send about keys."""

from __future__ import annotations

from portal.i18n import _
from portal.signatures.rules import ALGORITHMS
from portal.web.fields import Choice, Options, Text
from portal.web.forms import Form


class NewKeyForm(Form):
    """A key to be made. Without a selector it gets one of this month."""

    domain = Text(longest=253, missing=lambda: _("Enter a domain such as example.org."))
    algorithm = Choice(*ALGORITHMS)
    selector = Text(longest=63, required=False)


def choices() -> dict[str, Options]:
    """What the select offers."""
    return {"algorithm": [("rsa", _("RSA, 2048 bits")), ("ed25519", "Ed25519")]}
