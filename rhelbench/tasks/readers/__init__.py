"""File formats: name to reader ``read(source, scratch, name)``, which returns what the files hold."""

from rhelbench.tasks.readers import ppg_dalia, uea

READERS = {"uea": uea.read, "ppg_dalia": ppg_dalia.read}
