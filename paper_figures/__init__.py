"""One script per figure or table of the report, each a pure function of files."""
