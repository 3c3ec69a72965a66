"""Arrays that an eager step frees and asks for again cost no new pages."""

import platform
import subprocess
import sys

import pytest
import torch

from impl_torch.allocator import LINE, empty

CODE = """
import resource, torch
from impl_torch.allocator import keep_freed_memory
assert keep_freed_memory()
def new_pages(times):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(times):
        [torch.ones(2**22) for _ in range(8)]
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
new_pages(20)
print(new_pages(5))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the setting is glibc's")
def test_freed_arrays_are_used_again():
    """Forty arrays of 16 MiB are 163,840 pages; with glibc's defaults, a process mostly gets each of them anew."""
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 100


HOLES = """
import torch
from impl_torch.allocator import empty, keep_freed_memory
from rhelbench.bench.timing import resident
assert keep_freed_memory()
walls = []
def taken(make):
    before = resident()
    for _ in range(20):  # each leaves the hole of its first array, between arrays that stay
        first, wall = make(), make()
        first.fill_(1), wall.fill_(1)
        walls.append(wall)
        del first
    return (resident() - before) / 2**22
print(taken(lambda: empty(torch.float32, 2**20)))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="what is avoided is glibc's")
def test_an_array_takes_the_room_of_one_of_its_size():
    """Twenty arrays of 4 MiB stay; twenty more were freed between them, whose room is used again."""
    done = subprocess.run([sys.executable, "-c", HOLES], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 25


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_arrays_begin_at_a_line_of_the_cache(dtype):
    array = empty(dtype, 5, 3)
    assert (array.shape, array.dtype, array.is_contiguous(), array.data_ptr() % LINE) == ((5, 3), dtype, True, 0)
