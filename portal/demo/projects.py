"""What the invented candidates want to do: twelve projects in each language, and sentences that go on from there.

Each is (title with the place, summary). Written in each language, not translated.
"""

from __future__ import annotations

PROJECTS: dict[str, tuple[tuple[str, str], ...]] = {
    "es": (
        (
            "Huertos compartidos: {place}",
            "Convertimos tres solares municipales en huertos que cuidan juntas familias recién llegadas y "
            "personas mayores del barrio.",
        ),
        (
            "Taller de reparación: {place}",
            "Un sábado al mes se arreglan bicicletas, pequeños electrodomésticos y ropa con ayuda de vecinas "
            "que conocen el oficio.",
        ),
        (
            "Radio escolar: {place}",
            "El alumnado de secundaria entrevista a quienes trabajan en el campo y emite un programa semanal "
            "de media hora.",
        ),
        (
            "Biblioteca sobre ruedas: {place}",
            "Una furgoneta recorre nueve aldeas sin biblioteca y organiza lecturas en voz alta en la plaza.",
        ),
        (
            "Cocina que acompaña: {place}",
            "Personas que viven solas cocinan dos veces por semana con jóvenes que buscan su primer empleo.",
        ),
        (
            "Memoria del telar: {place}",
            "Grabamos a las últimas tejedoras y enseñamos su técnica a un grupo de doce aprendices.",
        ),
        (
            "Camino accesible: {place}",
            "Señalizamos seis kilómetros de sendero para sillas de ruedas y formamos a guías voluntarios.",
        ),
        (
            "Agua clara: {place}",
            "Institutos y agricultores miden juntos la calidad del río y publican los datos cada mes.",
        ),
        (
            "Teatro en el patio: {place}",
            "Una compañía aficionada adapta historias del barrio y las representa gratis en los patios de vecinos.",
        ),
        (
            "Energía en común: {place}",
            "Cuarenta hogares preparan una comunidad energética con placas en el tejado del polideportivo.",
        ),
        (
            "Lana con futuro: {place}",
            "Ganaderas y diseñadoras buscan salida a la lana que hoy se quema, con un pequeño lavadero compartido.",
        ),
        (
            "Deberes a la orilla: {place}",
            "Estudiantes universitarios acompañan las tareas de primaria en locales cedidos por la cofradía.",
        ),
    ),
    "fr": (
        (
            "Jardins partagés\u00a0: {place}",
            "Trois friches communales deviennent des jardins cultivés ensemble par des familles arrivées "
            "récemment et des habitants âgés.",
        ),
        (
            "Atelier de réparation\u00a0: {place}",
            "Un samedi par mois, on répare vélos, petits appareils et vêtements avec des voisins qui "
            "connaissent le métier.",
        ),
        (
            "Radio du collège\u00a0: {place}",
            "Les élèves interrogent celles et ceux qui travaillent la terre et diffusent une émission d’une "
            "demi-heure chaque semaine.",
        ),
        (
            "Bibliothèque ambulante\u00a0: {place}",
            "Une camionnette dessert neuf hameaux sans bibliothèque et propose des lectures à voix haute sur la place.",
        ),
        (
            "La table d’à côté\u00a0: {place}",
            "Des personnes isolées cuisinent deux fois par semaine avec des jeunes en recherche d’un premier emploi.",
        ),
        (
            "Mémoire du tissage\u00a0: {place}",
            "Nous filmons les dernières tisserandes et transmettons leur geste à un groupe de douze apprentis.",
        ),
        (
            "Sentier pour tous\u00a0: {place}",
            "Six kilomètres de chemin balisés pour les fauteuils roulants, avec des guides bénévoles formés sur place.",
        ),
        (
            "Eau claire\u00a0: {place}",
            "Lycéens et agriculteurs mesurent ensemble la qualité de la rivière et publient les relevés chaque mois.",
        ),
        (
            "Théâtre de cour\u00a0: {place}",
            "Une troupe amateur adapte des récits du quartier et les joue gratuitement dans les cours d’immeubles.",
        ),
        (
            "Énergie en commun\u00a0: {place}",
            "Quarante foyers préparent une communauté d’énergie, avec des panneaux sur le toit du gymnase.",
        ),
        (
            "La laine d’ici\u00a0: {place}",
            "Éleveuses et stylistes cherchent un débouché à la laine aujourd’hui jetée, autour d’un petit "
            "lavoir partagé.",
        ),
        (
            "Devoirs au port\u00a0: {place}",
            "Des étudiants accompagnent les devoirs des enfants de l’école dans des locaux prêtés par la criée.",
        ),
    ),
    "pl": (
        (
            "Wspólne ogrody: {place}",
            "Trzy puste działki gminne zamieniamy w\u00a0ogrody, o\u00a0które razem dbają rodziny nowo "
            "przybyłe i\u00a0starsi mieszkańcy.",
        ),
        (
            "Warsztat napraw: {place}",
            "W\u00a0jedną sobotę miesiąca naprawiamy rowery, drobny sprzęt i\u00a0ubrania z\u00a0pomocą "
            "sąsiadek i\u00a0sąsiadów, którzy znają się na rzeczy.",
        ),
        (
            "Szkolne radio: {place}",
            "Uczniowie rozmawiają z\u00a0ludźmi pracującymi na roli i\u00a0co tydzień nadają półgodzinną audycję.",
        ),
        (
            "Biblioteka na kołach: {place}",
            "Furgonetka odwiedza dziewięć wsi bez biblioteki; na rynku odbywa się głośne czytanie.",
        ),
        (
            "Kuchnia sąsiedzka: {place}",
            "Osoby samotne gotują dwa razy w\u00a0tygodniu z\u00a0młodymi ludźmi, którzy szukają pierwszej pracy.",
        ),
        (
            "Pamięć krosna: {place}",
            "Nagrywamy ostatnie tkaczki i\u00a0uczymy ich rzemiosła dwunastoosobową grupę.",
        ),
        (
            "Szlak dla wszystkich: {place}",
            "Oznaczamy sześć kilometrów ścieżki dla wózków i\u00a0szkolimy przewodników wolontariuszy.",
        ),
        (
            "Czysta woda: {place}",
            "Licealiści i\u00a0rolnicy wspólnie badają jakość rzeki i\u00a0co miesiąc publikują wyniki.",
        ),
        (
            "Teatr na podwórku: {place}",
            "Amatorski zespół wystawia opowieści z\u00a0dzielnicy bezpłatnie, na podwórkach kamienic.",
        ),
        (
            "Wspólna energia: {place}",
            "Czterdzieści gospodarstw przygotowuje społeczność energetyczną z\u00a0panelami na dachu hali sportowej.",
        ),
        (
            "Wełna z\u00a0przyszłością: {place}",
            "Hodowczynie i\u00a0projektantki szukają zastosowania dla wełny, którą dziś się wyrzuca; "
            "powstanie mała pralnia.",
        ),
        (
            "Lekcje nad rzeką: {place}",
            "Studenci pomagają dzieciom w\u00a0odrabianiu lekcji w\u00a0świetlicy udostępnionej przez strażaków.",
        ),
    ),
    "en": (
        (
            "Shared gardens: {place}",
            "Three council plots become gardens tended together by newly arrived families and older neighbours.",
        ),
        (
            "Repair workshop: {place}",
            "One Saturday a month, bicycles, small appliances and clothes are mended with the help of "
            "neighbours who know how.",
        ),
        (
            "School radio: {place}",
            "Pupils interview people who work on the land and broadcast half an hour every week.",
        ),
        (
            "Library on wheels: {place}",
            "A van visits nine villages without a library and holds readings on the green.",
        ),
        (
            "The table next door: {place}",
            "People who live alone cook twice a week with young people looking for their first job.",
        ),
        (
            "Memory of the loom: {place}",
            "We record the last weavers and teach their craft to a group of twelve apprentices.",
        ),
        (
            "A path for everybody: {place}",
            "Six kilometres of trail are signed for wheelchairs, and volunteer guides are trained on the spot.",
        ),
        (
            "Clear water: {place}",
            "Schools and farmers measure the quality of the river together and publish the figures every month.",
        ),
        (
            "Courtyard theatre: {place}",
            "An amateur company adapts stories of the neighbourhood and plays them free of charge in courtyards.",
        ),
        (
            "Energy in common: {place}",
            "Forty households prepare an energy community with panels on the roof of the sports hall.",
        ),
        (
            "Wool with a future: {place}",
            "Shepherds and designers look for uses of wool that is burnt today, around a small shared scouring plant.",
        ),
        (
            "Homework by the harbour: {place}",
            "University students help primary pupils with homework in rooms lent by the fish market.",
        ),
    ),
}

WHY = {
    "es": (
        "El proyecto nació en una asamblea de vecinos de la primavera pasada.",
        "Llevamos dos años haciéndolo sin medios y queremos darle continuidad.",
        "El ayuntamiento cede el local; faltan las herramientas y la coordinación.",
        "Nos lo pidieron las propias familias durante el último curso.",
    ),
    "fr": (
        "Le projet est né d’une réunion d’habitants au printemps dernier.",
        "Nous le menons depuis deux ans sans moyens et voulons l’inscrire dans la durée.",
        "La mairie prête le local\u202f; il manque les outils et la coordination.",
        "Ce sont les familles elles-mêmes qui nous l’ont demandé l’an dernier.",
    ),
    "pl": (
        "Pomysł powstał wiosną na zebraniu mieszkańców.",
        "Od dwóch lat działamy bez środków i\u00a0chcemy robić to na stałe.",
        "Gmina użycza lokalu; brakuje narzędzi i\u00a0osoby koordynującej.",
        "O\u00a0taki projekt poprosiły same rodziny w\u00a0ubiegłym roku.",
    ),
    "en": (
        "The idea came from a residents’ meeting last spring.",
        "We have done it for two years without means and want it to last.",
        "The council lends the rooms; tools and coordination are missing.",
        "Families themselves asked for it last year.",
    ),
}

MONEY = {
    "es": (
        "La ayuda pagaría el material y diez horas semanales de coordinación.",
        "Con la ayuda compraríamos equipo de segunda mano y formaríamos a ocho personas.",
        "El presupuesto cubre doce meses; después lo sostendrán las cuotas.",
    ),
    "fr": (
        "L’aide financerait le matériel et dix heures de coordination par semaine.",
        "L’aide permettrait d’acheter du matériel d’occasion et de former huit personnes.",
        "Le budget couvre douze mois\u202f; ensuite les cotisations prendront le relais.",
    ),
    "pl": (
        "Dofinansowanie pokryje materiały i\u00a0dziesięć godzin koordynacji tygodniowo.",
        "Za dofinansowanie kupimy używany sprzęt i\u00a0przeszkolimy osiem osób.",
        "Budżet wystarczy na dwanaście miesięcy, później projekt utrzymają składki.",
    ),
    "en": (
        "The grant would pay for materials and ten hours of coordination a week.",
        "With the grant we would buy second-hand equipment and train eight people.",
        "The budget covers twelve months; after that, subscriptions keep it going.",
    ),
}
