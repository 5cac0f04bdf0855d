"""Attributions of words as evidence: what attacks changed, whether the shift can be detected, single words that decide,
and how stable it all is. The counterparts, for texts, of ``surface``, ``detection``, ``shortcuts`` and ``stability``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from difflib import SequenceMatcher
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.domain.explanation import (
    AttackSurface,
    FeatureReliance,
    ShiftDetection,
    Shortcut,
    ShortcutKind,
    ShortcutSearch,
    Stability,
    SurfaceEntry,
)
from violet.domain.rate import Rate
from violet.explain.detection import Neighbours, doubt, judged
from violet.explain.shortcuts import DECIDES, FEWEST_INPUTS, least_share, of_other_labels
from violet.explain.statistics import mean_interval, percentiles, spearman, weights
from violet.explain.words import WORD, attributed, labels_of, taken_apart
from violet.targets.base import Offers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.explain.surface import Success
    from violet.explain.words import WordAttributions
    from violet.targets.base import Target

    Array = NDArray[Any]

BINS = 512
"""Words are told apart by a hash into so many places, for distances."""
CANDIDATES = 12
"""Words tried as shortcuts for each label: those that speak for it most."""
SHOWN = 8
DROPPED = 0.05
"""Of a text's words, the share that is taken out (at least one) to see whether the explanation stays."""
DRAWS = 2
TOP = 5


def changed_words(before: str, after: str) -> list[str]:
    """The words of ``before``, in lower case, that are others or gone in ``after``."""
    old, new = ([word.lower() for word in WORD.findall(text)] for text in (before, after))
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    return [word for tag, begin, end, _, _ in matcher.get_opcodes() if tag != "equal" for word in old[begin:end]]


def word_surface(
    pairs: tuple[Sequence[str], Sequence[str]], relied: Sequence[FeatureReliance], success: Success, *, seed: int
) -> AttackSurface:
    """``pairs`` are the texts that were fooled and what they became. ``changed`` of an entry counts, of the texts that
    held the word, those in which it was changed."""
    moves: list[dict[str, float]] = []
    holding: dict[str, int] = defaultdict(int)
    hits: dict[str, int] = defaultdict(int)
    for before, after in zip(*pairs, strict=True):
        words = changed_words(before, after)
        moves.append({word: words.count(word) / len(words) for word in set(words)})
        for word in {one.lower() for one in WORD.findall(before)}:
            holding[word] += 1
        for word in set(words):
            hits[word] += 1
    shares = {entry.feature: entry.share for entry in relied}
    known = [word for word in shares if word in holding]
    known += [word for word in hits if word not in shares]
    moved = np.array([[move.get(word, 0.0) for word in known] for move in moves]).reshape(len(moves), len(known))
    mean_moved = moved.mean(axis=0) if len(moves) else np.zeros(len(known))
    mean_relied = np.array([shares.get(word, 0.0) for word in known])
    exposure = np.sqrt(mean_moved * mean_relied)
    exposure = exposure / max(float(exposure.sum()), 1e-300)
    entries = tuple(
        SurfaceEntry(
            known[at],
            float(mean_moved[at]),
            float(mean_relied[at]),
            float(exposure[at]),
            Rate(hits[known[at]], max(holding[known[at]], hits[known[at]])),
        )
        for at in np.lexsort((-mean_relied, -exposure))
    )
    drawn = weights(len(moved), seed) @ moved if len(moved) else np.zeros((0, len(known)))
    repeated = np.broadcast_to(mean_relied, drawn.shape)
    return AttackSurface(
        attack=success.attack,
        threat=success.threat,
        fooled=success.fooled,
        entries=entries,
        agreement=float(spearman(mean_moved[None], mean_relied[None])[0]) if known else float("nan"),
        agreement_interval=percentiles(spearman(drawn, repeated) if drawn.size else np.empty(0)),
        selected=success.selected,
    )


def word_shift(
    target: Target, reference: Sequence[str], pairs: tuple[Sequence[str], Sequence[str]], *, seed: int, coalitions: int
) -> ShiftDetection:
    """As ``detection.shift_detection``, with the words of a text hashed into ``BINS`` places. The harmless twin of a
    change puts as many other words, drawn from the reference, into as many places."""
    clean, attacked = pairs
    noisy = other_words(clean, attacked, reference, seed)
    labels = labels_of(target, reference)
    attributions = attributed(target, reference, labels, seed=seed, coalitions=coalitions)
    known = Neighbours(_profiles(attributions), labels)

    def shift(texts: Sequence[str]) -> Array:
        said = labels_of(target, texts)
        return known(_profiles(attributed(target, texts, said, seed=seed, coalitions=coalitions)), said)

    bags = Neighbours(_bags(reference), labels)

    def near(texts: Sequence[str]) -> Array:
        return bags(_bags(texts), labels_of(target, texts))

    ours = (shift(attacked), shift(clean))
    rows: list[tuple[str, str, tuple[Array, Array]]] = []
    if Offers.SCORES in target.offers:
        before, after = (doubt(target, np.array(list(part), dtype=object)) for part in (clean, attacked))
        rows.append(("maximum probability", "how unsure the model is of its label", (after, before)))
    rows.append(
        ("raw distance", "distance of the words from those of the nearest clean text", (near(attacked), near(clean)))
    )
    rows.append(
        (
            "same-size noise",
            "the attribution shift where as many words are others, at random",
            (shift(noisy), ours[1]),
        )
    )
    return judged(ours, rows, len(clean), len(reference), seed)


def other_words(clean: Sequence[str], attacked: Sequence[str], reference: Sequence[str], seed: int) -> list[str]:
    """Each clean text with as many words replaced as the attack changed in it (at least one), at random."""
    random = np.random.default_rng(seed)
    vocabulary = sorted({word.lower() for text in reference for word in WORD.findall(text)}) or ["word"]
    made: list[str] = []
    for before, after in zip(clean, attacked, strict=True):
        found = list(WORD.finditer(before))
        if not found:
            made.append(before)
            continue
        count = min(max(1, len(changed_words(before, after))), len(found))
        text = before
        for place in sorted(random.choice(len(found), size=count, replace=False).tolist(), reverse=True):
            word = vocabulary[int(random.integers(len(vocabulary)))]
            text = text[: found[place].start()] + word + text[found[place].end() :]
        made.append(text)
    return made


def word_shortcuts(
    target: Target,
    found: WordAttributions,
    said: Array,
    texts: Sequence[str],
    truth: Array,
    classes: tuple[str, ...],
    *,
    seed: int,
) -> ShortcutSearch | None:
    """Words that, put before texts of other labels, take them over. ``found`` and ``said`` name the candidates: words
    that speak most for a label; ``texts`` with labels ``truth`` are where they are tried. ``None`` where the model
    gives fewer than two labels."""
    answers = labels_of(target, texts)
    if len(np.unique(answers)) < 2:
        return None
    labels = [int(label) for label in np.unique(answers) if (answers == label).sum() >= FEWEST_INPUTS]
    candidates = [(word, label) for label in labels for word in _speaking_for(found, said, label)]
    random = np.random.default_rng(seed)
    receivers = of_other_labels(answers, random)
    tried = max(len(candidates), 1)
    usual = Rate(int((answers == truth).sum()), len(truth))
    lengths = np.array([max(1, len(WORD.findall(text))) for text in texts])
    ranked: list[tuple[float, str, int, Rate]] = []
    for word, label in candidates:
        own = np.flatnonzero(answers == label)
        given = labels_of(target, [f"{word} {texts[row]}" for row in receivers[own]])
        flips = Rate(int((given == label).sum()), len(own))
        ranked.append((least_share(flips, tried), word, label, flips))
    ranked.sort(key=lambda one: (-one[0], one[1]))
    strongest = []
    for least, word, label, flips in ranked[:SHOWN]:
        left = [word if word in {one.lower() for one in WORD.findall(text)} else "" for text in texts]
        alone = Rate(int((labels_of(target, left) == truth).sum()), len(truth))
        strongest.append(
            Shortcut(
                kind=ShortcutKind.WORD,
                name=word,
                label=classes[label] if label < len(classes) else str(label),
                flips=flips,
                least=least,
                alone=alone,
                usual=usual,
                area=float(1 / lengths.mean()),
                decides=least > DECIDES,
            )
        )
    return ShortcutSearch(tried, len(texts), tuple(strongest))


def word_stability(
    target: Target, found: WordAttributions, said: Array, *, seed: int, coalitions: int
) -> Stability | None:
    """Take one word in twenty out, at random, and compare what the other words add. ``None`` where no text has four
    words or none keeps its label."""
    random = np.random.default_rng(seed)
    texts: list[str] = []
    kept_words: list[list[int]] = []
    rows: list[int] = []
    for row, pieces in enumerate(found.pieces):
        count = len(pieces.words)
        if count < 4 or pieces.players < count:
            continue
        for _ in range(DRAWS):
            gone = set(random.choice(count, size=max(1, round(DROPPED * count)), replace=False).tolist())
            texts.append(pieces.keeping(np.array([place not in gone for place in range(count)])))
            kept_words.append([place for place in range(count) if place not in gone])
            rows.append(row)
    if not texts:
        return None
    same = np.flatnonzero(labels_of(target, texts) == said[np.array(rows)])
    if not len(same):
        return None
    chosen = [texts[at] for at in same]
    after = attributed(target, chosen, said[np.array(rows)[same]], seed=seed, coalitions=coalitions)
    correlation, overlap = [], []
    owners = []
    for place, at in enumerate(same.tolist()):
        before = np.abs(found.values[rows[at]][kept_words[at]])
        now = np.abs(after.values[place])
        if len(before) != len(now):
            continue  # taking a word out has joined its neighbours
        top = min(TOP, max(1, len(before) // 2))
        first, second = (set(np.argsort(-sizes, kind="stable")[:top].tolist()) for sizes in (before, now))
        correlation.append(float(spearman(before[None], now[None])[0]))
        overlap.append(len(first & second) / top)
        owners.append(rows[at])
    if not owners:
        return None
    by_text = np.unique(owners)
    means = [
        np.array(
            [np.mean([value for value, owner in zip(values, owners, strict=True) if owner == text]) for text in by_text]
        )
        for values in (correlation, overlap)
    ]
    return Stability(
        noise=DROPPED,
        inputs=len(by_text),
        relabelled=len(texts) - len(same),
        correlation=float(np.nanmean(means[0])) if np.isfinite(means[0]).any() else float("nan"),
        correlation_interval=mean_interval(means[0], seed),
        top=TOP,
        overlap=float(means[1].mean()),
        overlap_interval=mean_interval(means[1], seed + 1),
    )


def _speaking_for(found: WordAttributions, said: Array, label: int) -> list[str]:
    """Words whose attributions to this label's score add up highest, over the texts that have it."""
    sums: dict[str, float] = defaultdict(float)
    for pieces, values, own in zip(found.pieces, found.values, said.tolist(), strict=True):
        if own == label:
            for word, amount in zip(pieces.words, values.tolist(), strict=True):
                sums[word.lower()] += amount
    return sorted((word for word in sums if sums[word] > 0), key=lambda word: (-sums[word], word))[:CANDIDATES]


def _place(word: str) -> int:
    return int.from_bytes(blake2b(word.lower().encode("utf-8", "replace"), digest_size=4).digest()) % BINS


def _profiles(found: WordAttributions) -> Array:
    made = np.zeros((len(found.pieces), BINS))
    for row, (pieces, values) in enumerate(zip(found.pieces, found.values, strict=True)):
        for word, amount in zip(pieces.words, values.tolist(), strict=True):
            made[row, _place(word)] += amount
    return made


def _bags(texts: Sequence[str]) -> Array:
    made = np.zeros((len(texts), BINS))
    for row, text in enumerate(texts):
        for word in taken_apart(text).words:
            made[row, _place(word)] += 1
    return made
