"""Statistics of tidy tables: pure functions, no files, no framework."""
