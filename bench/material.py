"""What every contender of the bench sends: one decision letter in four languages, and recipients who are all different.

The same letter goes through the portal and through the others. `TEMPLATES` is what a manager of the portal would have
written (merge fields only); `Letters` is the same letter with the portal's layout already around it, as plain
`{{ field }}` templates, so that nobody else pays for the layout. About 10 kB on the wire, 15 merge fields.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import msgspec

from portal.emails.letters import Brand, Rendered, Variant, render

LOCALES = ("es", "fr", "pl", "en")
SENDER = "decisions@portal.example.org"
BRAND = Brand("Fundacja Passerelle", postal_address="12 rue des Quais\n1020 Example", website="https://www.example.org")

FIELDS = (
    *("first_name", "last_name", "full_name", "email", "dossier_number", "dossier_link", "campaign_title"),
    *("closing_date", "status", "reply_before", "organisation_name", "sender_name"),
    *("answer_project_title", "answer_amount", "answer_amount_requested"),
)
TAGS = {name: f"{{{{ {name} }}}}" for name in FIELDS}
LINK = "https://mark.invalid/"  # stands for the tag of the link while the layout is made: nothing else may be a link

SUBJECTS = {
    "es": "Su expediente {{ dossier_number }}: {{ status }} – {{ campaign_title }}",
    "fr": "Votre dossier {{ dossier_number }} : {{ status }} – {{ campaign_title }}",
    "pl": "Państwa wniosek {{ dossier_number }}: {{ status }} – {{ campaign_title }}",
    "en": "Your application {{ dossier_number }}: {{ status }} – {{ campaign_title }}",
}

PREHEADERS = {
    "es": "Importe concedido: {{ answer_amount }}. Responda antes del {{ reply_before }}.",
    "fr": "Montant accordé : {{ answer_amount }}. Réponse attendue avant le {{ reply_before }}.",
    "pl": "Przyznana kwota: {{ answer_amount }}. Prosimy o odpowiedź do {{ reply_before }}.",
    "en": "Amount granted: {{ answer_amount }}. Please reply before {{ reply_before }}.",
}

BODIES = {
    "es": """<p>Estimada/o {{ first_name }} {{ last_name }}:</p>
<h2>Decisión sobre su expediente {{ dossier_number }}</h2>
<p>Hemos estudiado con atención el proyecto <strong>{{ answer_project_title }}</strong>, presentado por {{ full_name \
}} desde la dirección {{ email }} en el marco de «{{ campaign_title }}», convocatoria que se cerró el {{ closing_date \
}}.</p>
<p>La comisión ha adoptado la siguiente decisión: <strong>{{ status }}</strong>. El importe concedido asciende a {{ \
answer_amount }}, de los {{ answer_amount_requested }} que se habían solicitado.</p>
<p>{{ dossier_link }}</p>
<h2>Qué debe hacer ahora</h2>
<ul><li>Confirme la aceptación antes del {{ reply_before }}; después, la ayuda se ofrecerá a otra \
candidatura.</li><li>Compruebe los datos bancarios y la dirección que figuran en su espacio personal.</li><li>Adjunte \
el calendario definitivo y el presupuesto desglosado por partidas y por años.</li></ul>
<p>Las personas beneficiarias se comprometen a mencionar el apoyo recibido en sus publicaciones, a enviar un informe \
de ejecución intermedio y otro final, y a conservar los justificantes de gasto durante diez años a partir del último \
pago. Toda modificación sustancial del proyecto deberá comunicarse sin demora a {{ organisation_name }}.</p>
<p>El pago se efectúa en dos plazos: el setenta por ciento tras la firma del convenio y el resto una vez aprobado el \
informe final. Los gastos realizados antes de la firma no pueden acogerse a la ayuda, salvo autorización escrita.</p>
<p>Si no está de acuerdo con la decisión, puede presentar un recurso motivado en el plazo de dos meses. La comisión \
lo examinará en su próxima sesión y le responderá por escrito. Encontrará el reglamento completo en su espacio \
personal.</p>
<p>Reciba un cordial saludo,<br>{{ sender_name }}<br>{{ organisation_name }}</p>""",
    "fr": """<p>Bonjour {{ first_name }} {{ last_name }},</p>
<h2>Décision relative à votre dossier {{ dossier_number }}</h2>
<p>Nous avons étudié avec attention le projet <strong>{{ answer_project_title }}</strong>, déposé par {{ full_name }} \
depuis l’adresse {{ email }} au titre de « {{ campaign_title }} », appel clos le {{ closing_date }}.</p>
<p>La commission a pris la décision suivante : <strong>{{ status }}</strong>. Le montant accordé s’élève à {{ \
answer_amount }}, sur les {{ answer_amount_requested }} demandés.</p>
<p>{{ dossier_link }}</p>
<h2>Ce qu’il vous reste à faire</h2>
<ul><li>Confirmez que vous acceptez l’aide avant le {{ reply_before }} ; passé ce délai, elle sera proposée à un \
autre projet.</li><li>Vérifiez les coordonnées bancaires et l’adresse indiquées dans votre espace \
personnel.</li><li>Joignez le calendrier définitif et le budget détaillé par poste et par année.</li></ul>
<p>Les bénéficiaires s’engagent à faire mention du soutien reçu dans leurs publications, à transmettre un rapport \
d’exécution intermédiaire puis final, et à conserver les justificatifs de dépenses pendant dix ans à compter du \
dernier versement. Toute modification substantielle du projet est à signaler sans délai à {{ organisation_name }}.</p>
<p>Le paiement se fait en deux fois : soixante-dix pour cent à la signature de la convention, le solde une fois le \
rapport final approuvé. Les dépenses engagées avant la signature ne sont pas éligibles, sauf accord écrit \
préalable.</p>
<p>Si vous contestez cette décision, vous pouvez déposer un recours motivé dans un délai de deux mois. La commission \
l’examinera lors de sa prochaine séance et vous répondra par écrit. Le règlement complet est à votre disposition dans \
votre espace personnel.</p>
<p>Bien à vous,<br>{{ sender_name }}<br>{{ organisation_name }}</p>""",
    "pl": """<p>Dzień dobry, {{ first_name }} {{ last_name }},</p>
<h2>Decyzja w sprawie wniosku {{ dossier_number }}</h2>
<p>Z uwagą zapoznaliśmy się z projektem <strong>{{ answer_project_title }}</strong>, zgłoszonym przez: {{ full_name \
}}, z adresu {{ email }}, w ramach naboru „{{ campaign_title }}”, zakończonego {{ closing_date }}.</p>
<p>Komisja podjęła następującą decyzję: <strong>{{ status }}</strong>. Przyznana kwota wynosi {{ answer_amount }} z \
wnioskowanych {{ answer_amount_requested }}.</p>
<p>{{ dossier_link }}</p>
<h2>Co należy teraz zrobić</h2>
<ul><li>Prosimy potwierdzić przyjęcie dofinansowania do {{ reply_before }}; po tym terminie otrzyma je inny \
projekt.</li><li>Prosimy sprawdzić numer rachunku bankowego i adres podane na Państwa koncie.</li><li>Prosimy \
dołączyć ostateczny harmonogram oraz budżet z podziałem na pozycje i lata.</li></ul>
<p>Beneficjenci zobowiązują się informować o otrzymanym wsparciu w swoich publikacjach, złożyć sprawozdanie cząstkowe \
i końcowe oraz przechowywać dowody wydatków przez dziesięć lat od ostatniej płatności. Każdą istotną zmianę projektu \
należy niezwłocznie zgłosić do: {{ organisation_name }}.</p>
<p>Środki wypłacane są w dwóch ratach: siedemdziesiąt procent po podpisaniu umowy, reszta po zatwierdzeniu \
sprawozdania końcowego. Wydatki poniesione przed podpisaniem umowy nie podlegają zwrotowi bez wcześniejszej pisemnej \
zgody.</p>
<p>Od decyzji można się odwołać w ciągu dwóch miesięcy, podając uzasadnienie. Komisja rozpatrzy odwołanie na \
najbliższym posiedzeniu i odpowie na piśmie. Pełny regulamin jest dostępny na Państwa koncie.</p>
<p>Z poważaniem<br>{{ sender_name }}<br>{{ organisation_name }}</p>""",
    "en": """<p>Dear {{ first_name }} {{ last_name }},</p>
<h2>Decision on your application {{ dossier_number }}</h2>
<p>We have studied with care the project <strong>{{ answer_project_title }}</strong>, which {{ full_name }} submitted \
from the address {{ email }} under ‘{{ campaign_title }}’, a call that closed on {{ closing_date }}.</p>
<p>The committee has taken the following decision: <strong>{{ status }}</strong>. The amount granted is {{ \
answer_amount }}, of the {{ answer_amount_requested }} that were asked for.</p>
<p>{{ dossier_link }}</p>
<h2>What you need to do now</h2>
<ul><li>Confirm before {{ reply_before }} that you accept the grant; after that date it goes to another \
project.</li><li>Check the bank details and the address given in your personal space.</li><li>Attach the final \
calendar, and the budget broken down by item and by year.</li></ul>
<p>Recipients of a grant undertake to mention the support in what they publish, to send an interim report and a final \
one, and to keep the evidence of their expenses for ten years after the last payment. Any substantial change to the \
project must be reported without delay to {{ organisation_name }}.</p>
<p>Payment is made in two parts: seventy per cent when the agreement is signed, and the balance once the final report \
has been approved. Expenses made before the agreement is signed cannot be covered without prior consent in writing.</p>
<p>If you do not agree with this decision, you may lodge a reasoned appeal within two months. The committee will \
consider it at its next meeting and will answer you in writing. The full rules are to be found in your personal \
space.</p>
<p>Yours sincerely,<br>{{ sender_name }}<br>{{ organisation_name }}</p>""",
}

STATUSES = {
    "es": ("favorable", "desfavorable", "favorable con reservas", "pendiente de documentación"),
    "fr": ("favorable", "défavorable", "favorable sous réserve", "en attente de pièces"),
    "pl": ("pozytywna", "negatywna", "pozytywna z zastrzeżeniami", "oczekuje na dokumenty"),
    "en": ("favourable", "unfavourable", "favourable with reservations", "waiting for documents"),
}
CAMPAIGNS = {
    "es": "Convocatoria de proyectos 2026",
    "fr": "Appel à projets 2026",
    "pl": "Nabór projektów 2026",
    "en": "Call for projects 2026",
}
CLOSED = {
    "es": "30 de noviembre de 2026, 23:59 (hora local: Madrid)",
    "fr": "30 novembre 2026, 23 h 59 (heure locale : Paris)",
    "pl": "30 listopada 2026 r., 23:59 (czas lokalny: Warszawa)",
    "en": "30 November 2026, 23:59 (local time: Dublin)",
}
REPLY_BEFORE = {
    "es": "{day} de enero de 2027",
    "fr": "{day} janvier 2027",
    "pl": "{day} stycznia 2027 r.",
    "en": "{day} January 2027",
}
PROJECTS = {
    "es": "Estudio {n} de los ecosistemas costeros & <marinos>",
    "fr": "Étude n° {n} des écosystèmes côtiers & <marins>",
    "pl": "Badanie nr {n} ekosystemów przybrzeżnych & <morskich>",
    "en": "Study no. {n} of coastal & <marine> ecosystems",
}
FIRST_NAMES = ("Hélène", "Łukasz", "Iñigo", "Siobhán", "Zoë", "Marek", "Lucía", "Anna", "Jürgen", "Chloé", "Pilar")
LAST_NAMES = ("Lefèvre", "O’Connor", "Nuñez", "Wiśniewska", "Müller", "Bézier", "D'Angelo", "Ångström", "Petit")


class Template(msgspec.Struct, frozen=True):
    """Subject, html part and text part of a letter, with `{{ field }}` where a value goes and nothing else."""

    subject: str
    html: str
    text: str


class Recipient(msgspec.Struct, frozen=True):
    """Whom a letter goes to, in which language, with which values."""

    address: str
    locale: str
    values: dict[str, str]


class Letters(msgspec.Struct, frozen=True):
    """The letter in every language, and who it comes from."""

    templates: dict[str, Template]
    sender: str = SENDER

    def recipients(self, count: int) -> Iterator[Recipient]:
        """The first `count` recipients, the languages in turn."""
        return (recipient(n) for n in range(count))


def variants() -> dict[str, Variant]:
    """The letter as a manager wrote it, for the portal's own composer."""
    return {each: Variant(each, SUBJECTS[each], PREHEADERS[each], BODIES[each]) for each in LOCALES}


def letters() -> Letters:
    """The letter as plain templates, the portal's layout around it.

    Each field is rendered as its own tag: what comes out is the letter with its fields still to be filled in.
    """
    marks = TAGS | {"dossier_link": LINK}
    laid_out = {locale: render(variant, marks, BRAND, locale) for locale, variant in variants().items()}
    return Letters({locale: plain_template(made) for locale, made in laid_out.items()})


def plain_template(made: Rendered) -> Template:
    """A letter whose values are tags, as the template that it is."""
    tag = TAGS["dossier_link"]
    return Template(made.subject, made.html.replace(LINK, tag), made.text.replace(LINK, tag))


def recipient(n: int) -> Recipient:
    """The n-th recipient; the same at every call."""
    return Recipient(address(n), LOCALES[n % 4], values(n))


def address(n: int) -> str:
    """A mailbox of its own for everybody."""
    return f"user{n}@example.org"


def values(n: int) -> dict[str, str]:
    """The n-th recipient's values, in their language. They never repeat, so no cache can hold a finished letter."""
    locale, dice = LOCALES[n % 4], random.Random(n)
    first, last, number = dice.choice(FIRST_NAMES), dice.choice(LAST_NAMES), f"DOS-2026-{n:07}"
    asked = dice.randint(10_000, 200_000)
    return {
        "first_name": first,
        "last_name": last,
        "full_name": f"{first} {last}",
        "email": address(n),
        "dossier_number": number,
        "dossier_link": f"https://portal.example.org/d/{number}/{dice.getrandbits(96):024x}",
        "campaign_title": CAMPAIGNS[locale],
        "closing_date": CLOSED[locale],
        "status": STATUSES[locale][dice.randrange(4)],
        "reply_before": REPLY_BEFORE[locale].format(day=dice.randint(8, 31)),
        "organisation_name": BRAND.name,
        "sender_name": "Hélène Roux",
        "answer_project_title": PROJECTS[locale].format(n=n),
        "answer_amount": f"{dice.randint(1_000, asked)} €",
        "answer_amount_requested": f"{asked} €",
    }
