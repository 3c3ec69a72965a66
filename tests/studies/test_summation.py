"""Summing in float64 is measured."""

from rhelbench.studies import summation


def test_summing_in_float64_is_measured():
    found = summation.compute(lengths=(30,), draws=3)["summation"]
    assert set(found.parameter) == {"alpha", "w", "b", "c_tilde", "delta"}
    assert found["median"].between(1e-9, 1e-4).all()
