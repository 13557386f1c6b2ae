"""What a new campaign starts with. These texts are data of the campaign, in four languages, not texts of the portal."""

from __future__ import annotations

from typing import NamedTuple

Texts = dict[str, str]


class DefaultStatus(NamedTuple):
    """A status of a new campaign. `public_label` is what the candidate reads; None: the same words."""

    key: str
    label: Texts
    tone: str
    public_label: Texts | None = None
    is_decision: bool = False
    protected: bool = False


STATUSES = (
    DefaultStatus(
        "draft",
        {"en": "Draft", "es": "Borrador", "fr": "Brouillon", "pl": "Wersja robocza"},
        tone="mute",
        protected=True,
    ),
    DefaultStatus(
        "submitted",
        {"en": "Submitted", "es": "Presentado", "fr": "Déposé", "pl": "Złożony"},
        tone="plum",
        protected=True,
    ),
    DefaultStatus(
        "under_review",
        {"en": "Under review", "es": "En evaluación", "fr": "En cours d’évaluation", "pl": "W trakcie oceny"},
        tone="warn",
    ),
    DefaultStatus(
        "documents_missing",
        {"en": "Documents missing", "es": "Faltan documentos", "fr": "Pièces manquantes", "pl": "Do uzupełnienia"},
        tone="bad",
    ),
    DefaultStatus(
        "accepted",
        {"en": "Accepted", "es": "Aceptado", "fr": "Retenu", "pl": "Zakwalifikowany"},
        tone="ok",
        public_label={"en": "Accepted", "es": "Solicitud seleccionada", "fr": "Retenu", "pl": "Zakwalifikowany"},
        is_decision=True,
    ),
    DefaultStatus(
        "rejected",
        {"en": "Rejected", "es": "No seleccionado", "fr": "Non retenu", "pl": "Niezakwalifikowany"},
        tone="mute",
        public_label={"en": "Not selected", "es": "No seleccionado", "fr": "Non retenu", "pl": "Niezakwalifikowany"},
        is_decision=True,
    ),
    DefaultStatus(
        "reserve_list",
        {"en": "Reserve list", "es": "Lista de reserva", "fr": "Liste complémentaire", "pl": "Lista rezerwowa"},
        tone="teal",
        is_decision=True,
    ),
    DefaultStatus(
        "withdrawn",
        {"en": "Withdrawn", "es": "Retirado", "fr": "Retiré", "pl": "Wycofany"},
        tone="mute",
    ),
)

# The name of the automatic e-mail that every campaign has from the start (E13).
ACKNOWLEDGEMENT: Texts = {
    "en": "Acknowledgement of receipt",
    "es": "Acuse de recibo",
    "fr": "Accusé de réception",
    "pl": "Potwierdzenie złożenia wniosku",
}
