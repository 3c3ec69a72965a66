"""The published machine tolerates what its caption says."""

import pandas as pd

PUBLISHED = "results/published/static"


def test_the_published_machine_tolerates_what_its_caption_says():
    data = pd.read_csv(f"{PUBLISHED}/imperfect_hardware.csv")
    middle = data.groupby(["imperfection", "level", "rho"]).cosine.median()
    assert middle["friction", 1e-3].min() > 0.98
    assert middle["friction", 1e-2].max() < 0.5
    assert middle["readout", 1e-1, 1.0] > 0.9 > middle["readout", 1e-1, 0.01]
