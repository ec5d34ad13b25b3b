#!/usr/bin/python3
"""Stands in for mesos-docker-executor: as the command executor, the task being a `docker run`."""

import json
import subprocess
import sys
import time

from executor import KILL_GRACE_SECONDS, Executor

FLAGS = dict(argument[2:].split("=", 1) for argument in sys.argv[1:] if argument.startswith("--") and "=" in argument)
DOCKER = [FLAGS["docker"], "-H", f"unix://{FLAGS.get('docker_socket', '/var/run/docker.sock')}"]
MEBIBYTE = 1024 * 1024


class DockerExecutor(Executor):
    """The arguments are those that Mesos' src/docker/docker.cpp gives to docker."""

    what = "Container"

    def start(self):
        return subprocess.Popen(DOCKER + self.run_arguments(), start_new_session=True)

    def run_arguments(self):
        command, container = self.task["command"], self.task["container"]
        docker, name, mapped = container["docker"], FLAGS["container"], FLAGS["mapped_directory"]
        resources = {each["name"]: each["scalar"]["value"] for each in self.task["resources"] if "scalar" in each}
        arguments = ["run", "--cpu-shares", str(int(resources["cpus"] * 1024)), "--memory", str(int(resources["mem"] * MEBIBYTE))]
        environment = {v["name"]: v.get("value", "") for v in command.get("environment", {}).get("variables", [])}
        environment |= {"MESOS_SANDBOX": mapped, "MESOS_CONTAINER_NAME": name, "MESOS_TASK_ID": self.task["task_id"]["value"]}
        for key, value in environment.items():
            arguments += ["-e", f"{key}={value}"]
        for volume in container.get("volumes", []):
            host = f"{volume['host_path']}:" if "host_path" in volume else ""
            arguments += ["-v", host + volume["container_path"] + (":ro" if volume.get("mode") == "RO" else "")]
        arguments += ["-v", f"{FLAGS['sandbox_directory']}:{mapped}", "--net", docker.get("network", "HOST").lower()]
        shell = command.get("shell", True)
        if shell:
            arguments += ["--entrypoint", "/bin/sh"]
        arguments += ["--name", name]
        arguments += [f"--{parameter['key']}={parameter['value']}" for parameter in docker.get("parameters", [])]
        return arguments + [docker["image"]] + (["-c", command["value"]] if shell else command.get("arguments", []))

    def started(self):
        while self.process.poll() is None:
            seen = subprocess.run(DOCKER + ["inspect", FLAGS["container"]], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            if seen.returncode == 0 and json.loads(seen.stdout)[0]["State"]["Pid"]:
                return
            time.sleep(0.1)

    def kill(self):
        self.killed.set()
        subprocess.run(DOCKER + ["stop", "-t", str(KILL_GRACE_SECONDS), FLAGS["container"]])


if __name__ == "__main__":
    DockerExecutor().serve()
