"""Noise floors and the comparison of frameworks on records with known effects."""

import numpy as np
import pytest
from scipy import stats

from rhelbench.stats import noise
from tests.claims import golden


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return golden.read(tmp_path_factory.mktemp("golden"))


def test_the_noise_floors_and_the_frameworks(found):
    floors = noise.floors(found).set_index("source")
    d = np.array([0, -1, 1, 0, 0]) / 62
    #: The plain run and the five disturbed ones.
    disturbed = {"perturbation": [50, 51, 50, 51, 50, 51], "dropout_stream": [50, 49, 50, 51, 52, 53]}
    table = noise.frameworks(found).set_index("source")
    for source, correct in disturbed.items():
        floor, row = floors.loc[source], table.loc[source]
        assert floor.sd == pytest.approx(np.std(np.array(correct) / 62, ddof=1))
        assert (floor.freedom, floor.runs) == (5, 6)
        assert row.p == pytest.approx(stats.f.sf((d**2).mean() / (2 * floor.sd**2), 5, 5))
        assert row.verdict == "within"
    assert list(noise.decisive_rows(noise.frameworks(found)).source) == ["dropout_stream"]
