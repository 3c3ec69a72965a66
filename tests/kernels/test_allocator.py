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
