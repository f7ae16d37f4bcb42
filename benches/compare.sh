#!/usr/bin/env bash
# Times Hedgerow beside FediBlockHole and beside a bare loop of the csv crate, on the same
# generated lists, in one go. Machines and moments differ, so look at the ratios.
#
#   benches/compare.sh [PEER-SCRIPTS] [WORKDIR]
#
# PEER-SCRIPTS holds gen_lists.py and run_fediblockhole.sh (default: ../shared/bench beside
# the project). Needs python3 with venv and GNU time.
set -euo pipefail
cd "$(dirname "$0")/.."
peer=$(cd "${1:-../shared/bench}" && pwd)
work=${2:-$(mktemp -d)}
mkdir -p "$work"
export HEDGEROW_DATA_DIR="$work/data"

cargo build --release --quiet
cargo build --release --quiet --bench floor
hedgerow=$PWD/target/release/hedgerow
floor=$(find target/release/deps -name 'floor-*' -type f -executable -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d' ' -f2)

bash "$peer/run_fediblockhole.sh" "$work" | tee "$work/peer.txt"

# time_of NAME COMMAND…: five runs, wall seconds and peak KiB a line.
time_of() {
  local name=$1
  shift
  for _ in 1 2 3 4 5; do
    /usr/bin/time -o "$work/time" -f '%e %M' "$@" >/dev/null 2>"$work/err" || [ $? -eq 2 ] || { cat "$work/err"; exit 1; }
    tail -n 1 "$work/time"
  done >"$work/$name.txt"
}
# median FILE COLUMN
median() { sort -n -k"$2,$2" "$1" | awk -v c="$2" '{v[NR]=$c} END {print v[int((NR+1)/2)]}'; }

printf 'home.example\n' >"$work/blocked_domains.csv"
cases="10x5k 1x100k 20x50k"
for case in $cases; do
  lists=()
  for file in "$work/$case"/list-*.csv; do lists+=(--list "$file"); done
  time_of "floor-$case" "$floor" "$work/$case"/list-*.csv
  time_of "hedgerow-$case" "$hedgerow" plan "$work/blocked_domains.csv" --override most-adds --json "${lists[@]}"
done

echo
printf '%-8s %14s %14s %14s %10s %10s %12s\n' case 'peer s, MiB' 'ours s, MiB' 'floor s, MiB' faster 'of memory' 'of the floor'
for case in $cases; do
  grep "^$case run" "$work/peer.txt" | sed -E 's/.*wall=([0-9.]+) s.*peak=([0-9]+) KiB.*/\1 \2/' >"$work/peer-$case.txt"
  awk -v name="$case" \
    -v pt="$(median "$work/peer-$case.txt" 1)" -v pm="$(median "$work/peer-$case.txt" 2)" \
    -v ot="$(median "$work/hedgerow-$case.txt" 1)" -v om="$(median "$work/hedgerow-$case.txt" 2)" \
    -v ft="$(median "$work/floor-$case.txt" 1)" -v fm="$(median "$work/floor-$case.txt" 2)" \
    'BEGIN { z = 0.001; printf "%-8s %7.2f %6.0f %7.2f %6.0f %7.2f %6.0f %9.1fx %9.1f%% %11.1fx\n",
      name, pt, pm/1024, ot, om/1024, ft, fm/1024, pt/(ot+z), 100*om/pm, ot/(ft+z) }'
done

# Start-up is shorter than GNU time can see, so a hundred starts are timed.
start() { local from to; from=$(date +%s%N); for _ in $(seq 100); do "$@" >/dev/null; done; to=$(date +%s%N); echo $(((to - from) / 100000)); }
echo
echo "--help: $(start "$hedgerow" --help) µs; /bin/true: $(start /bin/true) µs; the peer: $(grep -o 'wall=[0-9.]*' <(grep -e '--help' "$work/peer.txt") | sort | sed -n 3p | cut -d= -f2) s"
