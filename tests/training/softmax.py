"""A learner and a problem small enough to train a thousand times: softmax regression with a noisy step, in NumPy."""

import os
import signal
import time

import numpy as np

from rhelbench.contract import TaskShape
from rhelbench.seeds import generator
from rhelbench.spec import Budget, Hyperparameters, Nudge, RunSpec, Switches
from rhelbench.training.setup import Problem

HYPER = {"lr": 0.05, "blocks": 1, "hidden": 8, "state": 4, "batch": 8, "dropout": 0.1, "time_channel": False}
BUDGET = {"steps": 60, "eval_every": 10, "patience": 10, "time_limit_s": 1e6, "chunk_steps": 5}
SWITCHES = {
    "algorithm": "rhel", "integrator": "leapfrog", "c_squash": 1, "delta_init": 0.1, "delta_trained": True,
    "loss": "cross_entropy", "norm": "batch", "dropout_mask": "per_sample", "split": "content_hash",
    "batches": "every_complete",
}  # fmt: skip


def make_spec(budget=None, hyper=None, switches=None, **changes):
    """A complete RunSpec of BasicMotions; keyword arguments replace single settings."""
    nudge = Nudge(mode="relative", size=1e-3)
    plain = {
        "task": "BasicMotions", "model": "linear", "algorithm": "rhel", "framework": "jax", "protocol": "exact",
        "seed": 2345, "dtype": "float32",
    }  # fmt: skip
    return RunSpec(
        **(plain | changes),
        hyper=Hyperparameters(**(HYPER | (hyper or {}))),
        budget=Budget(**(BUDGET | (budget or {}))),
        switches=Switches(nudge=nudge, **(SWITCHES | (switches or {}))),
    )


def make_problem(length=20, channels=3, outputs=4, sizes=(40, 12, 12), noise=2.0):
    """Classes differ by their channels' means; the noise keeps a linear reader from being perfect."""
    rng = np.random.default_rng(7)
    centres = rng.standard_normal((outputs, channels))
    parts = {}
    for name, size in zip(("train", "val", "test"), sizes, strict=True):
        y = rng.integers(0, outputs, size).astype(np.int32)
        x = centres[y][:, None] + noise * rng.standard_normal((size, length, channels))
        parts[name] = x.astype(np.float32), y
    return Problem(parts, TaskShape(channels, length, outputs, "classification"), {"data": "d" * 64, "split": "s" * 64})


class Fake:
    """Implements ``rhelbench.contract.Learner``; its noise is a function of (dropout seed, step), as dropout must be.

    Args:
        nan_at: step whose loss is not finite; None for none.
        fail_at: step that raises.
        interrupt_at: step after which this process gets a SIGTERM.
        pause_s: extra seconds per step, so that there is something to interrupt.
        fidelity: what ``fidelity`` returns.
    """

    def __init__(self, spec, shape, nan_at=None, fail_at=None, interrupt_at=None, pause_s=0.0, fidelity=1e-6):
        self.spec, self.shape = spec, shape
        self.nan_at, self.fail_at, self.interrupt_at = nan_at, fail_at, interrupt_at
        self.pause_s, self.worst = pause_s, fidelity
        self.predicted = 0

    def init(self, parameters, dropout_seed):
        self.w = np.zeros((self.shape.channels, self.shape.outputs))
        self.w += parameters["encoder.weight"].sum()  # depends on the initial parameters
        self.units = {f"parameters.{path}": value for path, value in parameters.items() if ".hru." in path}  # never trained
        self.count, self.seed = 0, dropout_seed

    def put(self, x):
        return x

    def train_chunk(self, x, y, plan):
        losses = []
        for rows in plan:
            if self.count == self.fail_at:
                raise RuntimeError("out of memory")
            features, targets = x[rows].mean(1), np.eye(self.shape.outputs)[y[rows]]
            noise = generator(f"noise/{self.count}", "fake", self.seed, 0).random(features.shape) < 0.9
            p = self._softmax((features * noise) @ self.w)
            self.w -= self.spec.hyper.lr * (features * noise).T @ (p - targets) / len(rows)
            losses.append(np.nan if self.count == self.nan_at else -np.mean(np.log((p * targets).sum(1) + 1e-9)))
            self.count += 1
            if self.count == self.interrupt_at:
                os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(self.pause_s)
        return np.array(losses)

    def predict(self, x):
        self.predicted += 1
        return x.mean(1) @ self.w

    def gradients(self, x, y):
        """A gradient whose direction turns with the nudge's size: by as many radians."""
        angle = self.spec.switches.nudge.size
        return 0.0, {"w": np.array([np.cos(angle), np.sin(angle)]), "input": np.zeros(1)}

    def fidelity(self, x):
        return self.worst

    def state(self):
        return {**self.units, "parameters.w": self.w, "adam.count": np.array(self.count), "dropout.seed": np.array(self.seed)}

    def restore(self, state):
        self.units = {path: value for path, value in state.items() if ".hru." in path}
        self.w, self.count, self.seed = state["parameters.w"].copy(), int(state["adam.count"]), int(state["dropout.seed"])

    def facts(self):
        return {
            "device": "cpu", "kernel": "portable", "versions": {}, "precision": {}, "compile_s": 0.0, "compilations": 0,
            "peak_device_bytes": None,
        }  # fmt: skip

    @staticmethod
    def _softmax(z):
        e = np.exp(z - z.max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)


class Watch:
    """A watcher that asks for the end after a number of chunks."""

    def __init__(self, chunks=None):
        self.left, self.histories = chunks, []

    def evaluated(self, run):
        self.histories.append([dict(row) for row in run.history])

    def stepped(self, run):
        if self.left is not None:
            self.left -= 1
        return self.left != 0
