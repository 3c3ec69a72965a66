"""The static page: complete in one file, readable on a phone, its filters at work in a real browser."""

import re

import pytest

from rhelbench.report.page.statistics import SECTIONS


def test_the_page_holds_everything_it_shows(page):
    text = page.read_text(encoding="utf-8")
    assert not re.search(r'(src|href)="(?!data:)', text)
    assert text.index('id="claims"') < text.index("Table 1") < text.index("Table 2") < text.index("Figures")
    for name in ("pairs", *SECTIONS, "deviations"):
        assert f'id="{name}"' in text
    assert "not measured" in text  # the parity tests and the benchmarks are not there
    assert (page.parent / "claims.md").read_text(encoding="utf-8").startswith("# What the paper claims")
    assert text.count("<img") == 5
    assert "missing" in text
    assert 'name="viewport"' in text


@pytest.mark.browser
def test_no_console_errors_and_all_images_load(page, browser):
    browser.get(page.as_uri())
    sizes = browser.execute_script("return [...document.images].map((image) => image.complete && image.naturalWidth)")
    assert len(sizes) == 5
    assert all(size > 100 for size in sizes)
    assert [entry for entry in browser.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")] == []


@pytest.mark.browser
def test_filters_hide_rows_and_columns(page, browser):
    from selenium.webdriver.support.select import Select

    browser.get(page.as_uri())

    def shown(selector: str) -> list[str]:
        script = "return [...document.querySelectorAll(arguments[0])].filter((e) => e.offsetParent).map((e) => e.innerText)"
        return browser.execute_script(script, selector)

    everything = shown("table.wide tbody tr")
    assert len(everything) == 2 * 2 * 2 * 2 + 2 * 2  # ours: model, algorithm, framework, protocol; the paper's: model, algorithm
    Select(browser.find_element("id", "filter-framework")).select_by_visible_text("PyTorch")
    rows = shown("table.wide tbody tr")
    assert len(rows) == 12
    assert not any("JAX" in row for row in rows)
    Select(browser.find_element("id", "filter-protocol")).select_by_visible_text("exact")
    Select(browser.find_element("id", "filter-model")).select_by_visible_text("linear")
    assert len(shown("table.wide tbody tr")) == 4
    assert len(shown("table.pairs tbody tr")) == 1
    Select(browser.find_element("id", "filter-task")).select_by_visible_text("EigenWorms")
    assert [name for name in shown("table.wide th") if name in ("Heartbeat", "EigenWorms")] == ["EigenWorms"]
    assert shown("table.pairs tbody tr") == []
    browser.execute_script("document.querySelector('#consistency').open = true")
    assert len(shown("#consistency tbody tr")) == 2  # Worms, linear: both algorithms, whatever the framework
    for key in ("task", "model", "framework", "protocol"):
        Select(browser.find_element("id", f"filter-{key}")).select_by_visible_text("all")
    assert shown("table.wide tbody tr") == everything


@pytest.mark.browser
def test_a_phone_needs_no_sideways_scrolling(page, browser):
    size = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.get(page.as_uri())
    browser.execute_script("for (const one of document.querySelectorAll('details')) one.open = true")
    assert browser.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
    sizes = "[...document.querySelectorAll('p, td, th, select, summary')].map((e) => parseFloat(getComputedStyle(e).fontSize))"
    small = f"return Math.min(...{sizes})"
    assert browser.execute_script(small) >= 12
    assert browser.execute_script("return window.innerWidth") == 390
