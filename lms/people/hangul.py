"""The Latin letters that somebody typed while the keyboard was set to Hangul (the two-set layout, KS X 5002)."""

from __future__ import annotations

import unicodedata

# fmt: off
_INITIAL = ["r", "R", "s", "e", "E", "f", "a", "q", "Q", "t", "T", "d", "w", "W", "c", "z", "x", "v", "g"]
_VOWEL = ["k", "o", "i", "O", "j", "p", "u", "P", "h", "hk", "ho", "hl", "y", "n", "nj", "np", "nl", "b", "m", "ml", "l"]
_FINAL = [
    "", "r", "R", "rt", "s", "sw", "sg", "e", "f", "fr", "fa", "fq", "ft", "fx", "fv", "fg", "a", "q", "qt", "t", "T", "d",
    "w", "c", "z", "x", "v", "g",
]
# fmt: on
_FIRST, _LAST = ord("가"), ord("힣")


def _letters() -> dict[str, str]:
    """Letters that stand alone, as they do while a syllable is not complete."""
    consonants = dict(zip("ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ", _INITIAL, strict=True))
    vowels = dict(zip("ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ", _VOWEL, strict=True))
    pairs = dict(
        zip("ㄳㄵㄶㄺㄻㄼㄽㄾㄿㅀㅄ", ["rt", "sw", "sg", "fr", "fa", "fq", "ft", "fx", "fv", "fg", "qt"], strict=True)
    )
    return consonants | vowels | pairs


_LETTERS = _letters()


def keys_of(text: str) -> str:
    """The keys that were pressed: 햐 is gi, ㅁ is a. What is not Hangul stays."""
    return "".join(_keys(character) for character in _compatible(text))


def _keys(character: str) -> str:
    if character in _LETTERS:
        return _LETTERS[character]
    if not _FIRST <= ord(character) <= _LAST:
        return character
    initial, rest = divmod(ord(character) - _FIRST, 21 * 28)
    vowel, final = divmod(rest, 28)
    return _INITIAL[initial] + _VOWEL[vowel] + _FINAL[final]


def _compatible(text: str) -> str:
    """Compatibility normalisation turns single letters into conjoining ones; here they are told apart again."""
    return "".join(_SINGLE.get(character, character) for character in text)


_SINGLE = {unicodedata.normalize("NFKC", letter): letter for letter in _LETTERS}
