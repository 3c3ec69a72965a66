"""Statistics of tables of runs: pure functions without file access."""
