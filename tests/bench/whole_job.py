"""What `lcmap-spark run` adds to a whole job: the same Pi by it and by bare spark-submit.

Paired: each round runs both, in turn; the ratio is the median of the rounds' own. Judges nothing: a busy machine is no
fault. On one, the ratio of processor time says more than that of the clock.

    whole_job.py [ROUNDS]
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

BUDGET = 1.03
PARTITIONS = "40"
PROGRAM = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../examples/pi/pi.py"))

# Both get the same cores, the same heap, and as little to say.
CORES, HEAP = os.cpu_count(), "1g"
BARE = ["spark-submit", "--master", f"local[{CORES}]", "--driver-memory", HEAP, "--conf", "spark.log.level=WARN"]
MANIFEST = {
    "apiVersion": "lcmap.usgs.gov/v1alpha1",
    "kind": "SparkJob",
    "metadata": {"name": "pi"},
    "spec": {
        "run": {"submit": {"application": PROGRAM, "args": [PARTITIONS]}},
        "driver": {"cores": CORES, "memory": HEAP},
        "conf": {"spark.log.level": "WARN"},
    },
}


def cost(command):
    """Seconds by the clock, and of processor time with that of every descendant."""

    def processor():
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    before, started = processor(), time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True)
    taken = time.monotonic() - started
    assert done.stdout.startswith("Pi is roughly 3.14"), done.stdout
    return taken, processor() - before


def main(rounds):
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as manifest:
        json.dump(MANIFEST, manifest)
        manifest.flush()
        ours = ["lcmap-spark", "run", "-f", manifest.name]
        bare = [*BARE, PROGRAM, PARTITIONS]
        cost(bare)  # fills the page cache
        print(f"  {'round':<6}{'spark-submit':>20}{'lcmap-spark run':>20}{'ratio':>16}")
        ratios = []
        for number in range(1, rounds + 1):
            # Who goes first alternates, so that a machine that warms up or slows down favours nobody.
            order = [bare, ours] if number % 2 else [ours, bare]
            costs = {words[0]: cost(words) for words in order}
            theirs, own = costs["spark-submit"], costs["lcmap-spark"]
            ratios.append([ours / bare for ours, bare in zip(own, theirs)])
            cells = [f"{clock:.2f} s ({cpu:.2f} s)" for clock, cpu in (theirs, own)]
            ratio = "{:.3f} ({:.3f})".format(*ratios[-1])
            print(f"  {number:<6}{cells[0]:>20}{cells[1]:>20}{ratio:>16}", flush=True)
    clock, processor = map(statistics.median, zip(*ratios))
    print(f"whole job, lcmap-spark run / bare spark-submit: {clock:.3f} by the clock (budget {BUDGET}), "
          f"{processor:.3f} of processor time")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
