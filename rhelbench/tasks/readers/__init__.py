"""File formats: name to reader, each a function of a folder and a name that returns what the files hold."""

from rhelbench.tasks.readers import uea

READERS = {"uea": uea.read}
