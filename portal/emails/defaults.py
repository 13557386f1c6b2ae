r"""The letters an organisation starts with, in four languages. They inform; legal wording is the organisation's to add.

Written by hand in each language, not translated: no gender, no vocative, no case or elision beside a field.
\u00a0 and \u202f stand where French and Polish typography wants them.
"""

from __future__ import annotations

from collections.abc import Iterator

from portal import db
from portal.actor import Actor
from portal.emails import actions
from portal.emails.checks import Text
from portal.emails.words import default_name
from portal.i18n import use

Letter = tuple[str, ...]  # subject, paragraph, paragraph ...

GREETINGS = {
    "en": "{% if first_name %}Dear {{ first_name }}{% else %}Hello{% endif %},",
    "es": "Hola{% if first_name %}, {{ first_name }}{% endif %}:",
    "fr": "Bonjour{% if first_name %} {{ first_name }}{% endif %},",
    "pl": "Szanowni Państwo,",
}
CLOSES = {
    "en": "Kind regards,<br>{{ organisation_name }}",
    "es": "Atentamente,<br>{{ organisation_name }}",
    "fr": "Cordialement,<br>{{ organisation_name }}",
    "pl": "Z\u00a0poważaniem<br>{{ organisation_name }}",
}
LETTERS: dict[str, dict[str, Letter]] = {
    "acknowledgement": {
        "en": (
            "We have received your application {{ dossier_number }}",
            (
                "We have received your application for “{{ campaign_title }}”. Its number is {{ dossier_number }}; "
                "please quote it when you write to us."
            ),
            "You can follow its progress here:<br>{{ dossier_link }}",
            (
                "{% if closing_date %}The closing date is {{ closing_date }}. {% endif %}We will write to you as "
                "soon as there is a decision."
            ),
        ),
        "es": (
            "Hemos recibido su solicitud ({{ dossier_number }})",
            (
                "Hemos recibido su solicitud para «{{ campaign_title }}». El número de expediente es "
                "{{ dossier_number }}; indíquelo cuando nos escriba."
            ),
            "Puede consultar su estado aquí:<br>{{ dossier_link }}",
            (
                "{% if closing_date %}El plazo termina el {{ closing_date }}. {% endif %}Le escribiremos en cuanto "
                "haya una decisión."
            ),
        ),
        "fr": (
            "Accusé de réception de votre dossier n°\u00a0{{ dossier_number }}",
            (
                "Votre dossier n°\u00a0{{ dossier_number }} a bien été déposé pour "
                "«\u00a0{{ campaign_title }}\u00a0». Merci de rappeler ce numéro dans nos échanges."
            ),
            "Vous pouvez suivre son avancement ici\u00a0:<br>{{ dossier_link }}",
            (
                "{% if closing_date %}La date limite est fixée au {{ closing_date }}. {% endif %}Nous vous écrirons "
                "dès qu’une décision aura été prise."
            ),
        ),
        "pl": (
            "Potwierdzenie złożenia wniosku nr\u00a0{{ dossier_number }}",
            (
                "potwierdzamy złożenie wniosku nr\u00a0{{ dossier_number }} w\u00a0naborze „{{ campaign_title }}”. "
                "Prosimy o\u00a0podawanie tego numeru w\u00a0korespondencji z\u00a0nami.<br>Osoba składająca "
                "wniosek: {{ full_name }}"
            ),
            "Aktualny status można sprawdzić tutaj:<br>{{ dossier_link }}",
            (
                "{% if closing_date %}Koniec naboru: {{ closing_date }}<br>{% endif %}O\u00a0rozstrzygnięciu "
                "poinformujemy w\u00a0osobnej wiadomości."
            ),
        ),
    },
    "acceptance": {
        "en": (
            "{{ campaign_title }}: your application has been accepted",
            (
                "We are pleased to tell you that your application {{ dossier_number }} for “{{ campaign_title }}” "
                "has been accepted."
            ),
            "You will find the next steps here:<br>{{ dossier_link }}",
            "If you have a question, simply reply to this e-mail.",
        ),
        "es": (
            "{{ campaign_title }}: su solicitud ha sido seleccionada",
            (
                "Nos alegra comunicarle que su solicitud para «{{ campaign_title }}» (expediente "
                "{{ dossier_number }}) ha sido seleccionada."
            ),
            "Encontrará los próximos pasos aquí:<br>{{ dossier_link }}",
            "Si tiene alguna pregunta, responda a este correo.",
        ),
        "fr": (
            "{{ campaign_title }}\u00a0: votre dossier est retenu",
            (
                "Nous avons le plaisir de vous informer que votre dossier n°\u00a0{{ dossier_number }}, déposé pour "
                "«\u00a0{{ campaign_title }}\u00a0», a été retenu."
            ),
            "Les prochaines étapes sont présentées ici\u00a0:<br>{{ dossier_link }}",
            "Pour toute question, il vous suffit de répondre à cet e-mail.",
        ),
        "pl": (
            "{{ campaign_title }}: wniosek zakwalifikowany",
            (
                "z\u00a0przyjemnością informujemy, że wniosek nr\u00a0{{ dossier_number }} złożony w\u00a0naborze "
                "„{{ campaign_title }}” został zakwalifikowany."
            ),
            "Informacje o\u00a0dalszych krokach są dostępne tutaj:<br>{{ dossier_link }}",
            "W\u00a0razie pytań prosimy o\u00a0odpowiedź na tę wiadomość.",
        ),
    },
    "rejection": {
        "en": (
            "Decision on your application {{ dossier_number }}",
            "Thank you for applying to “{{ campaign_title }}” and for the work you put into your application.",
            "We are sorry to tell you that, after review, application {{ dossier_number }} has not been selected.",
            "The details are here:<br>{{ dossier_link }}",
            "If you would like to know the reasons, please reply to this e-mail.",
        ),
        "es": (
            "Decisión sobre su solicitud ({{ dossier_number }})",
            "Gracias por participar en «{{ campaign_title }}» y por el trabajo dedicado a su solicitud.",
            (
                "Lamentamos comunicarle que, una vez evaluada, su solicitud (expediente {{ dossier_number }}) no ha "
                "sido seleccionada."
            ),
            "Puede consultar los detalles aquí:<br>{{ dossier_link }}",
            "Si desea conocer los motivos, responda a este correo.",
        ),
        "fr": (
            "Décision concernant votre dossier n°\u00a0{{ dossier_number }}",
            (
                "Nous vous remercions d’avoir participé à «\u00a0{{ campaign_title }}\u00a0» et du travail consacré "
                "à votre dossier."
            ),
            (
                "Après examen, nous avons le regret de vous informer que le dossier n°\u00a0{{ dossier_number }} n’a "
                "pas été retenu."
            ),
            "Le détail est consultable ici\u00a0:<br>{{ dossier_link }}",
            "Si vous souhaitez connaître les motifs, répondez à cet e-mail.",
        ),
        "pl": (
            "Rozstrzygnięcie w\u00a0sprawie wniosku nr\u00a0{{ dossier_number }}",
            (
                "dziękujemy za udział w\u00a0naborze „{{ campaign_title }}” i\u00a0za pracę włożoną "
                "w\u00a0przygotowanie wniosku."
            ),
            (
                "Z\u00a0przykrością informujemy, że po ocenie wniosek nr\u00a0{{ dossier_number }} nie został "
                "zakwalifikowany."
            ),
            "Szczegóły są dostępne tutaj:<br>{{ dossier_link }}",
            "Aby poznać powody, prosimy o\u00a0odpowiedź na tę wiadomość.",
        ),
    },
    "missing_documents": {
        "en": (
            "Documents missing in your application {{ dossier_number }}",
            (
                "We are reviewing your application {{ dossier_number }} for “{{ campaign_title }}”. Some documents "
                "are still missing."
            ),
            (
                "Your application shows what we have received. You can add the missing documents "
                "there:<br>{{ dossier_link }}"
            ),
            "If you have already sent them, you need do nothing more.",
        ),
        "es": (
            "Faltan documentos en su solicitud ({{ dossier_number }})",
            (
                "Estamos evaluando su solicitud para «{{ campaign_title }}» (expediente {{ dossier_number }}) y aún "
                "faltan documentos."
            ),
            "En su solicitud figura lo que hemos recibido; puede añadir ahí lo que falta:<br>{{ dossier_link }}",
            "Si ya los ha enviado, no tiene que hacer nada más.",
        ),
        "fr": (
            "Pièces manquantes dans votre dossier n°\u00a0{{ dossier_number }}",
            (
                "Nous examinons votre dossier n°\u00a0{{ dossier_number }}, déposé pour "
                "«\u00a0{{ campaign_title }}\u00a0». Il y manque encore des pièces."
            ),
            (
                "Votre dossier indique ce que nous avons reçu\u202f; vous pouvez y ajouter les pièces "
                "manquantes\u00a0:<br>{{ dossier_link }}"
            ),
            "Si vous les avez déjà transmises, vous n’avez rien d’autre à faire.",
        ),
        "pl": (
            "Brakujące dokumenty we wniosku nr\u00a0{{ dossier_number }}",
            (
                "oceniamy wniosek nr\u00a0{{ dossier_number }} złożony w\u00a0naborze „{{ campaign_title }}”. "
                "Brakuje w\u00a0nim jeszcze dokumentów."
            ),
            ("We wniosku widać, co już do nas dotarło; brakujące dokumenty można dodać tutaj:<br>{{ dossier_link }}"),
            "Jeżeli dokumenty zostały już przesłane, nie trzeba robić nic więcej.",
        ),
    },
}


def variants(key: str) -> Iterator[tuple[str, str, str]]:
    """A default letter's languages: (locale, subject, body)."""
    for locale, (subject, *paragraphs) in LETTERS[key].items():
        body = (GREETINGS[locale], *paragraphs, CLOSES[locale])
        yield locale, subject, "\n".join(f"<p>{paragraph}</p>" for paragraph in body)


async def install_defaults(by: Actor, locale: str = "en") -> list[int]:
    """Create the default templates that do not exist yet, named in `locale`. Returns the new ones' ids."""
    existing = {row["key"] for row in await db.fetch("select key from template where key is not null")}
    created: list[int] = []
    for key in LETTERS:
        if key not in existing:
            with use(locale):
                name = default_name(key)
            texts = {locale: Text(subject=subject, body=body) for locale, subject, body in variants(key)}
            draft = actions.Draft(name=name, category="transactional", texts=texts, fallback_locale=locale)
            created.append(await actions.create(draft, by, key=key))
    return created
