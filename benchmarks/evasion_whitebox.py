"""White-box attacks beside their peers: robust accuracy, CPU seconds, and rows asked of the model, at equal budgets.

    .venv/bin/python benchmarks/evasion_whitebox.py            # train once, make the peers' environment, run all
    .venv/bin/python benchmarks/evasion_whitebox.py --only linf --samples 300

Two small convolutional networks, one trained plainly and one adversarially (PGD-7, Linf 0.15), on scikit-learn's
digits, enlarged to 28 x 28 and turned, moved and scaled at random; train and test come from different originals. Each
peer runs in a process of its own, with one thread, on the same samples (those that the network classifies correctly).
What each claims is asked again of the network here, in float32, and counts only within the radius.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
import venv
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HOME = Path(os.environ.get("VIOLET_BENCH_HOME", Path(__file__).parent.parent / ".benchmarks")) / "evasion"
TORCH = "torch==2.13.0"
PEERS = (
    "torchattacks==3.5.1",
    "foolbox==3.3.4",
    "adversarial-robustness-toolbox==1.20.1",
    "secml-torch==1.5",
    "adv-lib==0.2.8",
    "pyautoattack==0.2.0",
    "eagerpy==0.30.0",
)
LIGHT = (
    "numpy",
    "scipy",
    "tqdm",
    "requests",
    "scikit-learn",
    "six",
    "gitpython",
    "typing-extensions",
    "setuptools<81",
    "packaging",
)
EPS = {"linf": 0.15, "l2": 1.5, "l1": 12.0}
"""Radii for the adversarially trained network."""
PLAIN = {"linf": 0.06, "l2": 0.8, "l1": 6.0}
"""Radii for the plain one, which falls completely to larger ones."""


def network() -> Any:
    from torch import nn

    class Network(nn.Module):  # ART walks through the layers of a bare Sequential by itself, past what counts its rows
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Sequential(
                nn.Conv2d(1, 16, 5, 2, 2), nn.ReLU(), nn.Conv2d(16, 32, 5, 2, 2), nn.ReLU(),
                nn.Flatten(), nn.Linear(32 * 49, 100), nn.ReLU(), nn.Linear(100, 10),
            )  # fmt: skip

        def forward(self, x: Any) -> Any:
            return self.body(x)

    return Network()


def images(count: int, seed: int, part: slice) -> tuple[Any, Any]:
    """Digits from one part of the originals, each turned, moved and scaled: ``(count, 1, 28, 28)`` in [0, 1]."""
    import torch
    from sklearn.datasets import load_digits
    from torch.nn import functional

    known = load_digits()
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(known.target), generator=torch.Generator().manual_seed(0))[part]
    chosen = order[torch.randint(len(order), (count,), generator=generator)]
    small = torch.tensor(known.images, dtype=torch.float32)[chosen][:, None] / 16
    angle = (torch.rand(count, generator=generator) - 0.5) * 0.6
    size = 0.9 + 0.4 * torch.rand(count, generator=generator)
    move = (torch.rand(count, 2, generator=generator) - 0.5) * 0.3
    matrix = torch.stack(
        [
            torch.stack([angle.cos() * size, -angle.sin() * size, move[:, 0]], 1),
            torch.stack([angle.sin() * size, angle.cos() * size, move[:, 1]], 1),
        ],
        1,
    )
    grid = functional.affine_grid(matrix, [count, 1, 28, 28], align_corners=False)
    large = functional.grid_sample(small, grid, mode="bilinear", align_corners=False).clamp(0, 1)
    return large, torch.tensor(known.target)[chosen].long()


def train(adversarial: bool) -> Any:
    """The network's weights: kept, so that every run meets the same ones."""
    import torch
    from torch.nn import functional

    path = HOME / ("adversarial.pt" if adversarial else "plain.pt")
    model = network()
    if path.exists():
        model.load_state_dict(torch.load(path, weights_only=True))
        return model.eval()
    print(f"training {path.stem}", file=sys.stderr)
    torch.manual_seed(1)
    for module in model.body:
        if hasattr(module, "reset_parameters"):
            module.reset_parameters()
    x, y = images(6000, 1, slice(0, 1200))
    epochs = 16 if adversarial else 6
    optimiser = torch.optim.Adam(model.parameters(), 2e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=epochs * 60)
    for epoch in range(epochs):
        for rows in torch.randperm(len(x)).split(100):
            at, labels = x[rows], y[rows]
            if adversarial:
                eps = EPS["linf"] * min(1.0, (epoch + 1) / 5)
                moved = (at + torch.empty_like(at).uniform_(-eps, eps)).clamp(0, 1)
                for _ in range(7):
                    moved.requires_grad_(True)
                    (slope,) = torch.autograd.grad(functional.cross_entropy(model(moved), labels), moved)
                    moved = moved.detach() + eps / 3 * slope.sign()
                    moved = torch.minimum(torch.maximum(moved, at - eps), at + eps).clamp(0, 1)
                at = moved
            optimiser.zero_grad()
            functional.cross_entropy(model(at), labels).backward()
            optimiser.step()
            schedule.step()
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(model.state_dict(), path)
    return model.eval()


def correct(adversarial: bool, count: int) -> tuple[Any, Any, Any]:
    """The network, and the test samples that it classifies correctly."""
    import torch

    model = train(adversarial)
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    x, y = images(count, 2, slice(1200, None))
    with torch.no_grad():
        right = model(x).argmax(1) == y
    return model, x[right], y[right]


class Counted:
    """Counts the rows that go forward through a module, and those that come back."""

    def __init__(self, module: Any) -> None:
        self.forward = self.backward = 0
        self.handle = module.register_forward_hook(self._seen)

    def _seen(self, module: Any, inputs: Any, output: Any) -> None:
        self.forward += len(output)
        if output.requires_grad:
            output.register_hook(self._back)

    def _back(self, slope: Any) -> None:
        self.backward += len(slope)


def plan(norm: str) -> list[tuple[str, str, str, str]]:
    """What is compared with what: ``(line, ours, options, peer's)``; each peer's attack is one function below."""
    steps = [
        ("PGD-20", "gradient/pgd", "steps=20", "torchattacks.pgd20 foolbox.pgd20 art.pgd20 secml.pgd20 advlib.pgd20"),
        ("PGD-40", "gradient/pgd", "steps=40", "torchattacks.pgd40 foolbox.pgd40 art.pgd40 secml.pgd40 advlib.pgd40"),
        ("APGD-100, CE", "gradient/apgd-ce", "", "autoattack.ce torchattacks.ce advlib.ce art.ce"),
        ("APGD-100, DLR", "gradient/apgd-dlr", "", "autoattack.dlr torchattacks.dlr advlib.dlr"),
        ("APGD-T, 9 x 100", "gradient/apgd-t", "", "autoattack.t torchattacks.t advlib.t"),
        ("FAB-T, 9 x 100", "gradient/fab-t", "", "autoattack.fab torchattacks.fab advlib.fab"),
        ("FMN-100", "gradient/fmn", "steps=100", "foolbox.fmn advlib.fmn secml.fmn"),
        ("ensemble, white box", "ensemble", "", "autoattack.standard"),
    ]
    lacking = {
        "l2": ("secml.fmn",),
        "l1": ("pgd20", "pgd40", "torchattacks.", "art.", "secml.fmn"),
        "linf": ("secml.fmn",),
    }[norm]
    kept = []
    for line, ours, options, peers in steps:
        left = " ".join(peer for peer in peers.split() if not any(word in peer for word in lacking))
        if norm == "l2":
            left = " ".join(peer for peer in left.split() if peer not in ("advlib.pgd20", "advlib.pgd40"))
        kept.append((line, ours, options, left))
    return kept


def stub_plots() -> None:
    """adv-lib and secml-torch import torchvision and visdom for models and plots that no attack here needs."""
    import importlib.machinery
    from unittest.mock import MagicMock

    names = "visdom torchvision torchvision.models torchvision.transforms torchvision.transforms.functional"
    for name in (*names.split(), "torchvision.datasets", "torchvision.utils"):
        sys.modules[name] = MagicMock(__spec__=importlib.machinery.ModuleSpec(name, None))


def peer_attack(name: str, model: Any, norm: str, eps: float) -> Callable[[Any, Any], Any]:
    """The peer's attack as a function of samples and labels. Imports and preparation are not timed."""
    library, _, kind = name.partition(".")
    number = {"linf": float("inf"), "l2": 2, "l1": 1}[norm]
    spelled = {"linf": "Linf", "l2": "L2", "l1": "L1"}[norm]
    steps = int(kind[3:]) if kind.startswith("pgd") else 100
    return globals()[f"_{library}"](model, kind, spelled, number, eps, steps)


def _torchattacks(model: Any, kind: str, norm: str, p: float, eps: float, steps: int) -> Any:
    import torchattacks as ta

    if kind.startswith("pgd"):
        if norm == "Linf":
            return ta.PGD(model, eps=eps, alpha=2.5 * eps / steps, steps=steps)
        return ta.PGDL2(model, eps=eps, alpha=2.5 * eps / steps, steps=steps)
    if kind in ("ce", "dlr"):
        return ta.APGD(model, norm=norm, eps=eps, steps=100, n_restarts=1, loss=kind)
    if kind == "t":
        return ta.APGDT(model, norm=norm, eps=eps, steps=100, n_restarts=1, n_classes=10)
    return ta.FAB(model, norm=norm, eps=eps, steps=100, n_restarts=1, multi_targeted=True, n_classes=10)


def _foolbox(model: Any, kind: str, norm: str, p: float, eps: float, steps: int) -> Any:
    import foolbox as fb

    wrapped = fb.PyTorchModel(model, bounds=(0, 1))
    if kind == "fmn":
        attack = {"Linf": fb.attacks.LInfFMNAttack, "L2": fb.attacks.L2FMNAttack, "L1": fb.attacks.L1FMNAttack}[norm](
            steps=100
        )
        return lambda x, y: attack.run(wrapped, x, fb.criteria.Misclassification(y))
    made = fb.attacks.LinfPGD if norm == "Linf" else fb.attacks.L2PGD
    attack = made(rel_stepsize=2.5 / steps, steps=steps)
    return lambda x, y: attack.run(wrapped, x, fb.criteria.Misclassification(y), epsilon=eps)


def _art(model: Any, kind: str, norm: str, p: float, eps: float, steps: int) -> Any:
    import torch
    from art.attacks.evasion import AutoProjectedGradientDescent, ProjectedGradientDescentPyTorch
    from art.estimators.classification import PyTorchClassifier

    wrapped = PyTorchClassifier(model, torch.nn.CrossEntropyLoss(), (1, 28, 28), 10, clip_values=(0, 1))
    if kind == "ce":
        attack: Any = AutoProjectedGradientDescent(
            wrapped, norm=p, eps=eps, eps_step=2 * eps, max_iter=100, nb_random_init=1, batch_size=1000,
            loss_type="cross_entropy", verbose=False,
        )  # fmt: skip
    else:
        attack = ProjectedGradientDescentPyTorch(
            wrapped, norm=p, eps=eps, eps_step=2.5 * eps / steps, max_iter=steps, num_random_init=1, batch_size=1000,
            verbose=False,
        )  # fmt: skip
    return lambda x, y: torch.from_numpy(attack.generate(x.numpy(), y.numpy()))


def _secml(model: Any, kind: str, norm: str, p: float, eps: float, steps: int) -> Any:
    import torch

    stub_plots()
    from secmlt.adv.backends import Backends
    from secmlt.adv.evasion.pgd import PGD
    from secmlt.models.pytorch.base_pytorch_nn import BasePyTorchClassifier
    from torch.utils.data import DataLoader, TensorDataset

    wrapped = BasePyTorchClassifier(model)
    attack = PGD(
        perturbation_model=norm.lower(), epsilon=eps, num_steps=steps, step_size=2.5 * eps / steps, random_start=True,
        backend=Backends.NATIVE,
    )  # fmt: skip

    def run(x: Any, y: Any) -> Any:
        found = attack(wrapped, DataLoader(TensorDataset(x, y), batch_size=len(x)))
        return torch.cat([batch for batch, _ in found])

    return run


def _advlib(model: Any, kind: str, norm: str, p: float, eps: float, steps: int) -> Any:
    stub_plots()
    from adv_lib import attacks

    if kind.startswith("pgd"):
        return lambda x, y: attacks.pgd_linf(model, x, y, eps, steps=steps, relative_step_size=2.5 / steps)
    large = {"use_large_reps": norm == "L1"}
    if kind in ("ce", "dlr"):
        return lambda x, y: attacks.apgd(model, x, y, eps, p, n_iter=100, loss_function=kind, **large)
    if kind == "t":
        return lambda x, y: attacks.apgd_targeted(model, x, y, eps, p, n_iter=100, num_targets=9, **large)
    if kind == "fab":
        return lambda x, y: attacks.fab(model, x, y, p, n_iter=100, restarts=9, targeted_restarts=True)
    return lambda x, y: attacks.fmn(model, x, y, p, steps=100)


def _autoattack(model: Any, kind: str, norm: str, p: float, eps: float, steps: int) -> Any:
    from pyautoattack import AutoAttack

    names = {"ce": ["apgd-ce"], "dlr": ["apgd-dlr"], "t": ["apgd-t"], "fab": ["fab-t"]}
    chosen = names.get(kind, ["apgd-ce", "apgd-t", "fab-t"])
    whole = AutoAttack(model, norm=norm, eps=eps, seed=0, version="custom", attacks=chosen)
    # As its version "standard" sets them; each on its own otherwise.
    whole.apgd.n_restarts = 1
    whole.fab.n_restarts = 1
    whole.apgd_targeted.n_restarts = 1
    whole.apgd_targeted.n_target_classes = whole.fab.n_target_classes = 9
    if norm == "L1":
        whole.apgd.use_largereps = whole.apgd_targeted.use_largereps = True

    def run(x: Any, y: Any) -> Any:
        found = whole.run_standard_evaluation(x, y, batch_size=len(x))
        return found[0] if isinstance(found, tuple) else found

    return run


def inside(name: str, adversarial: bool, norm: str, count: int) -> dict[str, float]:
    """One peer's attack, in its own environment: what it claims is judged here, the same for all."""
    import torch

    torch.set_num_threads(1)
    model, x, y = correct(adversarial, count)
    eps = EPS[norm] if adversarial else PLAIN[norm]
    attack = peer_attack(name, model, norm, eps)
    torch.manual_seed(0)
    counted = Counted(model)
    begun = time.process_time()
    found = attack(x.clone(), y.clone()).detach()
    spent = time.process_time() - begun
    counted.handle.remove()
    delta = (found.double() - x.double()).flatten(1)
    p = {"linf": float("inf"), "l2": 2.0, "l1": 1.0}[norm]
    size = torch.linalg.vector_norm(delta, p, dim=1)
    with torch.no_grad():
        fooled = model(found.float()).argmax(1) != y
    # Peers round where they will: a hundred-thousandth beyond the radius is forgiven them.
    inside_ball = (
        (size <= eps * (1 + 1e-5) + 1e-6) & (found >= -1e-6).flatten(1).all(1) & (found <= 1 + 1e-6).flatten(1).all(1)
    )
    fell = fooled & inside_ball
    return {
        "robust": 1 - float(fell.float().mean()),
        "median": float(size[fooled].median()) if bool(fooled.any()) else float("nan"),
        "seconds": spent * 1000 / len(x),
        "forward": counted.forward * 1000 / len(x),
        "backward": counted.backward * 1000 / len(x),
    }


def ours(name: str, options: str, adversarial: bool, norm: str, count: int) -> dict[str, float]:
    """As ``inside``, of an attack of Violet; what it claims is asked again as ``violet test`` does."""
    import numpy as np
    import torch

    from violet.attacks.base import Budget, Goal, Problem, find, run_attack
    from violet.attacks.gradient.ensemble import STANDARD
    from violet.domain.robustness import Norm, Threat
    from violet.targets.base import InputDomain, InputKind
    from violet.targets.torch_module import TorchTarget
    from violet.targets.unit import in_unit_space

    torch.set_num_threads(1)
    model, tensors, classes = correct(adversarial, count)
    domain = InputDomain(InputKind.IMAGE, (1, 28, 28), np.zeros(()), np.ones(()), "chw")
    target = in_unit_space(TorchTarget(model, domain, 10))
    x, y = tensors.double().numpy(), classes.numpy()
    threat = Threat(Norm(norm), EPS[norm] if adversarial else PLAIN[norm])
    given: dict[str, int] = {key: int(value) for key, _, value in (part.partition("=") for part in options.split())}
    goal = (
        Goal.SMALLEST if name == "gradient/fmn" else Goal.WITHIN
    )  # as the peers' FMN, which does not stop at a radius
    names = [each for each in STANDARD if each.startswith("gradient/")] if name == "ensemble" else [name]
    for each in names:  # imports are not timed, here or there
        run_attack(find(each), Problem(target, x[:2], y[:2], threat, Budget(4), 0, goal))
    standing = np.arange(len(x))
    fell = np.zeros(len(x), dtype=bool)
    distances = np.full(len(x), np.inf)
    rows, gradients, begun = target.counter.rows, target.counter.gradients, time.process_time()
    for each in names:
        entry = find(each)
        budget = Budget(entry.attack.queries)
        result = run_attack(entry, Problem(target, x[standing], y[standing], threat, budget, 0, goal, options=given))
        hit = result.fooled & (result.distance <= threat.eps * (1 + 1e-6))
        distances[standing] = result.distance
        fell[standing[hit]] = target.labels(result.adversarial[hit]) != y[standing[hit]]
        target.counter.rows -= int(hit.sum())
        standing = np.flatnonzero(~fell)
    spent = time.process_time() - begun
    return {
        "robust": 1 - float(fell.mean()),
        "median": float(np.median(distances[np.isfinite(distances)])) if np.isfinite(distances).any() else float("nan"),
        "seconds": spent * 1000 / len(x),
        "forward": (target.counter.rows - rows) * 1000 / len(x),
        "backward": (target.counter.gradients - gradients) * 1000 / len(x),
    }


def bare(adversarial: bool, count: int, passes: int = 10) -> float:
    """CPU seconds of one forward and backward pass of 1,000 samples, and nothing else."""
    import torch

    torch.set_num_threads(1)
    model, x, _ = correct(adversarial, count)
    one = torch.ones(len(x), 10)
    leaf = x.clone().requires_grad_(True)
    torch.autograd.grad(model(leaf), leaf, one)
    begun = time.process_time()
    for _ in range(passes):
        torch.autograd.grad(model(leaf), leaf, one)
    return (time.process_time() - begun) / passes * 1000 / len(x)


def environment() -> str:
    """The Python of the peers' environment, made when it is missing. torch first, so that nothing brings another."""
    home = HOME / "peers"
    stamp, wanted = home / "installed.txt", "\n".join((TORCH, *PEERS, *LIGHT))
    if not stamp.exists() or stamp.read_text() != wanted:
        print("installing the peers", file=sys.stderr)
        venv.create(home, with_pip=True, clear=True)
        for packages in ((TORCH,), ("--no-deps", *PEERS), LIGHT):
            subprocess.run([home / "bin" / "pip", "install", "-q", *packages], check=True)
        stamp.write_text(wanted)
    return str(home / "bin" / "python")


def measured(python: str, *arguments: str) -> dict[str, float] | None:
    """One measurement in a process of its own; ``None`` where it broke (the last line of its error is printed)."""
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "VIOLET_BENCH_HOME": str(HOME.parent)}
    done = subprocess.run(
        [python, __file__, "--one", *arguments], capture_output=True, text=True, env={**os.environ, **threads}
    )
    for line in reversed(done.stdout.splitlines()):
        if line.startswith("{"):
            return dict(json.loads(line))
    print("   ", " ".join(arguments), "broke:", (done.stderr.strip().splitlines() or ["?"])[-1], file=sys.stderr)
    return None


def lines(python: str, adversarial: bool, norm: str, count: int, only: str) -> Iterator[str]:
    kind = "adversarial" if adversarial else "plain"
    eps = EPS[norm] if adversarial else PLAIN[norm]
    yield f"\n### {kind} training, {norm} {eps:g}\n"
    yield "| attack | | robust accuracy % | CPU seconds | times ours | forward | backward | median distance |"
    yield "|---|---|---|---|---|---|---|---|"
    for line, name, options, peers in plan(norm):
        if only and only not in line:
            continue
        base = measured(sys.executable, name, kind, norm, str(count), options)
        for who in ("Violet", *peers.split()):
            seen = base if who == "Violet" else measured(python, who, kind, norm, str(count))
            if seen is None or base is None:
                yield f"| {line} | {who} | broke | | | | | |"
                continue
            yield (
                f"| {line} | {who.partition('.')[0]} | {100 * seen['robust']:.1f} | {seen['seconds']:.2f} | "
                f"{seen['seconds'] / base['seconds']:.2f} | {seen['forward']:,.0f} | {seen['backward']:,.0f} | "
                f"{seen['median']:.4f} |"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--only", default="", help="linf, l2 or l1")
    parser.add_argument("--line", default="", help="lines whose name has this in it")
    parser.add_argument("--model", default="", help="plain or adversarial")
    parser.add_argument("--one", nargs="*", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        name, kind, norm, count, *options = given.one
        if "/" in name or name == "ensemble":
            print(json.dumps(ours(name, " ".join(options), kind == "adversarial", norm, int(count))))
        elif name == "bare":
            print(json.dumps({"seconds": bare(kind == "adversarial", int(count))}))
        else:
            print(json.dumps(inside(name, kind == "adversarial", norm, int(count))))
        return
    python = environment()
    for adversarial in (True, False):
        kind = "adversarial" if adversarial else "plain"
        if given.model not in ("", kind):
            continue
        train(adversarial)
        one = measured(sys.executable, "bare", kind, "linf", str(given.samples))
        if one:
            print(f"\nBare forward and backward pass of 1,000 samples: {one['seconds']:.3f} CPU seconds", flush=True)
        for norm in EPS:
            if given.only in ("", norm):
                for line in lines(python, adversarial, norm, given.samples, given.line):
                    print(line, flush=True)


if __name__ == "__main__":
    main()
