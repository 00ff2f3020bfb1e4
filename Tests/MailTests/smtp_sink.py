#!/usr/bin/env python3
"""An SMTP server for tests: takes mails, keeps none, prints each as a line of JSON.

The first line it prints is its port, the others are mails in the order they were taken:
  {"from", "to": [...], "smtputf8", "tls", "login", "client", "message": the bytes in base64,
   "headers": [[name, decoded value], ...], "subject", "text": decoded, line ends as \n}
It ends on SIGTERM, and with --end-with-input when its standard input ends, as it does with the process that has the
other end of that pipe. Standard library only, Python 3.11 or later.
"""

import argparse
import asyncio
import base64
import email
import email.header
import email.policy
import json
import os
import queue
import ssl
import sys
import threading


def options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: any that is free")
    parser.add_argument("--tls", choices=["none", "starttls", "implicit"], default="none")
    parser.add_argument("--certificate", help="PEM file, for TLS")
    parser.add_argument("--key", help="PEM file, for TLS")
    parser.add_argument("--login", metavar="USER:PASSWORD", help="without which no mail is taken")
    parser.add_argument("--mechanisms", default="PLAIN LOGIN", help="for AUTH")
    parser.add_argument("--fail-first", type=int, default=0, metavar="N", help="451 to the recipients of N mails")
    parser.add_argument("--bounce", default="bounce", metavar="PREFIX", help="550 to recipients that begin so")
    parser.add_argument("--refuse-sender", action="store_true", help="550 to MAIL")
    parser.add_argument("--refuse-message", type=int, metavar="CODE", help="after DATA, quoting the message")
    parser.add_argument("--no-smtputf8", action="store_true", help="neither offer it nor want it")
    parser.add_argument("--greeting", default="220 sink ESMTP", help="the first line said")
    parser.add_argument("--silent", action="store_true", help="accept connections and say nothing")
    parser.add_argument("--end-with-input", action="store_true", help="stop when standard input ends")
    return parser.parse_args()


lines = queue.SimpleQueue()


def show_lines():
    """On a thread of its own, so that no mail waits for a reader of standard output who takes his time."""
    while True:
        sys.stdout.write(lines.get() + "\n")
        sys.stdout.flush()


class Session:
    def __init__(self, sink, reader, writer):
        self.sink, self.settings = sink, sink.settings
        self.reader, self.writer = reader, writer
        self.tls = self.settings.tls == "implicit"
        self.login = None
        self.client = None
        self.forget()

    def forget(self):
        self.sender, self.recipients, self.smtputf8 = None, [], False

    async def say(self, *lines):
        for line in lines:
            self.writer.write(line.encode() + b"\r\n")
        await self.writer.drain()

    async def hear(self):
        line = await self.reader.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionResetError
        return line[:-2].decode("utf-8", "surrogateescape")

    async def run(self):
        if self.settings.silent:
            await self.reader.read()
            return
        await self.say(self.settings.greeting)
        while True:
            line = await self.hear()
            verb, _, rest = line.partition(" ")
            action = getattr(self, "do_" + verb.lower(), None)
            if action is None:
                await self.say("502 5.5.1 unknown command")
            elif await action(rest.strip()) == "end":
                return

    async def do_ehlo(self, name):
        self.client = name
        self.forget()
        extensions = ["sink", "8BITMIME", "SIZE 1000000", "ENHANCEDSTATUSCODES"]
        if not self.settings.no_smtputf8:
            extensions.append("SMTPUTF8")
        if self.settings.tls == "starttls" and not self.tls:
            extensions.append("STARTTLS")
        if self.settings.login:
            extensions.append("AUTH " + self.settings.mechanisms)
        last = len(extensions) - 1
        await self.say(*("250" + (" " if i == last else "-") + e for i, e in enumerate(extensions)))

    async def do_helo(self, name):
        self.client = name
        self.forget()
        await self.say("250 sink")

    async def do_starttls(self, _):
        if self.settings.tls != "starttls" or self.tls:
            await self.say("502 5.5.1 not offered")
            return
        await self.say("220 2.0.0 go ahead")
        await self.writer.start_tls(self.sink.context)
        self.tls, self.login, self.client = True, None, None

    async def do_auth(self, rest):
        if not self.settings.login:
            await self.say("502 5.5.1 not offered")
            return
        mechanism, _, initial = rest.partition(" ")
        if mechanism.upper() not in self.settings.mechanisms.split():
            await self.say("504 5.5.4 unknown mechanism")
        elif mechanism.upper() == "PLAIN":
            text = initial or await self.ask("")
            given = ":".join(base64.b64decode(text).decode().split("\0")[1:])
            await self.judge(given, text)
        else:
            user = initial or await self.ask("Username:")
            password = await self.ask("Password:")
            given = base64.b64decode(user).decode() + ":" + base64.b64decode(password).decode()
            await self.judge(given, password)

    async def ask(self, prompt):
        await self.say("334 " + base64.b64encode(prompt.encode()).decode())
        return await self.hear()

    async def judge(self, given, text):
        if given == self.settings.login:
            self.login = given.partition(":")[0]
            await self.say("235 2.7.0 welcome")
        else:
            # Some servers do repeat what they were sent.
            await self.say(f"535 5.7.8 not right: {given} {text}")

    async def do_mail(self, rest):
        address, parameters = self.path(rest, "FROM:")
        if self.settings.login and not self.login:
            await self.say("530 5.7.0 log in first")
        elif self.settings.refuse_sender:
            await self.say("550-5.7.1 this sender", "550 5.7.1 is not welcome")
        elif address is None or ("SMTPUTF8" in parameters and self.settings.no_smtputf8):
            await self.say("555 5.5.4 parameters not known")
        else:
            self.sender, self.smtputf8 = address, "SMTPUTF8" in parameters
            await self.say("250 2.1.0 ok")

    async def do_rcpt(self, rest):
        address, _ = self.path(rest, "TO:")
        if self.sender is None:
            await self.say("503 5.5.1 MAIL first")
        elif address is None:
            await self.say("501 5.1.3 not an address")
        elif address.startswith(self.settings.bounce):
            await self.say(f"550 5.1.1 {address}: no such user")
        elif not address.isascii() and not self.smtputf8 and not self.settings.no_smtputf8:
            await self.say("553 5.6.7 SMTPUTF8 required")
        elif self.sink.failures > 0:
            self.sink.failures -= 1
            await self.say("451 4.3.0 try again later")
        else:
            self.recipients.append(address)
            await self.say("250 2.1.5 ok")

    @staticmethod
    def path(rest, keyword):
        if not rest.upper().startswith(keyword):
            return None, []
        words = rest[len(keyword) :].split()
        if not words or not (words[0].startswith("<") and words[0].endswith(">")):
            return None, []
        return words[0][1:-1], [word.upper() for word in words[1:]]

    async def do_data(self, _):
        if not self.recipients:
            await self.say("503 5.5.1 RCPT first")
            return
        await self.say("354 go ahead")
        received = []
        while (line := await self.reader.readline()) != b".\r\n":
            if not line.endswith(b"\r\n"):
                raise ConnectionResetError
            received.append(line[1:] if line.startswith(b".") else line)
        message = b"".join(received)
        if self.settings.refuse_message:
            quoted = message.decode("ascii", "replace").split()[-1]
            code = self.settings.refuse_message
            await self.say(f"{code} {code // 100}.7.1 not taken because of {quoted}")
        else:
            lines.put(json.dumps(self.report(message)))
            await self.say("250 2.0.0 taken")
        self.forget()

    @staticmethod
    def decoded(value):
        """A header field's text. The newer email.policy leaves spaces between encoded words in names, this does not."""
        unfolded = value.replace("\r", "").replace("\n", "")
        parts = email.header.decode_header(unfolded)
        return "".join(p if isinstance(p, str) else p.decode(charset or "utf-8") for p, charset in parts)

    def report(self, message):
        parsed = email.message_from_bytes(message, policy=email.policy.SMTPUTF8)
        raw = email.message_from_string(message.decode("utf-8", "replace"))
        headers = [[name, self.decoded(value)] for name, value in raw.items()]
        return {
            "from": self.sender,
            "to": self.recipients,
            "smtputf8": self.smtputf8,
            "tls": self.tls,
            "login": self.login,
            "client": self.client,
            "message": base64.b64encode(message).decode(),
            "headers": headers,
            "subject": dict(headers).get("Subject"),
            "text": parsed.get_content().replace("\r\n", "\n"),
        }

    async def do_rset(self, _):
        self.forget()
        await self.say("250 2.0.0 ok")

    async def do_noop(self, _):
        await self.say("250 2.0.0 ok")

    async def do_quit(self, _):
        await self.say("221 2.0.0 bye")
        return "end"


class Sink:
    def __init__(self, settings):
        self.settings = settings
        self.failures = settings.fail_first
        self.context = None
        if settings.tls != "none":
            self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            self.context.load_cert_chain(settings.certificate, settings.key)

    async def accept(self, reader, writer):
        try:
            await Session(self, reader, writer).run()
        except (ConnectionError, ssl.SSLError, asyncio.IncompleteReadError):
            pass  # The client went away: no mail.
        finally:
            writer.close()

    async def run(self):
        context = self.context if self.settings.tls == "implicit" else None
        # A client that turns down the certificate is no news.
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
        server = await asyncio.start_server(self.accept, self.settings.host, self.settings.port, ssl=context)
        lines.put(str(server.sockets[0].getsockname()[1]))
        async with server:
            await server.serve_forever()


def end_with_input():
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    settings = options()
    threading.Thread(target=show_lines, daemon=True).start()
    if settings.end_with_input:
        threading.Thread(target=end_with_input, daemon=True).start()
    try:
        asyncio.run(Sink(settings).run())
    except KeyboardInterrupt:
        pass
