"""Words that can often stand for each other: a small table of common English, made for this package."""

from __future__ import annotations

from functools import cache

_GROUPS = """
good fine decent solid pleasant
great excellent superb outstanding terrific
wonderful marvellous splendid delightful lovely
amazing astonishing stunning incredible remarkable
bad poor lousy weak
terrible awful dreadful horrible appalling
boring dull tedious dreary
interesting engaging absorbing intriguing
funny amusing comical humorous
sad unhappy sorrowful gloomy
happy glad cheerful joyful
love adore cherish
hate detest loathe despise
like enjoy appreciate
dislike mind resent
best finest greatest
worst poorest lowest
perfect flawless faultless ideal
broken defective faulty damaged
cheap inexpensive affordable
expensive costly pricey
fast quick rapid speedy swift
slow sluggish unhurried
big large huge sizeable
small little tiny compact
new recent fresh modern
old aged dated
easy simple effortless straightforward
hard difficult tough tricky
important vital crucial essential
useless worthless pointless
useful helpful handy valuable
beautiful pretty gorgeous attractive
ugly unsightly hideous
strong sturdy robust durable
weak feeble flimsy fragile
clean tidy spotless
dirty filthy grimy
friendly kind warm welcoming
rude impolite discourteous unfriendly
free complimentary gratis
win earn gain collect
winner victor champion
money cash funds
prize award reward
offer deal bargain
buy purchase acquire
sell vend market
urgent pressing immediate
now immediately presently
call phone ring
click press tap
account profile membership
claim request demand
guaranteed assured certain
limited restricted scarce
begin start commence
end finish conclude
help assist aid support
show display present reveal
get obtain receive
give provide grant
make create produce
think believe reckon
say state claim remark
look seem appear
movie film picture
story tale plot narrative
actor performer player
book volume title
product item article
service assistance support
quality standard grade
price cost charge
waste squander loss
recommend suggest endorse advise
disappointed let-down dissatisfied displeased
satisfied content pleased
really truly genuinely
very extremely highly
quite rather fairly
never not-once
always constantly forever
often frequently regularly
meeting appointment gathering
report summary account
team crew group
lunch meal
tomorrow next-day
project undertaking venture
schedule timetable plan
thanks cheers
attached enclosed
"""


@cache
def _table() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for line in _GROUPS.split("\n"):
        words = line.split()
        for word in words:
            found.setdefault(word, []).extend(other for other in words if other != word)
    return {word: tuple(dict.fromkeys(others)) for word, others in found.items()}


def synonyms(word: str) -> tuple[str, ...]:
    """Others for this word, in lower case; for a plural in -s or a form in -ed or -ing only where the table has it."""
    return _table().get(word.lower(), ())


def others(word: str) -> list[str]:
    """Other words and spellings for this one: synonyms in its case, British for American endings and the other way
    round, a hyphen behind a prefix, capitals. Punctuation around it stays."""
    begin = next((place for place, letter in enumerate(word) if letter.isalnum()), len(word))
    end = next((place for place in range(len(word), begin, -1) if word[place - 1].isalnum()), begin)
    before, core, behind = word[:begin], word[begin:end], word[end:]
    if not core:
        return []
    found = [_in_case(other, core) for other in synonyms(core)]
    for one, other in (("or", "our"), ("our", "or"), ("ize", "ise"), ("ise", "ize"), ("er", "re"), ("ll", "l")):
        if core.endswith(one) and len(core) > 4:
            found.append(core[: -len(one)] + other)
    for prefix in ("un", "in", "dis", "re", "over", "non"):
        if core.lower().startswith(prefix) and len(core) > len(prefix) + 3:
            found.append(core[: len(prefix)] + "-" + core[len(prefix) :])
    if not core.isupper():
        found.append(core.upper())
    return [before + other + behind for other in dict.fromkeys(found) if other != core]


def _in_case(other: str, like: str) -> str:
    if like.isupper() and len(like) > 1:
        return other.upper()
    return other.capitalize() if like[:1].isupper() else other
