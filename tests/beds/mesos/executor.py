#!/usr/bin/python3
"""Stands in for mesos-executor: runs one command task over the v1 executor HTTP API.

Statuses, messages and kill grace are those of Mesos' own command executor.
"""

import base64
import http.client
import json
import os
import signal
import ssl
import subprocess
import sys
import threading
import time
import uuid

ENV = os.environ
KILL_GRACE_SECONDS = 3


class Agent:
    """The agent's side of the executor API."""

    def __init__(self):
        self.actor, self.address = ENV["MESOS_SLAVE_PID"].split("@")
        self.identity = {
            "framework_id": {"value": ENV["MESOS_FRAMEWORK_ID"]},
            "executor_id": {"value": ENV["MESOS_EXECUTOR_ID"]},
        }
        self.headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if token := ENV.get("MESOS_EXECUTOR_AUTHENTICATION_TOKEN"):
            self.headers["Authorization"] = f"Bearer {token}"

    def connect(self):
        if ENV.get("LIBPROCESS_SSL_ENABLED") not in ("1", "true"):
            return http.client.HTTPConnection(self.address)
        context = ssl.create_default_context(cafile=ENV["LIBPROCESS_SSL_CA_FILE"])
        context.check_hostname = False
        context.load_cert_chain(ENV["LIBPROCESS_SSL_CERT_FILE"], ENV["LIBPROCESS_SSL_KEY_FILE"])
        return http.client.HTTPSConnection(self.address, context=context)

    def call(self, kind, **payload):
        connection = self.connect()
        body = json.dumps({"type": kind, **self.identity, **payload})
        connection.request("POST", f"/{self.actor}/api/v1/executor", body, self.headers)
        return connection.getresponse()

    def events(self):
        response = self.call("SUBSCRIBE", subscribe={})
        if response.status != 200:
            sys.exit(f"subscribe: {response.status} {response.read().decode()}")
        while line := response.readline():
            if line.strip():
                yield json.loads(response.read(int(line)))


class Executor:
    """One task: its process, and the statuses that the agent has yet to acknowledge."""

    what = "Command"  # what it says has ended

    def __init__(self):
        self.agent = Agent()
        self.task = None
        self.process = None
        self.killed = threading.Event()
        self.unacknowledged = {}

    def serve(self):
        for event in self.agent.events():
            kind = event["type"]
            if kind == "LAUNCH":
                self.task = event["launch"]["task"]
                threading.Thread(target=self.run, daemon=True).start()
            elif kind == "ACKNOWLEDGED":
                if waiting := self.unacknowledged.pop(event["acknowledged"]["uuid"], None):
                    waiting.set()
            elif kind in ("KILL", "SHUTDOWN"):
                self.kill()
        print("The agent closed the stream: shutting down", file=sys.stderr, flush=True)
        self.kill()
        time.sleep(KILL_GRACE_SECONDS + 1)

    def run(self):
        self.update("TASK_STARTING")
        print(f"Starting task {self.task['task_id']['value']}", flush=True)
        try:
            self.process = self.start()
        except OSError as error:
            self.finish("TASK_FAILED", f"Failed to launch command: {error}")
        self.started()
        self.update("TASK_RUNNING")
        code = self.process.wait()
        how = f"exited with status {code}" if code >= 0 else f"terminated with signal {signal.strsignal(-code)}"
        message = f"{self.what} {how}"
        self.finish("TASK_KILLED" if self.killed.is_set() else "TASK_FAILED" if code else "TASK_FINISHED", message)

    def start(self):
        command = self.task["command"]
        environment = {k: v for k, v in ENV.items() if not k.startswith(("LIBPROCESS_", "MESOS_EXECUTOR_AUTH"))}
        environment |= {v["name"]: v.get("value", "") for v in command.get("environment", {}).get("variables", [])}
        shell = command.get("shell", True)
        argv = ["/bin/sh", "-c", command["value"]] if shell else command.get("arguments") or [command["value"]]
        executable = None if shell else command["value"]
        return subprocess.Popen(argv, executable=executable, env=environment, start_new_session=True)

    def started(self):
        """What must be so before the task counts as running."""

    def kill(self):
        self.killed.set()
        if self.process is None:
            os._exit(0)
        self.signal(signal.SIGTERM)
        later = threading.Timer(KILL_GRACE_SECONDS, self.signal, [signal.SIGKILL])
        later.daemon = True
        later.start()

    def signal(self, number):
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass

    def update(self, state, **fields):
        identity = base64.b64encode(uuid.uuid4().bytes).decode()
        acknowledged = self.unacknowledged[identity] = threading.Event()
        status = {
            "task_id": self.task["task_id"],
            "executor_id": self.agent.identity["executor_id"],
            "state": state,
            "source": "SOURCE_EXECUTOR",
            "uuid": identity,
            "timestamp": time.time(),
            **fields,
        }
        response = self.agent.call("UPDATE", update={"status": status})
        if response.status != 202:
            print(f"update {state}: {response.status} {response.read().decode()}", file=sys.stderr, flush=True)
        return acknowledged

    def finish(self, state, message):
        print(message, flush=True)
        self.update(state, message=message).wait(30)
        os._exit(0)


if __name__ == "__main__":
    Executor().serve()
