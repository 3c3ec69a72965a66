"""The computed blocks of README and docs, one file per block or group of blocks."""
