"""An executor that sends back whatever it is sent. PYTHONPATH leads to the bed's executor.py."""

import base64

from executor import Executor


class Echo(Executor):
    def serve(self):
        for event in self.agent.events():
            if event["type"] == "LAUNCH":
                self.task = event["launch"]["task"]
                self.update("TASK_STARTING")
                self.update("TASK_RUNNING")
            elif event["type"] == "MESSAGE":
                heard = base64.b64decode(event["message"]["data"])
                self.agent.call("MESSAGE", message={"data": base64.b64encode(b"heard: " + heard).decode()})
            elif event["type"] in ("KILL", "SHUTDOWN"):
                return


Echo().serve()
