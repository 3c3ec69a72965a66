"""Studies outside the matrix: each module's ``compute`` returns its measurements as tables by name."""

#: Study: the module whose ``compute`` returns its tables; the first table has the study's name.
STUDIES: dict[str, str] = {
    name: f"rhelbench.studies.{name}"
    for name in (
        "echo",
        "toy",
        "static_gradients",
        "precision",
        "summation",
        "released_rounding",
        "epsilon",
        "round_trip",
        "passes",
        "imperfect_hardware",
        "gradient_norm",
        "calibration",
        "estimators",
        "echo_lost",
        "along_run",
    )
}
