"""Runs every example on this machine, with the commands that a person would type, and shows what they print."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PATIENCE = 300  # seconds, for anything that a person would wait for

BOLD, DIM, GREEN, RED, PLAIN = ("\033[1m", "\033[2m", "\033[32m", "\033[31m", "\033[0m") if sys.stdout.isatty() else [""] * 5


def command(example, *arguments):
    return ["lcmap-spark", "run", "-f", f"examples/{example}/sparkjob.yaml", *arguments]


def heading(title, words):
    print(f"\n{BOLD}── {title} {PLAIN}\n{DIM}${PLAIN} {' '.join(words)}\n", flush=True)


def run(words):
    """A program: its output is this terminal's."""
    return subprocess.run(words, cwd=ROOT).returncode == 0


def type_into(words, conversation):
    """A shell at a terminal, and somebody who types each line once the text before it is on the screen."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(ROOT)
        os.environ.setdefault("TERM", "xterm")
        os.execvp(words[0], words)
    screen, waiting, deadline = "", list(conversation), time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if not select.select([terminal], [], [], 1)[0]:
            continue
        try:
            new = os.read(terminal, 4096)
        except OSError:  # the other side is closed: the shell has ended
            break
        sys.stdout.buffer.write(new)
        sys.stdout.flush()
        screen += new.decode(errors="replace")
        if waiting and waiting[0][0] in screen:
            os.write(terminal, waiting.pop(0)[1].encode() + b"\r")
            screen = ""
    else:
        os.kill(pid, signal.SIGTERM)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0 and not waiting


def browse(words, notebook):
    """A notebook: its code, executed through its server as a browser does it, and then ctrl-C."""
    server = subprocess.Popen(words, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    told = spoken(server.stderr)
    try:
        url = next((url[1] for line in told if (url := re.search(r"Notebook +(http://\S+)", line))), None)
        if url is None:
            return False
        print(f"\n{DIM}a browser executes {notebook} there:{PLAIN}", flush=True)
        executor = os.path.join(ROOT, "tests", "notebook", "execute.py")
        # Jupyter and Spark write to the same standard error: a pipe that is full would hold them up.
        reader = threading.Thread(target=lambda: [None for _ in told])
        reader.start()
        done = subprocess.run([sys.executable, executor, url, notebook], timeout=PATIENCE, stderr=subprocess.DEVNULL)
        print(f"\n{DIM}ctrl-C:{PLAIN}", flush=True)
        server.send_signal(signal.SIGINT)
        reader.join(PATIENCE)
        return done.returncode == 0 and server.wait(PATIENCE) == 0
    finally:
        server.kill()


def spoken(stderr):
    """What lcmap-spark says, printed as it comes, without the log of Jupyter and Spark that is mixed with it."""
    for line in stderr:
        if re.match(r"notebook |  (Pending|Running|Releasing|Succeeded|Failed|Notebook|Took|warning) ", line):
            print(line, end="", flush=True)
            yield line


PYSPARK = [(">>> ", "sc.parallelize(range(1000000)).max()"), ("999999", "exit()")]
SCALA = [("scala> ", "sc.parallelize(1 to 1000).sum"), ("500500.0", ":quit")]

DEMO = [
    ("Pi, by PySpark", run, command("pi")),
    ("Land cover, counted from a data file", run, command("landcover")),
    ("Greenness by season, with a Python module of its own", run, command("ndvi")),
    ("Clear looks, by Scala in a jar", run, command("clear-looks")),
    ("The anatomy of a job, in five steps", run, command("anatomy")),
    ("A program of the image, from the folder that stands for it", run, command("sum", "--map", "/home/lcmap=examples/sum")),
    ("A Python shell", lambda words: type_into(words, PYSPARK), command("pyspark")),
    ("A Scala shell", lambda words: type_into(words, SCALA), command("spark-shell")),
    ("A notebook", lambda words: browse(words, "min-max.ipynb"), command("notebook")),
]


def main():
    results = []
    for title, show, words in DEMO:
        heading(title, words)
        started = time.monotonic()
        fine = show(words)
        results.append((title, fine, time.monotonic() - started))

    print(f"\n{BOLD}── All of it{PLAIN}")
    for title, fine, seconds in results:
        word = f"{GREEN}ok    {PLAIN}" if fine else f"{RED}failed{PLAIN}"
        print(f"  {word}  {seconds:4.0f} s  {title}")
    print("\nTo run one yourself: . target/env && lcmap-spark run -f examples/pi/sparkjob.yaml")
    return 0 if all(fine for _, fine, _ in results) else 1


if __name__ == "__main__":
    sys.exit(main())
