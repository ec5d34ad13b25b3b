#!/usr/bin/python3
"""Stands in for mesos-fetcher: file and http URIs into the sandbox, archives unpacked. It keeps no cache."""

import json
import os
import shutil
import subprocess
import sys
import urllib.request

TAR_ENDINGS = (".tgz", ".tar.gz", ".tbz2", ".tar.bz2", ".txz", ".tar.xz", ".tar")

info = json.loads(os.environ["MESOS_FETCHER_INFO"])
sandbox = info["sandbox_directory"]
for item in info["items"]:
    uri = item["uri"]
    name = uri.get("output_file") or os.path.basename(uri["value"])
    path = os.path.join(sandbox, name)
    if uri["value"].startswith(("http://", "https://")):
        with urllib.request.urlopen(uri["value"]) as response, open(path, "wb") as file:
            shutil.copyfileobj(response, file)
    else:
        shutil.copy(uri["value"].removeprefix("file://"), path)
    if uri.get("executable"):
        os.chmod(path, 0o755)
    elif uri.get("extract", True):
        if name.endswith(TAR_ENDINGS):
            subprocess.run(["tar", "-C", sandbox, "-xf", path], check=True)
        elif name.endswith(".zip"):
            subprocess.run([sys.executable, "-m", "zipfile", "-e", path, sandbox], check=True)
    if info.get("user") and os.geteuid() == 0:
        subprocess.run(["chown", "-R", info["user"], path], check=True)
    print("Fetched", uri["value"], flush=True)
