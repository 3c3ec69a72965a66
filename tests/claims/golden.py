"""The fixed records of the golden test and the files they must give; `python -m tests.claims.golden` writes those anew."""

from pathlib import Path

import pandas as pd

from rhelbench.claims import evidence
from rhelbench.claims.evidence import Evidence
from rhelbench.claims.ledger import CLAIMS, ledger
from rhelbench.files import write_csv
from rhelbench.records import collected
from rhelbench.report import tables, write
from rhelbench.stats.runs import Records
from tests.stats import factory

FOLDER = Path(__file__).with_name("expected")
#: Task and model to BPTT's and RHEL's correct answers per seed, test size, and the verdict these were made for.
PAIRS = {
    ("SelfRegulationSCP1", "linear"): ([73, 74, 72, 75, 73], [73, 74, 72, 75, 74], 85, "equivalent"),
    ("Heartbeat", "linear"): ([50, 51, 50, 52, 51], [40, 42, 40, 42, 41], 62, "different"),
    ("MotorImagery", "linear"): ([30, 24, 35, 28, 33], [33, 30, 24, 31, 28], 57, "inconclusive"),
    ("EthanolConcentration", "linear"): ([24, 23, 24, 23, 24], [24, 23, 24, 23, 24], 79, "identical"),
    ("SelfRegulationSCP2", "nonlinear"): ([30, 31, 32, 30, None], [31, 32, 33, 31, 30], 57, "constant"),
    ("EigenWorms", "nonlinear"): ([20, None, None, None, None], [21, None, None, None, None], 36, "too few"),
}
MSE = ([0.0910, 0.0912, 0.0915, 0.0908, 0.0911], [0.0911, 0.0911, 0.0916, 0.0909, 0.0910])
MAJORITY = {"EthanolConcentration": ([24, 23, 24, 23, 24], 79), "Heartbeat": ([41, 41, 44, 43, 44], 62)}
#: What the oracle and the studies are taken to have shown: the golden test is about the statistics.
MEASURED = {
    "continuous": {"integrand": 1e-11}, "discrete": {"linear": {"separate": 1e-12}, "nonlinear": {"separate": 1e-7}},
    "passes": {"2": 3.0, "16": 3.0}, "second_derivatives": {"bptt": 150, "rhel_separate": 0}, "spread": 0.0,
    "longest": {"K": 49_920, "linear": 1e-13, "nonlinear": 1e-6},
}  # fmt: skip


def rows() -> list[dict]:
    """Return the runs: the pairs, an MSE, baselines, a noise floor of either kind, and the other framework's runs of one cell."""
    found = []
    for (task, model), (bptt, rhel, total, _) in PAIRS.items():
        absent = "failed" if task == "EigenWorms" else "missing"
        for algorithm, values in (("bptt", bptt), ("rhel", rhel)):
            found += factory.counts(task, model, algorithm, values, total, protocol="released", absent=absent)
    for algorithm, values in zip(("bptt", "rhel"), MSE, strict=True):
        for seed, value in zip(factory.SEEDS, values, strict=True):
            found.append(factory.run("PPG-DaLiA", "nonlinear", algorithm, seed, value=value, protocol="released"))
    for task, (values, total) in MAJORITY.items():
        found += factory.counts(task, "majority", "bptt", values, total, framework="numpy", protocol="released")
    row = factory.run("Heartbeat", "linear", "bptt", 2345, correct=50, total=62, protocol="released")
    for number in range(1, 6):
        for source, correct in (("perturbation", 50 + number % 2), ("dropout_stream", 48 + number)):
            other = row | {"correct": correct, "value": correct / 62, source: number}
            found.append(other | {"run_id": f"{row['run_id']}-{source}-{number}"})
    return found + factory.counts("Heartbeat", "linear", "bptt", [50, 50, 51, 52, 51], 62, framework="torch", protocol="released")


def read(folder: Path) -> Records:
    """Write the records to a folder and read them as a command does."""
    return collected.read(factory.write(folder, rows()))


def outputs(found: Records, folder: Path) -> None:
    """Write everything that follows from the records: tables, statistics and the verdicts on trained runs."""
    write.write_table(folder / "table1", tables.build(found, "accuracy"))
    write.write_table(folder / "table2", tables.build(found, "mse"))
    computed = evidence.statistics(found)
    for name, table in computed.items():
        write_csv(folder / f"{name}.csv", table)
    judged: pd.DataFrame = ledger(Evidence(found, MEASURED, computed, {}, None, None, []))
    assert len(judged) == len(CLAIMS)
    write_csv(folder / "claims.csv", judged)


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as own:
        outputs(read(Path(own)), FOLDER)
