"""An asyncssh server for tests that asks odd questions: keyboard-interactive by rounds.

Usage: prompts_server.py FOLDER. FOLDER has `host`; the port is written into FOLDER/port. The user's
name chooses the rounds in SCENES; a login succeeds when every answer of every round is right. It
ends when it is killed.
"""
import asyncio
import base64
import hmac
import os
import struct
import sys
import time
import warnings

warnings.filterwarnings("ignore")
import asyncssh  # noqa: E402



def is_code(answer):
    """RFC 6238 with SHA-512, 8 digits and a period of 60 s, of this step or its neighbours."""
    key = base64.b32decode("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    codes = []
    for step in range(int(time.time()) // 60 - 1, int(time.time()) // 60 + 2):
        mac = hmac.digest(key, struct.pack(">Q", step), "sha512")
        number = struct.unpack_from(">I", mac, mac[-1] & 15)[0] & 0x7FFFFFFF
        codes.append(f"{number % 10 ** 8:08}")
    return answer in codes


# A round: name, instruction, [(prompt, echo, the answer that is right, or what judges it)].
SCENES = {
    "five": [("Five", "All at once", [(f"Question {n}: ", n % 2 == 0, f"answer {n}")
                                      for n in range(5)])],
    "three": [("Round 1", "", [("Password: ", False, "first word")]),
              ("Round 2", "", [("Colour: ", True, "blue")]),
              ("Round 3", "", [("Token: ", False, "123456")])],
    "none": [("", "", []), ("", "Between nothing and nothing", [("Word: ", False, "word")]),
             ("", "", [])],
    "nothing": [("", "", [("", False, "")])],
    "odd": [("\x1b[31mname\x07", "line 1\nline 2\r\n\u202e", [("a\x1b]0;b\x00\tc\u200b: ", True, "odd")])],
    "empty": [("", "", [("Enter for a push: ", True, ""), ("Word: ", False, "word")])],
    "utf8": [("", "", [("Schlüssel: ", False, "grün 緑")])],
    "crowd": [("", "", [(f"{n}: ", False, "x") for n in range(33)])],
    "endless": [("", "", [("Again: ", False, "again")])] * 100,
    "canary": [("", "", [("Password: ", False, "canary-of-a-password")]),
               ("", "", [("Verification code: ", True, None)])],
    "code": [("", "", [("Verification code: ", True, is_code)])],
}
attempts = {}


class Server(asyncssh.SSHServer):
    def begin_auth(self, username):
        self.user, self.left = username, []
        return True

    def password_auth_supported(self):
        return self.user == "change"

    def validate_password(self, username, password):
        raise asyncssh.PasswordChangeRequired("Time for\x1b a new one: ")

    def kbdint_auth_supported(self):
        return self.user != "change"

    def get_kbdint_challenge(self, username, lang, submethods):
        attempts[username] = attempts.get(username, 0) + 1
        if username == "second":
            number = str(attempts[username])
            self.left = [("", "", [(f"Attempt {number}: ", False, "2" if number == "2" else None)])]
        else:
            self.left = list(SCENES[username])
        return self.challenge()

    def challenge(self):
        name, instruction, prompts = self.left[0]
        return name, instruction, "", [(text, echo) for text, echo, _ in prompts]

    def validate_kbdint_response(self, username, responses):
        wanted = [answer for _, _, answer in self.left.pop(0)[2]]
        if len(responses) != len(wanted):
            return False
        for given, right in zip(responses, wanted):
            if not (right(given) if callable(right) else right == given):
                return False
        return self.challenge() if self.left else True

    def connection_requested(self, dest_host, dest_port, orig_host, orig_port):
        return True


async def main(folder):
    listener = await asyncssh.create_server(
        Server, "127.0.0.1", 0, server_host_keys=[f"{folder}/host"])
    port = listener.sockets[0].getsockname()[1]
    with open(f"{folder}/port.new", "w", encoding="ascii") as file:
        file.write(str(port))
    os.rename(f"{folder}/port.new", f"{folder}/port")
    await asyncio.Event().wait()


asyncio.run(main(sys.argv[1]))
