"""Invented people: first names, surnames and places as they are common where each language is spoken.

Addresses end in .example (RFC 2606): nobody is ever written to.
"""

from __future__ import annotations


def _words(text: str, mark: str = " ") -> tuple[str, ...]:
    return tuple(text.split(mark))


DOMAINS = {"es": "correo.example", "fr": "courriel.example", "pl": "poczta.example", "en": "mail.example"}

FIRST = {
    "es": _words(
        "Íñigo Nerea Álvaro Lucía Martín Inés Jorge Carmen Pablo Elena Óscar Marina Rubén Teresa Hugo Pilar "
        "Andrés Nuria Javier Rocío Sergio Begoña Iván Alba Ramón Ainhoa Joaquín Sofía Xoán Montserrat"
    ),
    "fr": _words(
        "Inès Théo Camille Hélène Julien Aurélie Mathis Noémie Étienne Clémence Rémi Océane Loïc Margaux "
        "Benoît Solène Thibault Élodie Yann Capucine Gaël Maëlle Cédric Apolline Bastien Lucile Quentin "
        "Agathe Anaïs Victor"
    ),
    "pl": _words(
        "Łucja Paweł Agnieszka Michał Katarzyna Wojciech Zofia Grzegorz Małgorzata Jakub Hanna Stanisław "
        "Joanna Krzysztof Magdalena Łukasz Barbara Rafał Ewa Bartosz Dorota Mateusz Alicja Sławomir Natalia "
        "Zbigniew Beata Szymon Iwona Jan"
    ),
    "en": _words(
        "Alice Owen Charlotte Rhys Imogen Callum Niamh George Aoife Edward Harriet Lewis Siobhán Oliver Freya "
        "Duncan Zoe Theo Grace Patrick Amelia Rory Beth Samuel Fiona Toby Eleanor Angus Ruth Daniel"
    ),
}

LAST = {
    "es": _words(
        "Etxeberria García Núñez Ibáñez Fernández Peña López Castaño Sánchez Goñi Muñoz Rodríguez Gálvez "
        "Aranburu Ortega Vidal Jiménez Carballo Serrano Iglesias Márquez Quintana Bermúdez Soler Ruiz Zubiri "
        "Pastor Navarro Conde Lasa"
    ),
    "fr": _words(
        "Lefèvre Moreau Garnier Béraud Chevalier Rousseau Guérin Le-Goff Marchand Dupré Fontaine Picard "
        "Lemaître Barbier Joly Perrot Renard Besson Carpentier Vasseur Aubry Poulain Leclère Mallet Brunet "
        "Tessier Roux Delmas Girard Noël"
    ),
    "pl": _words(
        "Wiśniewska-Maj Nowak Zając Dąbrowicz Wójcik Szymczak Lis Woźniak Kozioł Jarosz Mazurek Król Pawlak "
        "Wróbel Sikora Duda Żak Gołąb Sobczak Kubiak Piątek Łoś Kurek Rogala Cichoń Bąk Głowacz Stępień Śliwa "
        "Wilk"
    ),
    "en": _words(
        "O’Connor Hughes Ashworth Pryce Whitfield Sinclair Byrne Fletcher Donnelly Marsh Kerr Lockwood "
        "MacLeod Turner Holloway Burke Ellis Fairfax Gallagher Hartley Irving Keane Lawson Mercer Norris "
        "Pryor Quinn Rowe Shaw Walsh"
    ),
}

PLACES = {
    "es": _words(
        "Rekalde | Lavapiés | Valdelatas | Sanabria | el Raval | Béjar | Almanzora | Teruel | Cabañal | "
        "Ribadavia | Morella | Trujillo | La Alpujarra | Tudela | El Bierzo | Vallecas",
        " | ",
    ),
    "fr": _words(
        "Saint-Étienne | Roubaix | Concarneau | Aubusson | Belleville | Die | Morlaix | Sète | Montreuil "
        "| Guéret | Foix | Douarnenez | Châtellerault | Villeurbanne | Ambert | Lodève",
        " | ",
    ),
    "pl": _words(
        "Podgórze | Białowieża | Nikiszowiec | Supraśl | Kazimierz Dolny | Zamość | Ustrzyki Dolne | Nowa "
        "Huta | Cieszyn | Sejny | Tykocin | Bytom | Jeżyce | Elbląg | Lanckorona | Wałbrzych",
        " | ",
    ),
    "en": _words(
        "Todmorden | Hebden Bridge | Aberystwyth | Govan | Whitby | Toxteth | Machynlleth | Portree | "
        "Totnes | Berwick | Leith | Ludlow | Bangor | Frome | Oban | Stroud",
        " | ",
    ),
}
