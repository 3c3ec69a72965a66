"""A page made from records of the tests, and a headless browser to open it with."""

import shutil
from pathlib import Path

import pytest

from rhelbench.claims import deviations
from rhelbench.cli import main
from rhelbench.files import write_csv
from rhelbench.studies import calibration
from tests.stats import factory


@pytest.fixture(scope="session")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The static page of a small matrix in two frameworks and protocols, one task and one seed missing."""
    folder = tmp_path_factory.mktemp("page")
    rows = []
    for framework in ("jax", "torch"):
        for protocol in ("released", "exact"):
            where = {"framework": framework, "protocol": protocol}
            for algorithm, correct in (("bptt", [46, 46, 45, 46, None]), ("rhel", [45, 46, 46, 46, 46])):
                rows += factory.counts("Heartbeat", "linear", algorithm, correct, 62, **where)
                rows += factory.counts("EigenWorms", "nonlinear", algorithm, [None] * 5, 36, **where)
    collected = factory.write(folder / "collected", rows)
    options = ["--collected", str(collected)]
    figures = ["learning_curves", "final_metric", "forest", "parity", "fig3_leapfrog"]
    assert main(["figures", *options, "--out", str(folder / "figures"), "--only", *figures]) == 0
    for name, table in calibration.compute(tables=20).items():
        write_csv(folder / "published" / "static" / f"{name}.csv", table)
    published = str(folder / "published")
    claims = ["claims", *options, "--published", published, "--out", str(folder / "claims"), "--longest", "40"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(deviations, "_LENGTH", 40)  # what the numbers are is tested elsewhere
        assert main(claims) == 0
    out = folder / "index.html"
    found = ["--claims", str(folder / "claims"), "--figures", str(folder / "figures")]
    assert main(["page", *options, *found, "--out", str(out)]) == 0
    return out


@pytest.fixture
def browser(tmp_path: Path):
    """A fresh headless Chromium that logs its console; skipped where it is not installed."""
    driver_path, chromium = shutil.which("chromedriver"), shutil.which("chromium")
    if not driver_path or not chromium:
        pytest.skip("no chromium and chromedriver on this machine (tests/packages.sh installs Debian's)")
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in (
        "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", f"--user-data-dir={tmp_path / 'profile'}",
    ):  # fmt: skip
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver_path))
    driver.set_page_load_timeout(60)
    yield driver
    driver.quit()
