# SPDX-License-Identifier: BSD-2-Clause
"""A UDP echo server thread next to threads that compute. Prints its port, ends with its input."""

import os
import socket
import sys
import threading

import gil


def serve(server, cpus):
    gil.pin(cpus)
    while True:
        data, address = server.recvfrom(64)
        server.sendto(data, address)


def compute():
    while True:
        gil.spin()


def main():
    given = gil.parameters()
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))
    threading.Thread(target=serve, args=(server, given["io_cpus"])).start()
    for _ in range(given["threads"] - 1):
        threading.Thread(target=compute).start()
    print(server.getsockname()[1], flush=True)
    sys.stdin.read()
    os._exit(0)


main()
