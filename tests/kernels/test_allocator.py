"""Arrays that an eager step frees and asks for again cost no new pages."""

import platform
import subprocess
import sys

import pytest

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
import gc, torch
from impl_torch.allocator import give_back_holes, keep_freed_memory
from rhelbench.bench.timing import resident
assert keep_freed_memory()
arrays = [torch.ones(2**20) for _ in range(64)]
del arrays[:-1:2]
gc.collect()
before = resident()
assert give_back_holes()
print((before - resident()) / 2**20)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the call is glibc's")
def test_holes_are_given_back():
    """Every second one of 64 arrays of 4 MiB is freed."""
    done = subprocess.run([sys.executable, "-c", HOLES], capture_output=True, text=True, check=True)
    assert float(done.stdout) > 100
