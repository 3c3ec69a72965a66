"""Texts from results: tables, the page, blocks in README and docs."""
