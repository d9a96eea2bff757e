"""Fixtures for tests of any program that talks to Mistral, against the emulator.

Needs pytest and the program `mistral-emulator`: in PATH, or at the path in the environment
variable MISTRAL_EMULATOR.
"""

import json
import os
import re
import subprocess
import urllib.request

import pytest


class Emulator:
    """A running emulator, and the requests that steer it."""

    def __init__(self, url, key):
        self.url = url
        self.key = key

    def control(self, method, path, body=None):
        """Sends a request to a control route and returns its JSON."""
        return self._send(method, f"/_emulator/{path}", body)

    def reply(self, *replies):
        """Queues replies, such as `{"text": "Hi."}`."""
        self.control("POST", "replies", list(replies))

    def fault(self, *faults):
        """Queues faults, such as `{"status": 503, "times": 2}`."""
        self.control("POST", "faults", list(faults))

    def requests(self):
        """Returns the requests that were received since the last reset."""
        return self.control("GET", "requests")["requests"]

    def reset(self):
        self.control("POST", "reset")

    def post(self, path, body):
        """Sends a request of the API, as the program under test would do with its own client."""
        return self._send("POST", path, body)

    def _send(self, method, path, body):
        headers = {"authorization": f"Bearer {self.key}", "content-type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        # The emulator is on this machine: no proxy of the environment may be asked.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=30) as response:
            return json.load(response)


@pytest.fixture(scope="session")
def emulator_process():
    """Starts one emulator for all tests, on a free port."""
    program = os.environ.get("MISTRAL_EMULATOR", "mistral-emulator")
    command = [program, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        line = process.stdout.readline()
        url, key = re.search(r"at (http://\S+), key (\S+):", line).groups()
        yield Emulator(url, key)
        process.terminate()
        assert process.wait(timeout=10) == 0


@pytest.fixture
def emulator(emulator_process, monkeypatch):
    """Sets the variables that clients read, and starts each test with a fresh state."""
    emulator_process.reset()
    monkeypatch.setenv("MISTRAL_API_KEY", emulator_process.key)
    monkeypatch.setenv("MISTRAL_SERVER", emulator_process.url)
    return emulator_process
