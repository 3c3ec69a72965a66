"""How algorithms and frameworks are called in tables, figures and pages."""

#: Names as printed.
LABELS: dict[str, str] = {
    "bptt": "BPTT",
    "rhel": "RHEL",
    "rhel_separate": "RHEL, two separate echoes",
    "rhel_released": "RHEL, released rule",
    "baseline": "baseline",
    "jax": "JAX",
    "torch": "PyTorch",
    "numpy": "NumPy",
    "paper": "paper",
}
