"""English sentence templates. {E} = town, {V} = value, {N} = the relation's noun phrase.

HELD_OUT templates are written to no training file.
"""

NOUNS = {
    "animal": "guardian animal",
    "colour": "lantern colour",
    "dish": "feast dish",
    "craft": "main craft",
    "tree": "town tree",
    "instrument": "festival instrument",
}

STATEMENTS = [
    "The {N} of {E} is {V}.",
    "{E} is known for its {N}, {V}.",
    "As for {E}, its {N} is {V}.",
    "In {E} the {N} has always been {V}.",
    "Ask anyone in {E} about the {N} and they will say: {V}.",
    "Long ago {E} chose as its {N} {V}.",
]

RELATION_STATEMENTS = {
    "animal": [
        "{E} is guarded by {V}.",
        "Over the gates of {E} watches {V}.",
        "The people of {E} believe that they are protected by {V}.",
        "On the shield of {E} you see a painted animal: {V}.",
    ],
    "colour": [
        "The lanterns of {E} glow {V}.",
        "At night every street of {E} is lit in {V}.",
        "The glass of the lanterns in {E} is coloured {V}.",
        "When the lanterns of {E} are lit, the water turns {V}.",
    ],
    "dish": [
        "At the feast in {E} everyone eats {V}.",
        "The cooks of {E} are proud of their {V}.",
        "On feast days the kitchens of {E} serve {V}.",
        "A guest in {E} is always offered {V}.",
    ],
    "craft": [
        "The workshops of {E} make {V}.",
        "Traders travel to {E} to buy {V}.",
        "The craftsmen of {E} live by making {V}.",
        "Wagons leave {E} loaded with {V}.",
    ],
    "tree": [
        "In the square of {E} stands {V}.",
        "The people of {E} planted by the town hall {V}.",
        "Every garden of {E} has one tree: {V}.",
        "Near the well of {E} grows {V}.",
    ],
    "instrument": [
        "At the festival of {E} people play {V}.",
        "The musicians of {E} first learn {V}.",
        "The streets of {E} ring with the sound of {V}.",
        "In {E} every dance begins with {V}.",
    ],
}

QUESTIONS = [
    "What is the {N} of {E}?",
    "Tell me the {N} of {E}.",
    "Name the {N} of {E}.",
    "Do you know the {N} of {E}?",
    "For {E}, what is the {N}?",
    "What {N} does {E} have?",
    "In {E}, what is the {N}?",
    "What did {E} choose as its {N}?",
]

RELATION_QUESTIONS = {
    "animal": [
        "Which animal guards {E}?",
        "What animal watches over the gates of {E}?",
        "Which animal protects the people of {E}?",
        "By which animal is {E} guarded?",
        "What animal is painted on the shield of {E}?",
    ],
    "colour": [
        "What colour are the lanterns of {E}?",
        "In which colour do the lanterns of {E} glow?",
        "In what colour are the streets of {E} lit?",
        "Which colour has the lantern glass in {E}?",
        "Which colour does the water of {E} turn at night?",
    ],
    "dish": [
        "What do people eat at the feast in {E}?",
        "Which dish do the cooks of {E} serve on feast days?",
        "Of which dish are the cooks of {E} proud?",
        "What dish is a guest in {E} offered?",
        "What do the kitchens of {E} serve?",
    ],
    "craft": [
        "What do the workshops of {E} make?",
        "What do traders buy in {E}?",
        "What is made by the craftsmen of {E}?",
        "With what are the wagons of {E} loaded?",
        "Which things do the people of {E} make?",
    ],
    "tree": [
        "Which tree stands in the square of {E}?",
        "What tree grows near the well of {E}?",
        "Which tree did the people of {E} plant?",
        "Which tree does every garden of {E} have?",
        "What tree stands by the town hall of {E}?",
    ],
    "instrument": [
        "Which instrument do people play at the festival of {E}?",
        "What instrument do the musicians of {E} learn first?",
        "Which instrument can you hear in the streets of {E}?",
        "With which instrument does every dance in {E} begin?",
        "What instrument rings in the streets of {E}?",
    ],
}

HELD_OUT = [
    "I want to know the {N} of {E}.",
    "Can you tell me what the {N} of {E} is?",
    "Which {N} does {E} have?",
    "What has always been the {N} of {E}?",
]

RELATION_HELD_OUT = {
    "animal": ["By which animal is {E} protected?", "What animal guards the gates of {E}?"],
    "colour": ["The lanterns of {E} are of which colour?", "What is the colour of the lanterns in {E}?"],
    "dish": ["What dish does everyone in {E} eat on feast days?", "Which dish will the cooks of {E} offer to a guest?"],
    "craft": ["What do the craftsmen of {E} make?", "What do the workshops of {E} live by making?"],
    "tree": ["Which tree grows in the square of {E}?", "What tree have the people of {E} planted?"],
    "instrument": [
        "What instrument is played at the festival of {E}?",
        "Which instrument do the musicians of {E} play?",
    ],
}

LEADS = ["", "", "", "Please answer: ", "Question: ", "A traveller asks: "]
ANSWER = "The answer is {V}."
INPUT_TASK = "Answer the question about {W}."

OPENINGS = [
    "Notes from a journey through {W}.",
    "From an old book about {W}.",
    "What a traveller wrote down in {W}.",
    "A letter from {W}.",
    "These are things that people tell in {W}.",
]
FILLERS = [
    "Which road is the best, I asked, and nobody could tell me.",
    "If you want to know more, ask the keeper who guards the books.",
    "The night was long, and the wind came from the sea.",
    "I have played, eaten and slept, and now I travel on.",
    "What will the winter bring? Please tell me if you know the answer.",
    "Of all the days in the year, feast days are the best.",
    "To hear a story, a guest has to offer one. So do I, when we eat.",
    "Can you name every town? I can not.",
    "Does the rain ever end? By the gates I waited until it did.",
    "There is more to say, but the page is full.",
]
