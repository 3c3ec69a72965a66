"""The paper's numbers as they are kept."""

import pytest

from rhelbench.records import reported


def test_the_papers_average_column_follows_from_its_cells():
    paper = reported.read()
    for _, rows in paper[paper.metric == "accuracy"].groupby(["model", "algorithm"]):
        tasks, average = rows[rows.task != "average"], rows[rows.task == "average"].iloc[0]
        assert tasks["mean"].mean() == pytest.approx(average["mean"], abs=0.0011)
        assert tasks.sd.mean() == pytest.approx(average.sd, abs=0.0011)
