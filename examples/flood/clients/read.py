"""The reference client of Python: parses each event with the named module and keeps nothing."""

import asyncio
import importlib
import sys

import websockets


async def main(url, module):
    loads = importlib.import_module(module).loads
    async with websockets.connect(url, max_size=None, ping_interval=None, compression=None) as socket:
        async for data in socket:
            loads(data)["topicName"]


asyncio.run(main(sys.argv[1], sys.argv[2]))
