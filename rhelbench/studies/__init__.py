"""Studies beside the matrix: each file's ``compute`` measures something and returns it as small tidy tables by name."""

#: Study to the module whose ``compute`` makes its tables; the first table has the study's name.
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
