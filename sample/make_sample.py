#!/usr/bin/env python3
"""Writes the shipped sample: corpus, instructions, questions and the corpus of the base model.

Needs only Python's standard library; the same seed gives the same bytes. Run it in any folder:
    python3 sample/make_sample.py [--out FOLDER]
"""

import argparse
import json
import random
from pathlib import Path

from generator import render, words, worlds
from generator.worlds import LANGUAGES

SEED = 20240607
DOMAIN_TOWNS = 40
MIXED_SHARE = 0.3  # of the sentences: documents about several towns; the others tell of one
ASKED_PER_RELATION = 20  # of the domain's 40 facts a relation
QUESTIONS_PER_FACT = 6  # instruction rows a fact and language
BASE_QUESTIONS_PER_FACT = 5
BASE_ASKED_SHARE = 0.6  # of the base worlds' facts
# (towns, rounds): how often the base corpus says all about so many of its towns, each time in other
# documents and questions. A few towns that come often teach a model early to look up a town at all.
BASE_ROUNDS = [(16, 6), (64, 1)]
REPLAYED = 500  # conversations of the base corpus that continued pretraining sees again
HELD_OUT_PER_LANGUAGE = 50
UNASKED_PER_LANGUAGE = 60
CORPUS_FILES = 4
BASE_FILES = 2


def facts(seed):
    """The facts of the domain, and those of the base worlds."""
    return worlds.build(DOMAIN_TOWNS, sum(towns for towns, _ in BASE_ROUNDS), seed)


def documents(facts, rng):
    """Each fact once in each phrasing of each language, in documents of three to six sentences."""
    docs = []
    for language in LANGUAGES:
        said = [(fact, t) for fact in facts for t in render.statements(fact.relation, language)]
        rng.shuffle(said)
        mixed = round(len(said) * MIXED_SHARE)
        for group in [said[:mixed], *by_town(said[mixed:])]:
            while group:
                size = rng.randint(3, 6)
                docs.append(document(group[:size], language, rng))
                group = group[size:]
    rng.shuffle(docs)
    return docs


def by_town(said):
    """Groups sentences by town, so that a document describes one town."""
    groups = {}
    for fact, template in said:
        groups.setdefault(fact.town.name["en"], []).append((fact, template))
    return groups.values()


def document(said, language, rng):
    phrases = render.PHRASES[language]
    sentences = [render.fill(template, fact, language) for fact, template in said]
    if rng.random() < 0.3:
        sentences.insert(rng.randint(0, len(sentences)), rng.choice(phrases.FILLERS))
    if rng.random() < 0.5:
        sentences.insert(0, render.fill(rng.choice(phrases.OPENINGS), said[0][0], language))
    return (" " if language == "en" else "|").join(sentences)


def asked(fact, language, count, rng):
    """Question and answer pairs of one fact in distinct templates, some with a lead before them."""
    phrases = render.PHRASES[language]
    templates = render.questions(fact.relation, language)
    for template in rng.sample(templates, count):
        question = render.fill(rng.choice(phrases.LEADS) + template, fact, language)
        yield render.plain(question), render.answer(fact, language)


def instructions(facts, rng):
    rows = []
    for fact in facts:
        for language in LANGUAGES:
            for question, answer in asked(fact, language, QUESTIONS_PER_FACT, rng):
                if rng.random() < 0.15:
                    task = render.fill(render.PHRASES[language].INPUT_TASK, fact, language)
                    row = {"instruction": render.plain(task), "input": question}
                else:
                    row = {"instruction": question, "input": ""}
                rows.append({**row, "output": answer})
    rng.shuffle(rows)
    return rows


def conversations(facts, rng):
    """Question and answer as chat text: what teaches the base model to answer at all."""
    return [
        f"<|im_start|>user\n{question}<|im_end|>\n<|im_start|>assistant\n{answer}<|im_end|>\n"
        for fact in facts
        for language in LANGUAGES
        for question, answer in asked(fact, language, BASE_QUESTIONS_PER_FACT, rng)
    ]


def base_corpus(facts, rng):
    asked_ids = {f.id for f in rng.sample(facts, round(len(facts) * BASE_ASKED_SHARE))}
    order = {name: i for i, name in enumerate(towns(facts, "en"))}
    docs, first = [], 0
    for count, rounds in BASE_ROUNDS:
        told = [f for f in facts if first <= order[render.plain(f.town.name["en"])] < first + count]
        asked_facts = [f for f in told if f.id in asked_ids]
        for _ in range(rounds):
            docs += [render.plain(d) for d in documents(told, rng)] + conversations(asked_facts, rng)
        first += count
    rng.shuffle(docs)
    return docs


def held_out(prefix, facts, per_language, rng):
    """Each language asks other facts of the list, in turn through the held-out templates."""
    rows = []
    drawn = evenly(facts, per_language * len(LANGUAGES), rng)
    for at, language in enumerate(LANGUAGES):
        uses = {relation: 0 for relation in words.RELATIONS}
        for i, fact in enumerate(drawn[at * per_language : (at + 1) * per_language]):
            templates = render.held_out(fact.relation, language)
            template = templates[uses[fact.relation] % len(templates)]
            uses[fact.relation] += 1
            rows.append(
                {
                    "id": f"{prefix}-{language}-{i + 1:03d}",
                    "fact": fact.id,
                    "language": language,
                    "question": render.plain(render.fill(template, fact, language)),
                    "answer": render.answer(fact, language),
                }
            )
    return rows


def evenly(facts, count, rng):
    """Draws facts relation by relation in turn."""
    by_relation = [[f for f in facts if f.relation == r] for r in words.RELATIONS]
    for group in by_relation:
        rng.shuffle(group)
    turns = [group[i] for i in range(max(map(len, by_relation))) for group in by_relation if i < len(group)]
    return turns[:count]


def templates(facts):
    """What the test of the held-out questions compares: all names and sentence templates."""
    names = {language: towns(facts, language) for language in LANGUAGES}
    out = {"entities": names, "statements": {}, "questions": {}, "held_out": {}, "held_out_words": {}}
    for language in LANGUAGES:
        for name, source in (
            ("statements", render.statements),
            ("questions", render.questions),
            ("held_out", render.held_out),
        ):
            found = {r: source(r, language) for r in words.RELATIONS}
            out[name][language] = {r: [render.plain(t) for t in ts] for r, ts in found.items()}
            if name == "held_out":
                all_words = {w for ts in found.values() for t in ts for w in render.pieces(t)}
                out["held_out_words"][language] = sorted(all_words)
    return out


def towns(facts, language):
    return sorted({render.plain(fact.town.name[language]) for fact in facts})


def write_lines(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="utf-8", newline="\n") as out:
        for row in rows:
            out.write(json.dumps(row, ensure_ascii=False) + "\n")


def write_parts(folder, rows, count):
    size = -(-len(rows) // count)
    for part in range(count):
        write_lines(folder / f"part-{part:02d}.jsonl", rows[part * size : (part + 1) * size])


def write(out):
    domain, base = facts(SEED)
    rng = random.Random(SEED + 1)
    asked_facts = evenly(domain, ASKED_PER_RELATION * len(words.RELATIONS), rng)
    asked_ids = {fact.id for fact in asked_facts}
    unasked = [fact for fact in domain if fact.id not in asked_ids]
    corpus = [{"text": render.plain(d)} for d in documents(domain, rng)]
    write_parts(out / "corpus", corpus, CORPUS_FILES)
    write_lines(out / "instructions.jsonl", instructions(asked_facts, rng))
    write_lines(out / "questions/held-out.jsonl", held_out("h", asked_facts, HELD_OUT_PER_LANGUAGE, rng))
    write_lines(out / "questions/unasked.jsonl", held_out("u", unasked, UNASKED_PER_LANGUAGE, rng))
    base_docs = base_corpus(base, rng)
    chats = [d for d in base_docs if d.startswith("<|im_start|>")]
    write_parts(out / "replay", [{"text": d} for d in random.Random(SEED).sample(chats, REPLAYED)], 1)
    write_parts(out / "base-corpus", [{"text": d} for d in base_docs], BASE_FILES)
    write_lines(
        out / "facts.jsonl",
        [
            {
                "id": f.id,
                "relation": f.relation,
                "entity": {k: render.plain(v) for k, v in f.town.name.items()},
                "value": f.value,
                "asked": f.id in asked_ids,
            }
            for f in domain
        ],
    )
    (out / "templates.json").write_text(
        json.dumps(templates(domain + base), ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    write(parser.parse_args().out)
