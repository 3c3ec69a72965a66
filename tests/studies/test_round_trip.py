"""The leapfrog comes back, the released integrator does not."""

from rhelbench.studies import round_trip


def test_a_short_round_trip_in_both_frameworks():
    found = round_trip.compute(100)["round_trip"].groupby(["framework", "integrator", "dtype"]).error.max()
    for framework in ("jax", "torch"):
        assert found[framework, "leapfrog", "float64"] < 1e-13
        assert 1e-9 < found[framework, "leapfrog", "float32"] < 1e-4
    assert found["jax", "leapfrog_released", "float64"] > 1e-2
