#!/usr/bin/python3
"""The part of the docker command line that Mesos calls, on podman. Storage lies in $LCMAP_BED/podman; the link `images`
there leads to one more, which is only read."""

import json
import os
import subprocess
import sys

HOME = os.environ["LCMAP_BED"] + "/podman"
PODMAN = ["podman", "--root", f"{HOME}/root", "--runroot", f"{HOME}/run", "--tmpdir", f"{HOME}/tmp", "--runtime", "runc"]
PODMAN += ["--cgroup-manager", "cgroupfs", "--events-backend", "none", "--log-level", "error"]
if os.path.exists(f"{HOME}/images"):
    PODMAN += ["--storage-opt", "overlay.imagestore=" + os.path.realpath(f"{HOME}/images")]
os.environ["PATH"] = os.environ.get("PATH", "") + ":/usr/bin:/bin:/usr/sbin:/sbin"
os.environ.setdefault("HOME", "/")

arguments = sys.argv[1:]
while arguments and arguments[0] in ("-H", "--config"):
    del arguments[:2]

if arguments == ["--version"]:
    print("Docker version 20.10.0, build podman")
elif arguments[0] == "inspect":
    seen = subprocess.run(PODMAN + arguments, stdout=subprocess.PIPE)
    if seen.returncode:
        sys.exit(seen.returncode)
    objects = json.loads(seen.stdout)
    for each in objects:  # what docker says and podman does not
        if "State" in each:
            each["Name"] = "/" + each["Name"].lstrip("/")
        else:
            config = each.get("Config") or {}
            each["ContainerConfig"] = {"Entrypoint": config.get("Entrypoint"), "Env": config.get("Env")}
    print(json.dumps(objects))
elif arguments[0] == "pull":  # no registry here: an image is in the storage, or it does not exist
    sys.exit(subprocess.run(PODMAN + ["image", "exists", arguments[-1]]).returncode)
else:
    if arguments[0] == "run":
        arguments[1:1] = ["--pull=never", "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024", "--log-driver", "none"]
    os.execvp("podman", PODMAN + arguments)
