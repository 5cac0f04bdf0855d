"""The demonstration: a small model zoo with one trojan in it and what proves the others; a model to attack and to
harden."""

from violet.exercises.demo.credit import build_credit
from violet.exercises.demo.deployment import Deployment, model_server
from violet.exercises.demo.tour import Step, steps
from violet.exercises.demo.zoo import Exhibit, build

__all__ = ["Deployment", "Exhibit", "Step", "build", "build_credit", "model_server", "steps"]
