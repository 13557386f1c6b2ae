"""Templates of the invented foundation, beside the default ones. Three of four languages where a gap shall be seen."""

from __future__ import annotations

from portal.emails.actions import Draft
from portal.emails.checks import Text


def _text(subject: str, *paragraphs: str) -> Text:
    return Text(subject=subject, body="".join(f"<p>{paragraph}</p>" for paragraph in paragraphs))


REVIEW_STARTED = Draft(
    name="Review started",
    category="transactional",
    fallback_locale="en",
    texts={
        "en": _text(
            "Your application {{ dossier_number }} is being reviewed",
            "{% if first_name %}Dear {{ first_name }}{% else %}Hello{% endif %},",
            (
                "The review of your application for “{{ campaign_title }}” has started. There is nothing "
                "that you need to do."
            ),
            "You can follow its progress here:<br>{{ dossier_link }}",
            "Kind regards,<br>{{ organisation_name }}",
        ),
        "es": _text(
            "Su solicitud {{ dossier_number }} está en evaluación",
            "Hola{% if first_name %}, {{ first_name }}{% endif %}:",
            "Ha empezado la evaluación de su solicitud para «{{ campaign_title }}». No tiene que hacer nada.",
            "Puede consultar su estado aquí:<br>{{ dossier_link }}",
            "Atentamente,<br>{{ organisation_name }}",
        ),
        "fr": _text(
            "Votre dossier n°\u00a0{{ dossier_number }} est en cours d’évaluation",
            "Bonjour{% if first_name %} {{ first_name }}{% endif %},",
            (
                "L’évaluation de votre dossier pour «\u00a0{{ campaign_title }}\u00a0» a commencé. Vous "
                "n’avez rien à faire."
            ),
            "Vous pouvez suivre son avancement ici\u00a0:<br>{{ dossier_link }}",
            "Cordialement,<br>{{ organisation_name }}",
        ),
    },
)

AGREEMENT = Draft(
    name="Agreement to prepare",
    category="transactional",
    fallback_locale="fr",
    texts={
        "fr": _text(
            "Convention à préparer\u00a0: {{ dossier_number }}",
            "Bonjour,",
            "Dossier retenu\u00a0: {{ full_name }}, {{ answer_project_title }}.",
            "Montant demandé\u00a0: {{ answer_budget }}\u00a0€",
            "{{ dossier_link }}",
        ),
        "es": _text(
            "Convenio por preparar: {{ dossier_number }}",
            "Hola:",
            "Expediente aceptado: {{ full_name }}, {{ answer_project_title }}.",
            "Importe solicitado: {{ answer_budget }}\u00a0€",
            "{{ dossier_link }}",
        ),
    },
)

SESSION = Draft(
    name="Online session for applicants",
    category="optional",
    fallback_locale="en",
    texts={
        "en": _text(
            "{{ campaign_title }}: an online session for applicants",
            "{% if first_name %}Dear {{ first_name }}{% else %}Hello{% endif %},",
            (
                "We answer questions about the review in an online session every Thursday at 17:00. You "
                "are welcome to join."
            ),
            "Kind regards,<br>{{ organisation_name }}",
        ),
        "es": _text(
            "{{ campaign_title }}: sesión en línea para participantes",
            "Hola{% if first_name %}, {{ first_name }}{% endif %}:",
            (
                "Cada jueves, 17:00, respondemos en línea a las preguntas sobre la evaluación. Puede "
                "participar si lo desea."
            ),
            "Atentamente,<br>{{ organisation_name }}",
        ),
        "fr": _text(
            "{{ campaign_title }}\u00a0: une séance en ligne",
            "Bonjour{% if first_name %} {{ first_name }}{% endif %},",
            (
                "Chaque jeudi à 17\u00a0h, nous répondons en ligne aux questions sur l’évaluation. Vous "
                "pouvez y participer."
            ),
            "Cordialement,<br>{{ organisation_name }}",
        ),
        "pl": _text(
            "{{ campaign_title }}: spotkanie online",
            "Szanowni Państwo,",
            "w\u00a0każdy czwartek o\u00a0godz. 17:00 odpowiadamy online na pytania o\u00a0ocenę wniosków. Zapraszamy.",
            "Z\u00a0poważaniem<br>{{ organisation_name }}",
        ),
    },
)

REMINDER = Draft(
    name="Reminder before the closing date",
    category="transactional",
    fallback_locale="en",
    texts={
        "en": _text(
            "Your application {{ dossier_number }} has not been submitted yet",
            "{% if first_name %}Dear {{ first_name }}{% else %}Hello{% endif %},",
            (
                "Your application for “{{ campaign_title }}” is still a draft. It can be submitted until "
                "{{ closing_date }}."
            ),
            "You can finish it here:<br>{{ dossier_link }}",
            "Kind regards,<br>{{ organisation_name }}",
        ),
        "es": _text(
            "Su solicitud {{ dossier_number }} aún no se ha presentado",
            "Hola{% if first_name %}, {{ first_name }}{% endif %}:",
            (
                "Su solicitud para «{{ campaign_title }}» sigue en borrador. Fecha límite para presentarla: "
                "{{ closing_date }}."
            ),
            "Puede terminarla aquí:<br>{{ dossier_link }}",
            "Atentamente,<br>{{ organisation_name }}",
        ),
        "fr": _text(
            "Votre dossier n°\u00a0{{ dossier_number }} n’est pas encore déposé",
            "Bonjour{% if first_name %} {{ first_name }}{% endif %},",
            (
                "Votre dossier pour «\u00a0{{ campaign_title }}\u00a0» est encore un brouillon. Date limite de "
                "dépôt\u00a0: {{ closing_date }}."
            ),
            "Vous pouvez le terminer ici\u00a0:<br>{{ dossier_link }}",
            "Cordialement,<br>{{ organisation_name }}",
        ),
        "pl": _text(
            "Wniosek {{ dossier_number }} nie został jeszcze złożony",
            "Szanowni Państwo,",
            (
                "wniosek w\u00a0naborze „{{ campaign_title }}” jest nadal wersją roboczą. Termin składania: "
                "{{ closing_date }}."
            ),
            "Wniosek można dokończyć tutaj:<br>{{ dossier_link }}",
            "Z\u00a0poważaniem<br>{{ organisation_name }}",
        ),
    },
)
