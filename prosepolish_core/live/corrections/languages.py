"""Which language a text is in, told by its smallest words; the words that ask;
the words with which a chat partner begins.
"""

from collections.abc import Sequence

#: Words that nearly every sentence of a language has, without marks, as `typed_words` folds them.
SMALL = {
    "en": """the a an is are was were am be been i you he she it we they this that these and or but not of to in on at by
        as for from with about into my your his her our their do does did have has had will would can could should
        me him us them what who how there when which if so than then some no more out up its""",
    "de": """der die das ein eine einen einem ist sind war waren bin ich du er sie es wir ihr und oder aber nicht von zu
        im in auf mit fur mein dein habe hat haben wird kann mich mir dich was wer wie dem den mochte nach uber bei
        auch""",
    "fr": """le la les un une des est sont etait suis je tu il elle nous vous ils et ou mais ne pas de du au aux en sur
        avec pour mon ma mes ton sa son ai as avez que qui ce cette dans par plus l d j c s n m t qu""",
    "es": """el la los las un una es son era soy yo tu ella nosotros y o pero no de del al en con por para mi su he ha
        que quien este esta muy me te lo gusta mucho hay como aqui porque""",
    "pt": """o a os as um uma e sao era sou eu voce ela nos ou mas nao de do da no na em com por para meu minha seu ha
        que quem este esta muito me te isso mais ao dos das porque""",
    "it": """il lo la gli le un una e sono era io tu lui lei noi ma non di del della al alla in con per mio mia suo ho ha
        che chi questo questa molto mi ti piu come perche""",
    "nl": """de het een is zijn was ben ik jij hij zij wij en of maar niet van te in op met voor mijn jouw heb heeft
        hebben dat die wat wie hoe naar ook""",
    "sv": """en ett ar var jag du han hon vi och eller men inte av till i pa med for min din har hade det den som vad hur
        att""",
    "ru": """и в на не я ты он она мы вы они что это как но или у с к по за из о его мне меня тебя был была есть очень""",
    "uk": """і в на не я ти він вона ми ви вони що це як але або у з до по за із про його мені мене тебе був була дуже та""",
}
#: Endings of longer words, where close languages part.
ENDINGS = {
    "en": ("tion", "tions", "ing", "ness"),
    "de": ("tion", "ung", "ungen", "keit", "lich"),
    "fr": ("tion", "tions", "ment", "eux"),
    "es": ("cion", "ciones", "dad", "iendo"),
    "pt": ("cao", "coes", "dade", "endo"),
    "it": ("zione", "zioni", "endo", "issimo"),
}
_LANGUAGES = {name: frozenset(words.split()) for name, words in SMALL.items()}
_ALL = frozenset[str]().union(*_LANGUAGES.values())
#: So many words that one of two languages has and the other has not must speak for the change.
LEAST = 4

#: A first word that asks. An answer without any has given information instead of a correction.
_ASKING = """what who whom whose when where why how which was wer wie wo wann warum welche que quien cuando donde como cual
    quoi qui quand ou pourquoi comment quel chi cosa quando dove perche quale что кто когда где почему как"""
ASKING = frozenset(_ASKING.split())
#: First words of somebody who answers, when the text does not have them.
_OPENERS = """sure certainly yes no okay ok sorry absolutely here hello hi great thanks congratulations of corrected
    correction revised note naturlich gerne hier ja nein voici bien claro aqui ecco certo конечно вот извините"""
OPENERS = frozenset(_OPENERS.split())


def changed_language(text: Sequence[str], answer: Sequence[str]) -> bool:
    """Whether the text is clearly of one language and the answer clearly of another."""
    one, two = _language(text), _language(answer)
    before, after = _more(text, one, two), _more(answer, two, one)
    return before >= 1 and after >= 2 and before + after >= LEAST


def small_word(word: str) -> bool:
    """Whether a correction may add the word freely."""
    return word in _ALL


def _of(word: str, language: str) -> bool:
    return word in _LANGUAGES[language] or (len(word) > 5 and word.endswith(ENDINGS.get(language, ())))


def _language(words: Sequence[str]) -> str:
    return max(_LANGUAGES, key=lambda name: sum(_of(word, name) for word in words))


def _more(words: Sequence[str], language: str, other: str) -> int:
    """How many more words are of this language alone than of the other alone."""
    return sum(_of(word, language) - _of(word, other) for word in words)
