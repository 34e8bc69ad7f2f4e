"""The same work as plain_client, as one would write it for Python in an afternoon: websockets, the named module for JSON,
dictionaries of what was known, one line of JSON for each change. With `parse` as the third argument it parses each event and
keeps nothing."""

import asyncio
import importlib
import sys

import websockets

calls = {}


def print_line(line):
    sys.stdout.write(dumps(line) + "\n")


def tell(body):
    """Prints what is new in this state of a call, and takes it over."""
    conversation = body["id"]
    call = calls.get(conversation)
    if call is None:
        print_line({"type": "conversation", "conversationId": conversation, "change": "started"})
        call = calls[conversation] = {}
    present = {participant["id"] for participant in body["participants"]}
    for gone in call.keys() - present:
        del call[gone]
    over = True
    for participant in body["participants"]:
        id = participant["id"]
        legs = participant.get("calls")
        leg = legs[-1] if legs else {}
        state = (leg.get("state", ""), leg.get("held", False))
        ended = participant.get("endTime") is not None
        over = over and ended
        attributes = participant.get("attributes", {})
        known = call.get(id)
        change = None
        if known is None:
            change = "joined"
        elif ended and not known[1]:
            change = "left"
        elif state != known[0]:
            change = "updated"
        if change is not None:
            line = {"type": "participant", "conversationId": conversation, "participantId": id}
            print_line(line | {"change": change, "state": state[0]})
        before = known[2] if known is not None else {}
        if attributes != before:
            line = {"type": "attribute", "conversationId": conversation, "participantId": id}
            for key in before.keys() - attributes.keys():
                print_line(line | {"key": key, "old": before[key], "new": None})
            for key, value in attributes.items():
                old = before.get(key)
                if value != old:
                    print_line(line | {"key": key, "old": old, "new": value})
        call[id] = (state, ended, attributes)
    if over:
        print_line({"type": "conversation", "conversationId": conversation, "change": "ended"})
        del calls[conversation]


async def main(url, how):
    async with websockets.connect(url, max_size=None, ping_interval=None, compression=None) as socket:
        async for data in socket:
            event = loads(data)
            if event["topicName"].endswith(".conversations") and how != "parse":
                tell(event["eventBody"])
    sys.stdout.flush()


url, module, how = sys.argv[1:4]
loads = importlib.import_module(module).loads
dumps = importlib.import_module(module).dumps
if module == "orjson":
    dumps = lambda line, own=dumps: own(line).decode()
asyncio.run(main(url, how))
