"""A second client, written from PROTOCOL.md alone; its only library is `websockets`. Run as: client.py URL

Standard input: the token on the first line, then one JSON command a line: {"do":"connect"}, {"do":"drop"} (breaks the
connection), {"do":"deaf"} (loses what comes, until the next connect), {"do":"open_direct","user_id"} or
{"do":"send","conversation_id","client_msg_id","text"}. Standard output: one JSON object a line, told apart by "is".
"""
import asyncio, json, random, sys
from websockets.asyncio.client import connect


def say(what, **more):
    print(json.dumps({"is": what, **more}), flush=True)


class Client:
    def __init__(self, url, token):
        self.url, self.token = url.replace("http", "ws", 1) + "/v1/socket", token
        self.wanted = self.deaf = False
        self.socket = None  # from the welcome to the end of a connection
        self.bound = 0.5  # CLOSE-2
        self.ref = 0
        self.log_id = None
        self.cursors = {}  # conversation -> seq of the last entry applied
        self.waiting = {}  # conversation -> messages without a final answer, oldest first
        self.sending = {}  # conversation -> how many of those are in the `send` that is out (SEND-4)
        self.pulling = set()
        self.heard = {}  # conversation -> the highest seq heard of since its last pull went out (PULL-2)
        self.asked = {}  # ref -> conversation of a send or pull

    async def run(self):
        while True:
            if self.wanted:
                try:
                    async with connect(self.url, subprotocols=["parley.v1"], max_size=None, ping_interval=None) as socket:
                        await self.session(socket)
                except Exception as error:  # whatever it was: the network
                    code = getattr(getattr(error, "rcvd", None), "code", 1006)
                    self.wanted = self.wanted and code not in (4400, 4401, 4406, 4413)  # CLOSE-1
                    self.socket = None
                    say("offline", code=code)
                await asyncio.sleep(random.uniform(0, self.bound))
                self.bound = min(self.bound * 2, 30)
            await asyncio.sleep(0.02)

    async def session(self, socket):
        self.deaf, self.sending, self.pulling, self.asked = False, {}, set(), {}
        await socket.send(json.dumps([{"type": "hello", "version": 1, "token": self.token}]))
        heartbeats = asyncio.create_task(self.heartbeats(socket))
        try:
            while True:
                message = await asyncio.wait_for(socket.recv(), 40)  # LIFE-3
                for frame in [] if self.deaf else json.loads(message):
                    if frame["type"] == "welcome":
                        self.socket = socket
                    handle = getattr(self, "on_" + frame["type"], None)  # SOCK-5: what is not known is ignored
                    if handle:
                        await handle(frame)
        finally:
            heartbeats.cancel()

    async def heartbeats(self, socket):  # LIFE-1
        while True:
            await asyncio.sleep(5)
            await socket.send('[{"type":"heartbeat"}]')

    async def ask(self, conversation, **frame):
        self.ref += 1
        self.asked[self.ref] = conversation
        await self.write(ref=self.ref, **frame)

    async def write(self, **frame):
        try:
            await self.socket.send(json.dumps([frame]))
        except Exception:  # run() notices as well
            pass

    async def on_welcome(self, frame):
        if self.log_id not in (None, frame["log_id"]):  # HELLO-7
            self.cursors = {}
        self.log_id, self.bound = frame["log_id"], 0.5
        say("online", name=frame["name"])
        for conversation in self.waiting:  # SEND-6: again, under the same ids
            await self.flush(conversation)

    async def on_heads(self, frame):
        for row in frame["rows"]:
            conversation = row["conversation_id"]
            self.cursors.setdefault(conversation, row["received"])  # SYNC-2
            self.skip(conversation, row.get("expired", {}).get("to", 0))  # SYNC-6
            self.hear(conversation, row["head"])
            await (self.pull if row["head"] > self.cursors[conversation] else self.confirm)(conversation)

    async def on_entries(self, frame):
        conversation = frame["conversation_id"]
        self.hear(conversation, frame["entries"][-1]["seq"])
        for entry in frame["entries"]:
            known = self.cursors.get(conversation)
            if known is None or entry.get("from", entry["seq"]) > known + 1:  # PULL-1, PUSH-2
                return await self.pull(conversation)
            self.apply(conversation, entry)
        await self.confirm(conversation)

    async def on_pulled(self, frame):
        conversation = frame["conversation_id"]
        self.pulling.discard(conversation)
        self.cursors.setdefault(conversation, frame["after"])
        self.skip(conversation, frame["floor"])  # PULL-3
        for entry in frame["entries"]:
            self.apply(conversation, entry)
        self.skip(conversation, frame["through"])
        head = max(frame["head"], self.heard[conversation])
        await (self.pull if self.cursors[conversation] < head else self.confirm)(conversation)

    def hear(self, conversation, seq):
        self.heard[conversation] = max(seq, self.heard.get(conversation, 0))

    def apply(self, conversation, entry):
        if entry["seq"] > self.cursors[conversation]:
            self.cursors[conversation] = entry["seq"]
            say("entry", conversation_id=conversation, **entry)

    def skip(self, conversation, to):
        if to > self.cursors[conversation]:
            say("missing", conversation_id=conversation, **{"from": self.cursors[conversation] + 1, "to": to})
            self.cursors[conversation] = to

    async def pull(self, conversation):
        if conversation not in self.pulling:
            self.pulling.add(conversation)
            self.heard[conversation] = 0
            after = {"after": self.cursors[conversation]} if conversation in self.cursors else {}
            await self.ask(conversation, type="pull", conversation_id=conversation, **after)

    async def confirm(self, conversation):  # RECV-1
        mark = {"conversation_id": conversation, "seq": self.cursors[conversation]}
        await self.write(type="received", marks=[mark])

    async def on_queue_empty(self, _):
        say("queue_empty")

    async def on_conversation(self, frame):
        say("conversation", **frame["conversation"])

    async def on_error(self, frame):  # ERR-1, for a whole request
        say("refused", **frame)
        conversation = self.asked.get(frame.get("ref"))
        self.pulling.discard(conversation)
        out = self.sending.pop(conversation, 0)
        if frame["retry"] == "no":
            self.waiting[conversation] = self.waiting.get(conversation, [])[out:]

    async def on_sent(self, frame):
        conversation = frame["conversation_id"]
        out, again = self.sending.pop(conversation), []
        for message, result in zip(self.waiting[conversation], frame["results"]):
            if "error" in result and result["error"]["retry"] == "later":  # SEND-6
                again.append(message)
            else:
                say("refused" if "error" in result else "sent", conversation_id=conversation, **result)
        self.waiting[conversation] = again + self.waiting[conversation][out:]
        await asyncio.sleep(0.2 if again else 0)
        await self.flush(conversation)

    async def flush(self, conversation):
        messages = self.waiting[conversation][:64]
        if messages and conversation not in self.sending and self.socket:
            self.sending[conversation] = len(messages)
            await self.ask(conversation, type="send", conversation_id=conversation, messages=messages)

    async def command(self, do, conversation_id=None, client_msg_id=None, text=None, user_id=None):
        if do == "connect":
            self.wanted = True
        elif do == "drop":
            self.wanted = False
            self.socket.transport.abort()
        elif do == "deaf":
            self.deaf = True
        elif do == "open_direct":
            await self.ask(None, type="open_direct", user_id=user_id)
        elif do == "send":
            message = {"client_msg_id": client_msg_id, "content": {"kind": "text", "text": text}}
            self.waiting.setdefault(conversation_id, []).append(message)
            await self.flush(conversation_id)


async def main():
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    client = Client(sys.argv[1], (await reader.readline()).decode().strip())
    running = asyncio.create_task(client.run())
    while line := await reader.readline():
        await client.command(**json.loads(line))
    running.cancel()


asyncio.run(main())
