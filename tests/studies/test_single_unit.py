"""What the oracle shows about the method on one unit."""

from rhelbench.studies import single_unit


def test_the_method_measured_by_the_oracle():
    found = single_unit.measure_all(K=300)
    assert set(found["passes"].values()) == {3.0}
    assert found["second_derivatives"]["rhel_separate"] == 0 < found["second_derivatives"]["bptt"]
    assert found["spread"] == 0
    assert max(found["continuous"].values()) < 1e-8
    assert found["discrete"]["linear"]["pair"] < 1e-12
