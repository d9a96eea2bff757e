"""Tests of an agent in Python, whose model is scripted.

`Mistral(api_key=emulator.key, server_url=emulator.url)` of the package `mistralai` works as well as
the plain HTTP client used here, which needs no package.
"""

import urllib.error

import pytest

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}


def ask(emulator, question, attempts=3):
    """The program under test: an agent with one tool, which retries when the server is busy."""
    messages = [{"role": "user", "content": question}]
    while True:
        body = {"model": "mistral-small-latest", "messages": messages, "tools": [WEATHER]}
        try:
            response = emulator.post("/v1/chat/completions", body)
        except urllib.error.HTTPError as error:
            attempts -= 1
            if error.code != 503 or attempts == 0:
                raise
            continue
        message = response["choices"][0]["message"]
        if not message.get("tool_calls"):
            return message["content"]
        messages.append(message)
        for call in message["tool_calls"]:
            result = {"role": "tool", "tool_call_id": call["id"], "content": "sunny"}
            messages.append(result)


def test_agent_calls_its_tool(emulator):
    emulator.reply(
        {"tool_calls": [{"name": "get_weather", "arguments": {"city": "Paris"}}]},
        {"text": "It is sunny in Paris.", "match": {"text": "sunny"}},
    )
    assert ask(emulator, "How is the weather in Paris?") == "It is sunny in Paris."
    first, second = emulator.requests()
    assert first["operation"] == second["operation"] == "chat.complete"
    assert second["body"]["messages"][-1]["content"] == "sunny"


def test_agent_retries_a_busy_server(emulator):
    emulator.fault({"status": 503, "times": 2})
    emulator.reply({"text": "Here I am."})
    assert ask(emulator, "Hi") == "Here I am."
    assert [request["status"] for request in emulator.requests()] == [503, 503, 200]


def test_agent_gives_up_after_three_attempts(emulator):
    emulator.fault({"status": 503, "times": "always"})
    with pytest.raises(urllib.error.HTTPError):
        ask(emulator, "Hi")
    assert len(emulator.requests()) == 3


def test_state_is_fresh(emulator):
    assert emulator.requests() == []
    assert "Manet" in ask(emulator, "Who painted Olympia?")
