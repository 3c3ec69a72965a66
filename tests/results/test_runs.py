"""The published runs: as the manifest says, of clean commits, and collected into the published tables."""

import json
import re
from pathlib import Path

from rhelbench.bench import overhead
from rhelbench.config import expand
from rhelbench.records import manifest, publish, published

PUBLISHED = Path("results/published")


def test_what_is_committed_is_what_the_manifest_says():
    assert manifest.check(PUBLISHED) == len(json.loads((PUBLISHED / manifest.NAME).read_text()))


def test_every_published_record_is_of_a_clean_commit_and_of_a_run_that_is_asked_for():
    wanted = {spec.run_id: spec for spec in publish.specs(publish.configurations())}
    runs = published.read(PUBLISHED)
    assert len(runs) > 1000
    for run_id, run in runs.items():
        record = run.record
        assert record["result"]["spec"] == wanted[run_id].model_dump(mode="json")
        git = record["provenance"]["git"]
        assert git["dirty"] is False or re.fullmatch(r"[0-9a-f]{40}", git["same_code_as"])
        for name in ("device", "precision", "versions", "code_digest", "lock_digest"):
            assert record["provenance"][name], name


def test_the_pipeline_of_the_published_runs_adds_up() -> None:
    wanted = [spec.run_id for spec in expand.expand(expand.read("config/published/smoke.yaml"))]
    table = overhead.pipeline(PUBLISHED, wanted)
    parts = [f"{name}_s" for name in (*overhead.ACTIVITIES, "rest")]
    assert (table[parts].sum(axis=1) - table.wall_s).abs().max() < 1e-6
    assert (table.rest_s >= 0).all()
