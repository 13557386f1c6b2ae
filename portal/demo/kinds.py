"""The kinds of optional e-mail that the foundation lets people choose among."""

from __future__ import annotations

from portal.actor import Actor
from portal.people import topics

KINDS: tuple[tuple[dict[str, str], dict[str, str]], ...] = (
    (
        {
            "es": "Recordatorios antes de un cierre",
            "fr": "Les rappels avant une clôture",
            "pl": "Przypomnienia przed końcem naboru",
            "en": "Reminders before a call closes",
        },
        {
            "es": "Solo si su solicitud sigue en borrador.",
            "fr": "Seulement si un dossier est encore en brouillon.",
            "pl": "Tylko gdy wniosek jest jeszcze wersją roboczą.",
            "en": "Only while an application is still a draft.",
        },
    ),
    (
        {
            "es": "Nuevas convocatorias",
            "fr": "L’annonce des nouveaux appels",
            "pl": "Informacje o nowych naborach",
            "en": "New calls",
        },
        {
            "es": "Cuatro o cinco veces al año.",
            "fr": "Quatre ou cinq fois par an.",
            "pl": "Cztery lub pięć razy w roku.",
            "en": "Four or five times a year.",
        },
    ),
    (
        {
            "es": "Carta trimestral",
            "fr": "La lettre trimestrielle",
            "pl": "List kwartalny",
            "en": "Quarterly letter",
        },
        {},
    ),
)


async def install(by: Actor) -> None:
    """Add them, in this order."""
    for name, description in KINDS:
        await topics.create(by, name, description)
