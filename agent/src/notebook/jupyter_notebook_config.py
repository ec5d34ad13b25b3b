# Written by lcmap-spark for one run. Notebook 6 and older have no extensions that are asked before they listen; of their
# configuration this file is read last.
import json
import os

import notebook

if notebook.version_info[0] < 7:
    with open(os.path.join(os.path.dirname(__file__), "settings.json"), encoding="utf-8") as file:
        settings = json.load(file)
    c = get_config()  # noqa: F821
    c.NotebookApp.token = settings["token"]
    c.NotebookApp.password = ""
    c.NotebookApp.password_required = False
    c.NotebookApp.allow_password_change = False
    c.NotebookApp.cookie_secret = os.urandom(32)
    c.NotebookApp.sock = ""
