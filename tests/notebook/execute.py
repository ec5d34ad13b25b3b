"""Executes a notebook through a running server, the way a browser does, and prints what its cells print.

    execute.py URL NOTEBOOK        URL with its token, NOTEBOOK as the server lists it
"""

import asyncio
import json
import sys
import uuid
from urllib.parse import parse_qs, quote, urlsplit

from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.websocket import websocket_connect


class Server:
    def __init__(self, url):
        parts = urlsplit(url)
        self.host = parts.netloc
        self.headers = {"Authorization": "token " + parse_qs(parts.query)["token"][0]}

    async def call(self, method, path, body=None):
        request = HTTPRequest(
            f"http://{self.host}/api/{path}",
            method=method,
            headers=self.headers,
            body=None if body is None else json.dumps(body),
            request_timeout=60,
        )
        answer = await AsyncHTTPClient().fetch(request)
        return json.loads(answer.body) if answer.body else None

    async def channels(self, kernel):
        url = f"ws://{self.host}/api/kernels/{kernel}/channels?session_id={uuid.uuid4().hex}"
        return await websocket_connect(HTTPRequest(url, headers=self.headers))


async def execute(channels, code):
    """Runs one cell; True when it raised nothing."""
    request = uuid.uuid4().hex
    await channels.write_message(json.dumps({
        "channel": "shell",
        "header": {"msg_id": request, "msg_type": "execute_request", "version": "5.3", "session": "", "username": ""},
        "parent_header": {},
        "metadata": {},
        "content": {"code": code, "silent": False, "allow_stdin": False},
    }))
    fine = True
    while True:
        text = await channels.read_message()
        if text is None:
            raise ConnectionError("the server closed the kernel's channels")
        message = json.loads(text)
        if message["parent_header"].get("msg_id") != request:
            continue
        kind, content = message["msg_type"], message["content"]
        if kind == "stream" and content["name"] == "stdout":
            print(content["text"], end="", flush=True)
        elif kind == "error":
            print("\n".join(content["traceback"]), file=sys.stderr)
            fine = False
        elif kind == "status" and content["execution_state"] == "idle":
            return fine


async def main(url, notebook):
    server = Server(url)
    cells = (await server.call("GET", "contents/" + quote(notebook)))["content"]["cells"]
    session = await server.call(
        "POST", "sessions", {"path": notebook, "name": notebook, "type": "notebook", "kernel": {"name": "python3"}}
    )
    channels = await server.channels(session["kernel"]["id"])
    try:
        for cell in cells:
            if cell["cell_type"] == "code" and not await execute(channels, cell["source"]):
                return 1
        return 0
    finally:
        channels.close()
        await server.call("DELETE", "sessions/" + session["id"])


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*sys.argv[1:])))
