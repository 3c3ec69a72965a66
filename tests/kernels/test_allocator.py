"""Arrays that an eager step frees and asks for again cost no new pages."""

import platform
import subprocess
import sys

import pytest

CODE = """
import resource, torch
from impl_torch.allocator import keep_freed_memory
if {set}:
    assert keep_freed_memory()
def faults(times):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(times):
        [torch.ones(2**22) for _ in range(8)]
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
faults(3)
print(faults(10))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the setting is glibc's")
def test_freed_arrays_are_used_again():
    default, kept = (
        int(subprocess.run([sys.executable, "-c", CODE.format(set=value)], capture_output=True, text=True, check=True).stdout)
        for value in (False, True)
    )
    assert default >= 100  # ten times eight arrays of 16 MiB, of new pages (of 4 KiB or, in huge ones, of 2 MiB)
    assert kept <= default / 10
