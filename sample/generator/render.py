"""Templates to text. A rendered piece keeps its word borders as "|" until plain() removes them."""

from generator import chinese, english

PHRASES = {"en": english, "zh": chinese}


def with_noun(template, relation, language):
    return template.replace("{N}", PHRASES[language].NOUNS[relation])


def statements(relation, language):
    p = PHRASES[language]
    return [with_noun(t, relation, language) for t in p.STATEMENTS + p.RELATION_STATEMENTS[relation]]


def questions(relation, language):
    p = PHRASES[language]
    return [with_noun(t, relation, language) for t in p.QUESTIONS + p.RELATION_QUESTIONS[relation]]


def held_out(relation, language):
    p = PHRASES[language]
    return [with_noun(t, relation, language) for t in p.HELD_OUT + p.RELATION_HELD_OUT[relation]]


def fill(template, fact, language):
    text = template.replace("{E}", fact.town.name[language])
    text = text.replace("{W}", fact.town.world[language])
    return text.replace("{V}", fact.value[language])


def answer(fact, language):
    return plain(fill(PHRASES[language].ANSWER, fact, language))


def plain(text):
    return text.replace("|", "")


def pieces(template):
    """The words of a template, slots and punctuation left out."""
    for mark in ("{E}", "{V}", "{W}", "{N}", *"。，？：、.,?:!"):
        template = template.replace(mark, "|")
    return [word for part in template.split("|") for word in part.split() if word]
