#!/usr/bin/env bash
# Debian's or Ubuntu's packages for tests with a real Slurm and a real browser, where there is apt and we are root; elsewhere
# those tests are skipped.
set -euo pipefail
missing=()
for program in slurmctld slurmd sbatch:slurm-client munged:munge chromium chromedriver:chromium-driver; do
  command -v "${program%:*}" >/dev/null || missing+=("${program#*:}")
done
[ ${#missing[@]} = 0 ] && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "Missing, with no way to install: ${missing[*]}. Their tests will be skipped." >&2
  exit 0
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq || true
for package in "${missing[@]}" slurm-wlm-basic-plugins; do
  apt-get install -y -qq --no-install-recommends "$package" >/dev/null ||
    echo "Package $package cannot be had: tests that need it will be skipped." >&2
done
