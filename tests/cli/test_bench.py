"""What `bench` refuses to measure."""

import pytest
import torch

from rhelbench.cli import main


@pytest.mark.skipif(torch.cuda.is_available(), reason="where there is a GPU its kernels are measured")
def test_kernels_of_a_gpu_are_not_measured_without_one(tmp_path, capsys) -> None:
    assert main(["bench", "--passes", "--out", str(tmp_path)]) == 2
    assert "sees none here: run it where there is one." in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
