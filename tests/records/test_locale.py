"""The digest of the code, which decides whether a record is of today, does not depend on the locale."""

import os
import subprocess
import sys

from rhelbench.digest import code_digest, package_digest

ASK = "from rhelbench.records import digest; print(digest.code_digest('torch'), digest.package_digest('rhelbench.tasks'))"


def test_the_digest_of_code_is_the_same_where_text_is_ascii() -> None:
    ascii_only = {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run([sys.executable, "-c", ASK], env=os.environ | ascii_only, capture_output=True, text=True)
    assert done.stdout.split() == [code_digest("torch"), package_digest("rhelbench.tasks")], done.stderr
