"""Figures of the report, one module per figure, each a pure function of files."""
