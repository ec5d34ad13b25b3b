#!/usr/bin/env bash
# sweep.sh [--at-eof] RUN: ends everything that the bed whose folder is RUN has started, and removes the folder. The
# harness starts it with --at-eof and the write end of its stdin: however the harness ends, a SIGKILL included, stdin
# closes and the bed goes. What even that missed is swept by the next start. Only processes that carry RUN in their
# environment are ended, each by its pid; containers go with the PID namespace of their node.
set -uo pipefail

if [ "$1" = --at-eof ]; then
    cat >/dev/null
    shift
fi
run=${1:?the folder of a run}
prefix=lcmap-bed-$(basename "$run")- # of every cgroup that the run made

started() { grep -lzxF "LCMAP_BED_RUN=$run" /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3; }
cgroups() { find /sys/fs/cgroup -maxdepth 2 -type d -name "$prefix*" 2>/dev/null; }

for ((try = 0; try < 200; try++)); do
    mapfile -t pids < <(started)
    ((${#pids[@]})) || break
    kill -KILL "${pids[@]}" 2>/dev/null
    sleep 0.05
done
for ((try = 0; try < 200; try++)); do # the kernel empties them a moment after the last process is gone
    mapfile -t left < <(cgroups)
    ((${#left[@]})) || break
    find "${left[@]}" -depth -type d -exec rmdir {} + 2>/dev/null
    sleep 0.05
done
rm -rf --one-file-system "$run"
for what in "${pids[@]/#/process }" "${left[@]/#/cgroup }"; do
    echo "bed: could not remove $what of $run" >&2
done
[ ! -e "$run" ] && ((${#pids[@]} + ${#left[@]} == 0))
