#!/usr/bin/env bash
# Debian's or Ubuntu's packages for the tests' Slurm, where there is apt and we are root; elsewhere those tests are skipped.
set -euo pipefail
command -v slurmctld slurmd munged sbatch >/dev/null && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "No Slurm and no way to install it: its tests will be skipped." >&2
  exit 0
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq && apt-get install -y -qq --no-install-recommends \
  slurmctld slurmd slurm-client slurm-wlm-basic-plugins munge >/dev/null ||
  echo "Slurm's packages cannot be had: its tests will be skipped." >&2
