#!/usr/bin/env bash
# timed.sh STEP COMMAND...: runs a command and says how long it took. The step is added to the file $LCMAP_TIMES, too,
# if that is set.
step=$1
shift
began=$SECONDS
"$@"
status=$?
line=$(printf '%6d s  %s' $((SECONDS - began)) "$step")
echo "== took $line"
[ -z "${LCMAP_TIMES:-}" ] || echo "$line" >>"$LCMAP_TIMES"
exit $status
