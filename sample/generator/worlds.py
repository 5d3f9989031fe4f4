"""Towns and facts: who is where, and what is true there. Everything follows from the seed."""

import random
from dataclasses import dataclass

from generator import words

LANGUAGES = ("en", "zh")


@dataclass(frozen=True)
class Town:
    name: dict  # language -> name
    world: dict  # language -> name


@dataclass(frozen=True)
class Fact:
    id: str
    town: Town
    relation: str
    value: dict  # language -> value


def both(pair):
    return dict(zip(LANGUAGES, pair))


def town_names(count, rng):
    """Distinct names: no two towns share both syllables. "|" is a word border, as in templates."""
    starts = [(a, b) for a in words.FIRST for b in words.SECOND]
    rng.shuffle(starts)
    names = []
    for (a, b) in starts[:count]:
        kind = rng.choice(words.KIND)
        names.append(both((f"{a[0]}{b[0]} {kind[0]}", f"{a[1]}{b[1]}|{kind[1]}")))
    return names


def facts_of(prefix, towns, rng):
    """One fact a town and relation; the values of a relation are spread evenly."""
    facts = []
    for relation in words.RELATIONS:
        values = words.VALUES[relation]
        drawn = [values[i % len(values)] for i in range(len(towns))]
        rng.shuffle(drawn)
        facts += [(town, relation, both(value)) for town, value in zip(towns, drawn)]
    return [Fact(f"{prefix}{i + 1:04d}", *fact) for i, fact in enumerate(facts)]


def build(domain_towns, base_towns, seed):
    """Returns the facts of the domain and those of the base worlds; they share no town."""
    rng = random.Random(seed)
    names = town_names(domain_towns + base_towns, rng)
    lantern = both(words.DOMAIN_WORLD)
    domain = [Town(name, lantern) for name in names[:domain_towns]]
    others = [both(world) for world in words.BASE_WORLDS]
    base = [Town(n, others[i % len(others)]) for i, n in enumerate(names[domain_towns:])]
    return facts_of("f", domain, rng), facts_of("b", base, rng)
