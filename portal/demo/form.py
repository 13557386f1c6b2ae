"""The form of both campaigns."""

from __future__ import annotations

from portal.campaigns.form_checks import QuestionDraft

QUESTIONS = (
    QuestionDraft(
        kind="short",
        key="project_title",
        required=True,
        max_length=120,
        label={"es": "Título del proyecto", "fr": "Titre du projet", "pl": "Tytuł projektu", "en": "Project title"},
    ),
    QuestionDraft(
        kind="long",
        key="summary",
        required=True,
        max_length=3000,
        label={"es": "Resumen", "fr": "Résumé", "pl": "Streszczenie", "en": "Summary"},
        help={
            "es": "Qué harán, con quién y por qué allí.",
            "fr": "Ce que vous ferez, avec qui, et pourquoi là.",
            "pl": "Co powstanie, z\u00a0kim i\u00a0dlaczego właśnie tam.",
            "en": "What you will do, with whom, and why there.",
        },
    ),
    QuestionDraft(
        kind="number",
        key="budget",
        required=True,
        label={
            "es": "Importe solicitado, en euros",
            "fr": "Montant demandé, en euros",
            "pl": "Wnioskowana kwota w\u00a0euro",
            "en": "Amount requested, in euros",
        },
    ),
    QuestionDraft(
        kind="choice",
        key="field",
        required=True,
        label={"es": "Ámbito", "fr": "Domaine", "pl": "Dziedzina", "en": "Field"},
        choices={
            "es": ["Educación", "Medio ambiente", "Cultura", "Convivencia"],
            "fr": ["Éducation", "Environnement", "Culture", "Vivre ensemble"],
            "pl": ["Edukacja", "Środowisko", "Kultura", "Sąsiedztwo"],
            "en": ["Education", "Environment", "Culture", "Neighbourhood"],
        },
    ),
    QuestionDraft(
        kind="date",
        key="starts_on",
        label={"es": "Fecha de inicio", "fr": "Date de début", "pl": "Data rozpoczęcia", "en": "Start date"},
    ),
    QuestionDraft(
        kind="file",
        key="support",
        label={"es": "Carta de apoyo", "fr": "Lettre de soutien", "pl": "List poparcia", "en": "Letter of support"},
    ),
)
