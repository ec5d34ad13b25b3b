#!/usr/bin/env python3
"""cql.py HOST: executes the statements of standard input as Cassandra's first administrator, and prints the rows of the
last one, a line each."""

import sys
import time

from cassandra.auth import PlainTextAuthProvider
from cassandra.cluster import Cluster, NoHostAvailable

PATIENCE = 60  # seconds; the administrator is made a while after the port opens


def session(host):
    deadline = time.monotonic() + PATIENCE
    while True:
        cluster = Cluster([host], auth_provider=PlainTextAuthProvider("cassandra", "cassandra"))
        try:
            return cluster.connect()
        except NoHostAvailable:
            cluster.shutdown()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def main():
    administrator = session(sys.argv[1])
    rows = []
    for statement in sys.stdin.read().split(";"):
        if statement.strip():
            rows = administrator.execute(statement)
    for row in rows:
        print(*row)
    administrator.cluster.shutdown()


main()
