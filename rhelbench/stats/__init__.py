"""From tidy records to tables, tests and verdicts; every result is a pure function of files and explicit generators."""
