"""Does a published run come out again? The comparison of two records of one specification."""

from typing import Any

import pandas as pd

Record = dict[str, Any]
#: What two runs of one specification share on one machine, bit for bit.
RESULT = ("status", "value", "correct", "total", "val", "best_step", "last_step")
#: What may differ, and then explains a difference of the results.
CIRCUMSTANCES = ("code_digest", "lock_digest", "device", "platform", "versions")
#: Verdicts, the best first.
VERDICTS = {
    "identical": "every number and every parameter came out again, bit for bit.",
    "same metric": "the test metric came out again; other bits differ, as they may on another machine or with other code.",
    "different": "the test metric differs; a CPU and a GPU draw other dropout masks: only the same kind of device can decide.",
    "not comparable": "the data or the split differ, so that the numbers answer different questions.",
}


def compare(published: Record, again: Record) -> tuple[str, pd.DataFrame]:
    """Compare a published record with a new one of the same specification.

    Args:
        published: the committed record.
        again: the record of the new run.

    Returns:
        A verdict (a key of VERDICTS), and the table kind, quantity, published, again, same: results, digests, circumstances.
    """
    rows: list[tuple[str, str, Any, Any]] = [
        *(("result", name, published["result"][name], again["result"][name]) for name in RESULT),
        *(("digest", name, published["result"]["digests"].get(name), again["result"]["digests"].get(name))
          for name in published["result"]["digests"]),
        *(("circumstance", name, published["provenance"].get(name), again["provenance"].get(name)) for name in CIRCUMSTANCES),
    ]  # fmt: skip
    table = pd.DataFrame([(kind, name, str(a), str(b), a == b) for kind, name, a, b in rows])
    table.columns = ["kind", "quantity", "published", "again", "same"]
    same = table.set_index("quantity").same
    if not same["data"] or not same["split"]:
        verdict = "not comparable"
    elif table[table.kind != "circumstance"].same.all():
        verdict = "identical"
    else:
        verdict = "same metric" if same["value"] and same["status"] else "different"
    return verdict, table
