"""Readers by file format: ``read(source, scratch, name)`` returns the content of the files."""

from rhelbench.tasks.readers import ppg_dalia, uea

READERS = {"uea": uea.read, "ppg_dalia": ppg_dalia.read}
