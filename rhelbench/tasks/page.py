"""A task's page of facts and its example plot, for the report."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhelbench.plotting.html import data_uri, render
from rhelbench.tasks.card import Card

#: Number of channels in the example plot; more would overlap.
SHOWN = 6
TEMPLATE = Path(__file__).with_name("page.html")


def write(card: Card, facts: dict[str, Any], picture: Path, target: Path) -> None:
    """Write the page, a pure function of dataset card, facts and picture."""
    values = {"rows": _rows(facts), "findings": findings(facts), "source": _source(card, facts), "picture": data_uri(picture)}
    target.write_text(render(TEMPLATE, card=card, facts=facts, **values), encoding="utf-8")


def findings(facts: dict[str, Any]) -> list[str]:
    """Return sentences on measured properties: copies among channels, constant channels, repeats."""
    lines = [lag_sentence(facts)]
    if facts["constant_channels"]:
        lines.append(f"Constant channels: {', '.join(map(str, facts['constant_channels']))}.")
    if facts.get("target_variance") == 0:
        lines.append("All targets are equal: there is nothing to learn.")
    repeats = facts.get("repeats")
    if repeats:
        outcome = "label" if facts["classes"] else "target"
        lines.append(
            f"Repeated samples: {repeats['total']}; of the archive's test samples {repeats['in_both_parts']} are also in its "
            f"train part; {repeats['with_another_label']} repeats bear another {outcome} than the first copy."
        )
    return lines


def lag_sentence(facts: dict[str, Any]) -> str:
    """Return which channels copy which, in one sentence if a single rule covers them."""
    copies = facts["lagged_copies"]
    if not copies:
        return "No channel is a shifted copy of another."
    step = copies[0]["lag"]
    regular = [{"channel": c, "of": 0, "lag": c * step} for c in range(1, facts["channels"])]
    if copies == regular and step:
        way = "advanced" if step > 0 else "delayed"
        return (
            f"Channel c equals channel 0 {way} by {abs(step)} c steps, in every sample and at every step: the "
            f"{facts['channels']} channels are lagged windows of one signal."
        )
    each = "; ".join(f"channel {c['channel']} is channel {c['of']} moved by {c['lag']}" for c in copies)
    return f"Shifted copies (in steps, forwards): {each}."


def _rows(facts: dict[str, Any]) -> list[tuple[str, str]]:
    rows = [("Samples", f"{facts['samples']} distinct" if "recordings" not in facts else f"{facts['samples']} subjects")]
    if facts.get("archive_samples", {}).get("test"):
        rows.append(("In the archive", " + ".join(f"{n} {part}" for part, n in facts["archive_samples"].items())))
    rows += [("Channels", str(facts["channels"])), ("Length", f"{facts['length']:,} steps")]
    if facts["classes"]:
        rows.append(("Classes", ", ".join(f"{name}: {n}" for name, n in facts["class_counts"].items())))
        rows.append(("Majority class", f"{100 * facts['majority_rate']:.1f} %"))
    elif "target_variance" in facts:
        rows.append(("Variance of the target", f"{facts['target_variance']:.4g}"))
    else:
        steps = [recording["steps"] for recording in facts["recordings"].values()]
        rows.append(("Recording lengths", f"{min(steps):,} to {max(steps):,} steps"))
    low, high = facts["value_range"]
    return [*rows, ("Missing values", str(facts["missing"])), ("Value range", f"{low:.6g} to {high:.6g}")]


def _source(card: Card, facts: dict[str, Any]) -> list[tuple[str, str]]:
    rows = [("Citation", card.citation), ("Licence", card.licence), ("Homepage", card.homepage)]
    return rows + [(name.capitalize(), str(value)) for name, value in facts["source"].items()] + [("Digest", facts["digest"])]


def draw(examples: dict[str, NDArray[np.float32]], target: Path) -> None:
    """Draw one example per class or subject, up to SHOWN channels each.

    Args:
        examples: sample (L, d) by title.
        target: PNG file.
    """
    from rhelbench.plotting.style import canvas  # seaborn takes 2 s to import

    columns = min(2, len(examples))
    figure, axes = canvas(-(-len(examples) // columns), columns, width=4.2, height=2.0)
    for axis, (title, sample) in zip(axes, examples.items(), strict=False):
        axis.plot(sample[:, :SHOWN], linewidth=0.7)
        axis.set_title(title)
        axis.set_xlabel("step")
        axis.margins(x=0)
    for axis in axes[len(examples) :]:
        axis.axis("off")
    channels = next(iter(examples.values())).shape[1]
    shown = f"channels 0 to {min(SHOWN, channels) - 1} of {channels}" if channels > SHOWN else f"{channels} channels"
    figure.supylabel(f"value ({shown})", fontsize=9)
    figure.savefig(target, metadata={"Software": None})
