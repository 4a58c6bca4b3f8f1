"""Short forms that share too few letters with the words they stand for, as people type them on a telephone."""

FORMS = {
    "u": "you", "ur": "your you are", "r": "are", "y": "why", "c": "see", "b": "be", "n": "and", "d": "the", "da": "the",
    "dat": "that", "dem": "them", "dis": "this", "2": "to too two", "4": "for four", "1": "one", "x": "kiss", "w": "with",
    "cu": "see you", "gonna": "going to", "gna": "going to", "wanna": "want to", "gotta": "got to have to",
    "dunno": "dont know", "lemme": "let me", "gimme": "give me", "kinda": "kind of", "cuz": "because", "coz": "because",
    "cos": "because", "wuz": "was is", "nvm": "never mind", "wyd": "what are you doing", "ppl": "people",
    "bro": "brother", "bruh": "bro brother", "gtg": "got to go", "thx": "thanks", "dsl": "desole", "stp": "sil te plait",
    "q": "que", "k": "que ok okay", "xq": "porque", "tb": "tambem", "vc": "voce", "tmrw": "tomorrow", "2moz": "tomorrow",
    "tomoz": "tomorrow", "hbd": "happy birthday",
    "xmas": "christmas", "soz": "sorry", "dem1": "demain", "slt": "salut", "cv": "ca va",
}  # fmt: skip
