"""Templates in four languages and the queue: `python post_office_queue.py letters.json`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import django

django.setup()

from post_office import mail  # noqa: E402 - Django wants to be set up first
from post_office.models import EmailTemplate  # noqa: E402

MANY = 1_000


def plain(text: str) -> str:
    """A template that is no html."""
    return f"{{% autoescape off %}}{text}{{% endautoescape %}}"


def templates(letters: dict[str, dict[str, str]]) -> dict[str, EmailTemplate]:
    """One template and its translations."""
    made: dict[str, EmailTemplate] = {}
    default = None
    for locale, letter in letters.items():
        made[locale] = EmailTemplate.objects.create(
            name="decision",
            language=locale if default else "",
            default_template=default,
            subject=plain(letter["subject"]),
            content=plain(letter["text"]),
            html_content=letter["html"],
        )
        default = default or made[locale]
    return made


def queue(path: str) -> None:
    """Everybody's letter, to be rendered when it is delivered."""
    letters, people = json.loads(Path(path).read_text())
    made = templates(letters["templates"])
    for start in range(0, len(people), MANY):
        mail.send_many(
            [
                {
                    "recipients": [person["address"]],
                    "sender": letters["sender"],
                    "template": made[person["locale"]],
                    "context": person["values"],
                    "render_on_delivery": True,
                }
                for person in people[start : start + MANY]
            ]
        )


queue(sys.argv[1])
