#!/usr/bin/env python3
"""A proxy for tests: HTTP CONNECT or SOCKS5 on a free port of loopback, with or without a login.

    proxy.py http|socks5 [USER:PASSWORD]

Prints its port. Names are looked up here. Each refusal is one that real proxies send.
"""
import base64
import socket
import socketserver
import sys
import threading

KIND = sys.argv[1]
LOGIN = sys.argv[2] if len(sys.argv) > 2 else None


def exactly(sock, n):
    data = b""
    while len(data) < n:
        got = sock.recv(n - len(data))
        if not got:
            raise ConnectionError
        data += got
    return data


def copy(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def http(client):
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += exactly(client, 1)
    lines = head.decode().split("\r\n")
    wanted = "Proxy-Authorization: Basic " + base64.b64encode((LOGIN or "").encode()).decode()
    if LOGIN and wanted not in lines:
        client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
        return None
    verb, where, _ = lines[0].split(" ")
    host, port = where.rsplit(":", 1)
    try:
        assert verb == "CONNECT"
        server = socket.create_connection((host.strip("[]"), int(port)))
    except OSError:
        client.sendall(b"HTTP/1.1 502 Bad Gateway\r\n\r\n<html>no</html>")
        return None
    client.sendall(b"HTTP/1.1 200 Connection established\r\nVia: 1.1 test\r\n\r\n")
    return server


def socks5(client):
    version, count = exactly(client, 2)
    offered = exactly(client, count)
    wanted = 2 if LOGIN else 0
    if version != 5 or wanted not in offered:
        client.sendall(b"\x05\xff")
        return None
    client.sendall(bytes([5, wanted]))
    if LOGIN:
        exactly(client, 1)
        user = exactly(client, exactly(client, 1)[0])
        word = exactly(client, exactly(client, 1)[0])
        right = user + b":" + word == LOGIN.encode()
        client.sendall(b"\x01\x00" if right else b"\x01\x01")
        if not right:
            return None
    _, _, _, kind = exactly(client, 4)
    if kind == 3:
        host = exactly(client, exactly(client, 1)[0]).decode()
    else:
        family = socket.AF_INET if kind == 1 else socket.AF_INET6
        host = socket.inet_ntop(family, exactly(client, 4 if kind == 1 else 16))
    port = int.from_bytes(exactly(client, 2), "big")
    try:
        server = socket.create_connection((host, port))
    except OSError:
        client.sendall(b"\x05\x05\x00\x01" + bytes(6))
        return None
    client.sendall(b"\x05\x00\x00\x03\x04test\x00\x00")
    return server


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        try:
            server = http(self.request) if KIND == "http" else socks5(self.request)
        except (ConnectionError, ValueError, AssertionError):
            return
        if server is None:
            return
        back = threading.Thread(target=copy, args=(server, self.request), daemon=True)
        back.start()
        copy(self.request, server)
        back.join()


socketserver.ThreadingTCPServer.daemon_threads = True
with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as listening:
    print(listening.server_address[1], flush=True)
    listening.serve_forever()
