"""Black-box attacks beside those of other libraries, on the same models and samples, at the same budget.

    .venv/bin/python benchmarks/evasion_blackbox.py [--samples 400] [--only forest-linf]

Two models are trained: a random forest on a table, and a small network on images of digits, trained on its own
adversarial examples so that it withstands some. Each contestant runs in a process and an environment of its own, with
one thread, and gives adversarial examples; what they are worth is measured here, in the same way for all. A peer that
counts by steps goes first, and Violet gets as many queries a sample as the peer spent on average.

Seconds are of the processor, model included, and are scaled to 1,000 samples.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[threads] = "1"

HOME = Path(os.environ.get("VIOLET_BENCH_HOME", Path(__file__).parent.parent / ".benchmarks"))
TORCH = "torch==2.13.0"

ENVIRONMENTS = {
    "art": (
        (TORCH, "numpy<2", "scikit-learn", "scipy", "six", "tqdm", "setuptools", "packaging"),
        ("adversarial-robustness-toolbox==1.20.1",),
    ),
    "foolbox": (
        (TORCH, "numpy", "scipy", "scikit-learn", "requests", "GitPython", "typing-extensions"),
        ("foolbox==3.3.4", "eagerpy==0.30.0", "torchattacks==3.5.1"),
    ),
}
"""What is installed first, and then what is installed without its dependencies: some name an old torch."""


@dataclass(frozen=True)
class Case:
    """``share`` of the samples is given to peers that take one sample after the other."""

    name: str
    model: str
    norm: str
    eps: float
    peers: tuple[str, ...]
    ours: tuple[str, ...]
    queries: int = 1000


CASES = (
    Case("cnn-square-linf", "cnn", "linf", 0.12, ("art:square", "foolbox:square"), ("scores/square",)),
    Case("cnn-square-l2", "cnn", "l2", 1.5, ("art:square", "foolbox:square"), ("scores/square",)),
    Case(
        "forest-l2",
        "forest",
        "l2",
        0.12,
        ("art:hopskipjump",),
        ("decisions/hopskipjump", "decisions/surfree", "decisions/opt", "scores/random-search@1/4"),
    ),
    Case(
        "forest-linf",
        "forest",
        "linf",
        0.05,
        ("art:hopskipjump",),
        (
            "decisions/hopskipjump",
            "decisions/rays",
            "decisions/opt",
            "scores/random-search@1/4",
            "transfer/surrogate@60",
        ),
    ),
    Case(
        "cnn-decisions-l2",
        "cnn",
        "l2",
        1.5,
        ("art:hopskipjump", "foolbox:hopskipjump", "foolbox:boundary"),
        ("decisions/hopskipjump", "decisions/surfree", "decisions/opt"),
    ),
    Case(
        "cnn-decisions-linf",
        "cnn",
        "linf",
        0.12,
        ("art:hopskipjump", "foolbox:hopskipjump"),
        ("decisions/hopskipjump", "decisions/rays", "decisions/opt"),
    ),
)

SEQUENTIAL = {"art:hopskipjump"}
"""Peers that are given fewer samples, because they would take all day."""


def python_of(name: str) -> str:
    home = HOME / "peers" / name
    stamp = home / "installed.txt"
    first, bare = ENVIRONMENTS[name]
    wanted = "\n".join((*first, *bare))
    if not stamp.exists() or stamp.read_text() != wanted:
        print(f"installing {', '.join(bare)}", file=sys.stderr)
        venv.create(home, with_pip=True, clear=True)
        pip = [str(home / "bin" / "pip"), "install", "-q"]
        subprocess.run([*pip, *first], check=True)
        subprocess.run([*pip, "--no-deps", *bare], check=True)
        stamp.write_text(wanted)
    return str(home / "bin" / "python")


# What every process needs: the models.


def network():
    import torch

    torch.set_num_threads(1)
    return torch.nn.Sequential(
        torch.nn.Conv2d(1, 16, 3, padding=1, stride=2), torch.nn.ReLU(),
        torch.nn.Conv2d(16, 32, 3, padding=1, stride=2), torch.nn.ReLU(),
        torch.nn.Flatten(), torch.nn.Linear(32 * 36, 10),
    )  # fmt: skip


def prepare(work: Path) -> None:
    """Train both models, and keep what they classify rightly."""
    import joblib
    import numpy as np
    import torch
    from sklearn.datasets import load_digits, make_classification
    from sklearn.ensemble import RandomForestClassifier

    x, y = make_classification(5000, 20, n_informative=10, n_redundant=4, n_classes=3, random_state=0)
    x = (x - x.min(axis=0)) / (x.max(axis=0) - x.min(axis=0))
    x = x.astype(np.float32)
    forest = RandomForestClassifier(100, random_state=0).fit(x[:3000], y[:3000])
    joblib.dump(forest, work / "forest.joblib")
    right = np.flatnonzero(forest.predict(x[3000:]) == y[3000:]) + 3000
    np.savez(work / "forest.npz", x=x[right], y=y[right].astype(np.int64))

    data, labels = load_digits(return_X_y=True)
    images = np.kron((data / 16).reshape(-1, 8, 8), np.ones((3, 3))).astype(np.float32)[:, None]
    torch.manual_seed(0)
    net = network()
    step = torch.optim.Adam(net.parameters(), 2e-3)
    loss = torch.nn.CrossEntropyLoss()
    inputs, wanted = torch.tensor(images[:900]), torch.tensor(labels[:900])
    for epoch in range(30):
        eps = 0.12 * min(1.0, epoch / 10)
        for begin in range(0, 900, 100):
            clean, truth = inputs[begin : begin + 100], wanted[begin : begin + 100]
            delta = (torch.rand_like(clean) * 2 - 1) * eps
            for _ in range(5):
                delta.requires_grad_(True)
                (slope,) = torch.autograd.grad(loss(net((clean + delta).clamp(0, 1)), truth), delta)
                delta = (delta.detach() + eps / 3 * slope.sign()).clamp(-eps, eps)
            step.zero_grad()
            loss(net((clean + delta).clamp(0, 1)), truth).backward()
            step.step()
    torch.save(net.state_dict(), work / "cnn.pt")
    with torch.inference_mode():
        told = net(torch.tensor(images[900:])).argmax(1).numpy()
    right = np.flatnonzero(told == labels[900:]) + 900
    np.savez(work / "cnn.npz", x=images[right], y=labels[right].astype(np.int64))


class Model:
    """Scores of rows, counted."""

    def __init__(self, kind: str, work: Path) -> None:
        import numpy as np

        self.rows = 0
        self.classes = 10 if kind == "cnn" else 3
        data = np.load(work / f"{kind}.npz")
        self.x, self.y = data["x"], data["y"]
        if kind == "cnn":
            import torch

            self.net = network()
            self.net.load_state_dict(torch.load(work / "cnn.pt"))
            self.net.eval()
            for parameter in self.net.parameters():
                parameter.requires_grad_(False)
        else:
            import joblib

            self.forest = joblib.load(work / "forest.joblib")
            self.net = None

    def scores(self, x):
        import numpy as np

        self.rows += len(x)
        if self.net is None:
            return self.forest.predict_proba(np.asarray(x, dtype=np.float32))
        import torch

        with torch.inference_mode():
            return self.net(torch.from_numpy(np.ascontiguousarray(x, dtype=np.float32))).numpy()

    def module(self):
        """As torch module that counts: for libraries that want one."""
        import torch

        outer = self

        class Counted(torch.nn.Module):
            def forward(self, x):
                outer.rows += len(x)
                return outer.net(x)

        return Counted().eval()


def measure(attack: str, case: Case, samples: int, few: int, queries: int, work: Path) -> dict[str, Any]:
    """Run one contestant in this process. ``few``: on so many samples the slowest peers ran, and what others reached on
    just these is said as well."""
    import numpy as np

    model = Model(case.model, work)
    x, y = model.x[:samples], model.y[:samples]
    pool = slice(samples, samples + 300)
    begun = time.process_time()
    if "/" in attack:
        moved = violet(attack, case, model, x, y, model.x[pool], queries)
    elif attack.startswith("art:"):
        moved = art(attack, case, model, x, y, queries)
    else:
        moved = foolbox(attack, case, model, x, y, queries)
    seconds = time.process_time() - begun
    spent = model.rows / len(x)
    moved = np.clip(np.asarray(moved, dtype=np.float32), 0, 1)
    fooled = model.scores(moved).argmax(axis=1) != y
    delta = np.abs(moved.astype(np.float64) - x).reshape(len(x), -1)
    distance = delta.max(axis=1) if case.norm == "linf" else np.sqrt((delta**2).sum(axis=1))
    distance = np.where(fooled, distance, np.inf)
    within = distance <= case.eps * (1 + 1e-5)
    return {
        "samples": len(x),
        "queries": spent,
        "robust": float(1 - within.mean()),
        "median": float(np.median(distance)),
        "robust_few": float(1 - within[:few].mean()),
        "median_few": float(np.median(distance[:few])),
        "seconds": seconds * 1000 / len(x),
    }


def violet(attack, case, model, x, y, pool, queries):
    import numpy as np

    from violet.attacks.base import Budget, Goal, Problem, find, run_attack
    from violet.domain.robustness import Norm, Threat
    from violet.targets.base import InputDomain, InputKind, Offers
    from violet.targets.callable_target import CallableTarget
    from violet.targets.unit import in_unit_space

    shape = x.shape[1:]
    kind = InputKind.IMAGE if len(shape) == 3 else InputKind.TABLE
    domain = InputDomain(kind, shape, np.zeros(shape), np.ones(shape), layout="chw" if len(shape) == 3 else "")
    offers = Offers.LABELS | Offers.SCORES | (Offers.PROBABILITIES if case.model == "forest" else Offers(0))
    target = in_unit_space(CallableTarget(model.scores, domain, model.classes, offers, "model"))
    name = attack.partition("@")[0]
    entry = find(name)
    labels = model.scores(pool).argmax(axis=1)
    model.rows = 0
    smallest = entry.attack.minimal and "square" not in case.name
    problem = Problem(
        target, domain.to_unit(x), y, Threat(Norm(case.norm), case.eps), Budget(queries), 0,
        Goal.SMALLEST if smallest else Goal.WITHIN, pool=domain.to_unit(pool), pool_labels=labels,
    )  # fmt: skip
    return run_attack(entry, problem).adversarial


def art(attack, case, model, x, y, queries):
    import numpy as np
    from art.attacks.evasion import HopSkipJump, SquareAttack
    from art.estimators.classification import BlackBoxClassifier, PyTorchClassifier

    norm = np.inf if case.norm == "linf" else 2
    if attack == "art:square":
        import torch

        classifier = PyTorchClassifier(
            model.module(), torch.nn.CrossEntropyLoss(), x.shape[1:], model.classes, clip_values=(0, 1)
        )
        return SquareAttack(
            classifier,
            norm=norm,
            eps=case.eps,
            max_iter=queries,
            nb_restarts=1,
            batch_size=len(x),
            p_init=0.8,
            verbose=False,
        ).generate(x, y)
    classifier = BlackBoxClassifier(model.scores, x.shape[1:], model.classes, clip_values=(0, 1))
    np.random.seed(0)
    return HopSkipJump(
        classifier, norm=norm, max_iter=8, max_eval=1000, init_eval=50, init_size=100, verbose=False
    ).generate(x, y)


def foolbox(attack, case, model, x, y, queries):
    import torch

    inputs, truth = torch.tensor(x), torch.tensor(y)
    torch.manual_seed(0)
    if attack == "foolbox:square":
        import torchattacks

        return torchattacks.Square(
            model.module(), norm="Linf" if case.norm == "linf" else "L2", eps=case.eps, n_queries=queries, p_init=0.8
        )(inputs, truth).numpy()
    import foolbox as fb
    import numpy as np

    np.random.seed(0)
    wrapped = fb.PyTorchModel(model.module(), bounds=(0, 1))
    if attack == "foolbox:boundary":
        tool = fb.attacks.BoundaryAttack(steps=900)
    else:
        tool = fb.attacks.HopSkipJumpAttack(
            steps=8, initial_gradient_eval_steps=50, max_gradient_eval_steps=1000, constraint=case.norm
        )
    _, moved, _ = tool(wrapped, inputs, truth, epsilons=[None])
    return moved[0].numpy()


def report(rows: list[tuple[str, str, dict[str, Any]]]) -> str:
    """A Markdown table for each case; ratios are Violet's figure over the first peer's."""
    lines: list[str] = []
    for case in dict.fromkeys(name for name, _, _ in rows):
        known = next(c for c in CASES if c.name == case)
        lines += [
            f"### {case}: {known.model}, {known.norm} {known.eps:g}", "",
            "| attack | samples | queries | robust accuracy (of few) | median distance (of few) | CPU s per 1,000 |",
            "|---|---|---|---|---|---|",
        ]  # fmt: skip
        for name, attack, found in rows:
            if name == case and "broke" in found:
                lines.append(f"| {attack} | breaks: {found['broke'][:90]} | | | | |")
            elif name == case:
                lines.append(
                    f"| {attack} | {found['samples']} | {found['queries']:.0f} "
                    f"| {found['robust']:.3f} ({found['robust_few']:.3f}) "
                    f"| {found['median']:.4f} ({found['median_few']:.4f}) | {found['seconds']:.1f} |"
                )
        lines.append("")
    return "\n".join(lines)


def run_apart(python: str, attack: str, case: Case, samples: int, few: int, queries: int, work: Path) -> dict[str, Any]:
    command = [python, __file__, "--measure", attack, "--only", case.name, "--work", str(work)]
    done = subprocess.run(
        [*command, "--samples", str(samples), "--few", str(few), "--queries", str(queries)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = done.stderr.strip().splitlines()[-1]
        if "/" in attack:
            raise SystemExit(f"{attack} on {case.name}:\n{done.stderr[-2000:]}")
        return {"broke": said}
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def budget(attack: str, queries: float) -> int:
    _, _, part = attack.partition("@")
    if "/" in part:
        above, _, below = part.partition("/")
        return int(queries * int(above) / int(below))
    return int(part) if part else int(queries)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=400)
    parser.add_argument("--few", type=int, default=25, help="samples of peers that take one after the other")
    parser.add_argument("--only", default="")
    parser.add_argument("--work", type=Path, default=HOME / "evasion")
    parser.add_argument("--measure", default="")
    parser.add_argument("--queries", type=int, default=0)
    given = parser.parse_args()
    chosen = [case for case in CASES if not given.only or given.only in case.name]
    if given.measure:
        print(json.dumps(measure(given.measure, chosen[0], given.samples, given.few, given.queries, given.work)))
        return
    given.work.mkdir(parents=True, exist_ok=True)
    if not (given.work / "cnn.npz").exists():
        prepare(given.work)
    rows: list[tuple[str, str, dict[str, Any]]] = []
    for case in chosen:
        spent = 0.0
        for peer in case.peers:
            samples = min(given.few if peer in SEQUENTIAL else given.samples, given.samples)
            found = run_apart(
                python_of(peer.partition(":")[0]), peer, case, samples, given.few, case.queries, given.work
            )
            rows.append((case.name, peer, found))
            print(case.name, peer, found, flush=True)
            spent = spent or found.get("queries", 0.0)
        queries = case.queries if "square" in case.name else spent
        for attack in case.ours:
            found = run_apart(
                sys.executable, attack, case, given.samples, given.few, budget(attack, queries), given.work
            )
            rows.append((case.name, attack, found))
            print(case.name, attack, found, flush=True)
    print()
    print(report(rows))


if __name__ == "__main__":
    main()
