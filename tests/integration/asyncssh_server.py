"""A throwaway asyncssh server for tests: key or password, and direct-tcpip to anywhere.

Usage: asyncssh_server.py FOLDER USER PASSWORD. FOLDER has `host` and `authorized_keys`; the port is
written into FOLDER/port. It ends when it is killed.
"""
import asyncio
import os
import sys
import warnings

warnings.filterwarnings("ignore")
import asyncssh  # noqa: E402


class Server(asyncssh.SSHServer):
    def begin_auth(self, username):
        return True

    def password_auth_supported(self):
        return True

    def validate_password(self, username, password):
        return [username, password] == sys.argv[2:4]

    def connection_requested(self, dest_host, dest_port, orig_host, orig_port):
        return True


async def main(folder):
    listener = await asyncssh.create_server(
        Server, "127.0.0.1", 0, server_host_keys=[f"{folder}/host"],
        authorized_client_keys=f"{folder}/authorized_keys")
    port = listener.sockets[0].getsockname()[1]
    with open(f"{folder}/port.new", "w", encoding="ascii") as file:
        file.write(str(port))
    os.rename(f"{folder}/port.new", f"{folder}/port")
    await asyncio.Event().wait()


asyncio.run(main(sys.argv[1]))
