"""Parity: PyTorch against JAX on equal seeds, with the noise floor if measured."""

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rhelbench.plotting import COLOURS, canvas, legend, message
from rhelbench.plotting.panels import PANEL, grid, title
from rhelbench.registry import MODELS
from rhelbench.stats import noise
from rhelbench.stats.runs import Records


def draw(records: Records) -> Figure:
    runs = records.plain().dropna(subset=["value"])
    runs = runs[runs.model.isin([name for name, model in MODELS.items() if model.hamiltonian])]
    wide = runs.pivot_table(index=[*PANEL, "algorithm", "seed"], columns="framework", values="value", aggfunc="first")
    wide = wide.reindex(columns=["jax", "torch"]).dropna().reset_index()
    if wide.empty:
        return message("No parity yet: no run of this matrix has ended in both frameworks for one seed.")
    floors = noise.frameworks(records)
    panels = list(wide.groupby(PANEL, sort=False))
    figure, axes = canvas(*grid(len(panels)), width=3.0, height=3.0)
    for ax, (key, part) in zip(axes, panels, strict=False):
        low, high = part[["jax", "torch"]].to_numpy().min() * 100, part[["jax", "torch"]].to_numpy().max() * 100
        pad = max(1.0, 0.1 * (high - low))
        limits = (low - pad, high + pad)
        ax.plot(limits, limits, color="#444444", lw=0.8, zorder=1)
        here = floors[(floors.task == key[0]) & (floors.model == key[1]) & (floors.protocol == key[2])]
        sd = here.floor_sd.max() * 100
        if sd == sd:
            reach = 2 * 2**0.5 * sd
            ax.fill_between(limits, [x - reach for x in limits], [x + reach for x in limits], color="#E8E8E8", lw=0, zorder=0)
        for algorithm, size in (("bptt", 7.0), ("rhel", 4.0)):
            own = part[part.algorithm == algorithm]
            ax.plot(own.jax * 100, own.torch * 100, color=COLOURS[algorithm], marker="o", ms=size, mec="white", mew=0.5, ls="")
        ax.set(title=title(key), xlim=limits, ylim=limits, xlabel="JAX, test metric x 100", ylabel="PyTorch, test metric x 100")
        ax.set_aspect("equal")
    for ax in axes[len(panels) :]:
        ax.remove()
    extra = [Line2D([], [], color="#E8E8E8", lw=6, label="± 2 sd of a difference that is noise alone")]
    legend(figure, ["bptt", "rhel"], [], extra if floors.floor_sd.notna().any() else None)
    return figure
