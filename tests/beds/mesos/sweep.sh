#!/usr/bin/env bash
# sweep.sh RUNS_DIR        ends what killed tests left behind: every bed there whose owner no longer holds its lock
# sweep.sh --bed BED_DIR   waits until standard input closes, which the owner's end does however it ends, and ends that one bed
# Whatever belongs to a bed carries LCMAP_BED=<its folder> in its environment, tasks included.
set -uo pipefail

end() {
    local bed=$1 environ pid round
    for round in 1 2 3; do # an executor may start a process between two looks
        local found=()
        for environ in /proc/[0-9]*/environ; do
            pid=${environ#/proc/} pid=${pid%/environ}
            [ "$pid" != $$ ] && [ "$pid" != "$BASHPID" ] || continue
            grep -qzxF "LCMAP_BED=$bed" "$environ" 2>/dev/null && found+=("$pid")
        done
        [ ${#found[@]} -eq 0 ] && break
        kill -KILL "${found[@]}" 2>/dev/null
        sleep 0.05
    done
    grep -oF "$bed/podman/root/overlay/[^ ]*" /proc/mounts 2>/dev/null | xargs -r umount -l 2>/dev/null
    rm -rf "$bed"
}

if [ "$1" = --bed ]; then
    trap '' INT TERM HUP # a ctrl-C at the terminal ends the tests first
    cat >/dev/null
    end "$2"
else
    for bed in "$1"/*/; do
        bed=${bed%/}
        [ -f "$bed/lock" ] && flock --nonblock "$bed/lock" true && end "$bed"
    done
fi
true
