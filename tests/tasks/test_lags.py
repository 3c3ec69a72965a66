import numpy as np
import pytest

from rhelbench.tasks.lags import lagged_copies
from rhelbench.tasks.page import lag_sentence


def shifted(lags, n=4, length=120, reach=60):
    signal = np.random.default_rng(0).normal(size=(n, length + 2 * reach)).astype("f4")
    return np.stack([signal[:, reach + lag : reach + lag + length] for lag in lags], axis=2)


@pytest.mark.parametrize("step", [6, -7, 1, 11])
def test_a_bank_of_lags_is_found_and_said(step):
    copies = lagged_copies(shifted([c * step for c in range(5)]))
    assert copies == [{"channel": c, "of": 0, "lag": c * step} for c in range(1, 5)]
    sentence = lag_sentence({"lagged_copies": copies, "channels": 5})
    assert f"{'advanced' if step > 0 else 'delayed'} by {abs(step)} c steps" in sentence


def test_equal_channels_have_lag_zero():
    assert lagged_copies(shifted([0, 0])) == [{"channel": 1, "of": 0, "lag": 0}]


def test_a_copy_in_all_samples_but_one_is_none():
    x = shifted([0, 6])
    x[3, 50, 1] += 1
    assert lagged_copies(x) == []


def test_a_flat_start_hides_nothing_and_flat_channels_say_nothing():
    x = shifted([0, 6, 6])
    x[:, :36, 0] = 0
    x[:, :30, 1] = 0
    x[:, :, 2] = 0
    assert lagged_copies(x) == [{"channel": 1, "of": 0, "lag": 6}]


def test_noise_has_no_copies():
    assert lagged_copies(np.random.default_rng(1).normal(size=(3, 50, 4)).astype("f4")) == []
    assert lag_sentence({"lagged_copies": [], "channels": 4}) == "No channel is a shifted copy of another."


def test_recordings_of_different_lengths():
    x = shifted([0, 6])
    assert lagged_copies([x[0], x[1, :90]]) == [{"channel": 1, "of": 0, "lag": 6}]
