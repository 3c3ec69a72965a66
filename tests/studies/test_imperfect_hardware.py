"""Every imperfection costs something."""

from rhelbench.studies import imperfect_hardware


def test_each_imperfection_does_something_and_none_does_nothing():
    levels = dict.fromkeys(imperfect_hardware.LEVELS, (0.05,))
    found = imperfect_hardware.compute(length=40, draws=2, levels=levels)["imperfect_hardware"]
    perfect = found[(found.level == 0) & (found.rho == 0.01)]
    assert (perfect.lowest > 1 - 1e-6).all()
    worst = found[(found.level > 0) & (found.rho == 0.01)].groupby("imperfection").lowest.min()
    assert set(worst.index) == set(levels)
    assert (worst < 0.9999).all()
