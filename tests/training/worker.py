"""One training job in a process of its own, on the small problem.

python -m tests.training.worker SPEC_FILE FOLDER LEARNER PAUSE_S
"""

import json
import sys
from pathlib import Path

from rhelbench.errors import UserError
from rhelbench.spec import RunSpec
from rhelbench.training import job, setup
from tests.training import softmax

spec_file, folder, learner, pause_s = sys.argv[1:]
spec = RunSpec.model_validate(json.loads(Path(spec_file).read_text()))
setup.check = lambda spec, data: None
setup.load = lambda spec, data: softmax.make_problem()
if learner == "fake":
    setup.make_learner = lambda spec, shape: softmax.Fake(spec, shape, pause_s=float(pause_s))
try:
    sys.exit(job.run(spec, Path(folder, "data"), Path(folder, "runs"), Path(folder, "scratch")))
except UserError as error:
    sys.exit(f"rhelbench: {error}")
