#!/usr/bin/env python3
# Writes the seeds of F06, scenes of channels as lists of operations of four bytes, and of F07, what
# a link does in pairs of bytes, as the two targets read them. Run it after they have changed.
import pathlib

here = pathlib.Path(__file__).parent

OPEN, WRITE, READ, BORROW, START_READ, START_WRITE, EOF, CLOSE, ABORT, ANSWER, CANCEL, REPLY = range(12)
(CONFIRM, REFUSE, DATA, EXTENDED, ADJUST, PEER_EOF, PEER_CLOSE, REQUEST, SUCCESS, GLOBAL, PEER_OPEN,
 RAW, DEAF) = range(12, 25)
AT_SERVER = 128


def operations(*each):
    return b"".join(bytes(one) for one in each)


def write_seed(name, who, settings, pipe, *each):
    folder = here / "f06_channels"
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(bytes([who, settings, pipe]) + operations(*each))


def big(code, slot, size):
    return (code, slot, size >> 8, size & 255)


def two_of_ours():
    opened = [(OPEN, 0, 1, 0)]
    there = [big(WRITE, 0, 5000), big(READ, AT_SERVER, 8000)]
    back = [big(WRITE, AT_SERVER, 5000), big(START_READ, 0, 8000)]
    ends = [(EOF, 0, 0, 0), (EOF, AT_SERVER, 0, 0), (CLOSE, 0, 0, 0), (CLOSE, AT_SERVER, 0, 0)]
    write_seed("ours_there_and_back", 0, 0, 0, *opened, *there, *back, *ends)
    write_seed("ours_small_windows", 0, 2, 0, *opened, *(there + back) * 4, *ends)
    write_seed("ours_small_queues", 0, 2 | 8, 7, *opened, *(there + back) * 4, *ends)
    write_seed("ours_rekeys", 0, 16, 0, *opened, *(there + back) * 6, *ends)
    write_seed("ours_rekeys_in_pieces", 0, 32 | 8, 7 | 40, *opened, *(there + back) * 6, *ends)
    several = [(OPEN, n, 1, 0) for n in range(5)]
    write_seed("ours_five_channels", 0, 3, 0, *several,
               *[big(START_WRITE, n, 9000) for n in range(5)],
               *[big(BORROW, AT_SERVER + n, 4000) for n in range(5)],
               *[(ABORT, n, 0, 0) for n in range(5)], *several)
    write_seed("ours_refused", 0, 0, 0, (OPEN, 0, 0, 0), (ANSWER, AT_SERVER, 0, 0),
               (OPEN, 0, 0, 0), (CANCEL, 0, 0, 0), (ANSWER, AT_SERVER, 1, 0))
    write_seed("ours_abort_unread", 0, 0, 0, *opened, big(WRITE, 0, 3000), (ABORT, 0, 0, 0),
               big(READ, AT_SERVER, 9000), big(START_READ, AT_SERVER, 9), (CLOSE, AT_SERVER, 0, 0))


def a_stranger():
    opened = [(OPEN, 0, 0, 0), (CONFIRM, 0, 17, 255)]
    write_seed("client_data_and_ends", 1, 0, 0, *opened, big(DATA, 0, 3000), big(READ, 0, 9000),
               big(WRITE, 0, 5000), (ADJUST, 0, 9, 0), (PEER_EOF, 0, 0, 0), (EOF, 0, 0, 0),
               (PEER_CLOSE, 0, 0, 0), (CLOSE, 0, 0, 0))
    write_seed("client_whole_window", 1, 2, 0, *opened, *[(DATA, 0, 128, 0), big(READ, 0, 9000)] * 4,
               (EXTENDED, 0, 1, 44), (DATA, 0, 192, 0))
    write_seed("client_refused_and_late", 1, 0, 0, (OPEN, 0, 0, 0), (REFUSE, 0, 2, 0),
               (OPEN, 1, 0, 0), (CANCEL, 1, 0, 0), (CONFIRM, 0, 5, 9), (PEER_CLOSE, 0, 0, 0))
    write_seed("client_questions", 1, 0, 0, *opened, (REQUEST, 0, 1, 2), (GLOBAL, 0, 1, 1),
               (PEER_OPEN, 2, 9, 9), (SUCCESS, 0, 0, 0))
    write_seed("client_data_after_close", 1, 0, 0, *opened, (PEER_CLOSE, 0, 0, 0), big(DATA, 0, 9))
    write_seed("client_deaf_peer", 1, 8, 4, *opened, (DEAF, 0, 0, 0),
               *[big(START_WRITE, 0, 9000), (ADJUST, 0, 17, 0)] * 3, (PEER_CLOSE, 0, 0, 0))
    asked = [(PEER_OPEN, 1, 33, 255), (ANSWER, 0, 1, 0)]
    write_seed("server_data_and_ends", 3, 0, 0, *asked, big(DATA, 0, 3000), big(BORROW, 0, 2000),
               big(WRITE, 0, 3000), (PEER_EOF, 0, 0, 0), (ABORT, 0, 0, 0), (PEER_CLOSE, 0, 0, 0))
    session = [(PEER_OPEN, 0, 33, 255), (ANSWER, 0, 1, 0)]
    write_seed("server_session", 3, 0, 0, *session, *[(REQUEST, 0, 1, 2)] * 3, *[(REPLY, 0, 1, 0)] * 3,
               (CLOSE, 0, 0, 0), (PEER_CLOSE, 0, 0, 0))
    write_seed("server_forwards", 3, 0, 0, *[(GLOBAL, 0, 1, 0), (GLOBAL, 0, 1, 1)] * 2,
               *[(ANSWER, 0, 1, 0)] * 2)
    write_seed("server_window_overflow", 3, 0, 0, *asked, (ADJUST, 0, 255, 0))
    write_seed("server_raw", 3, 0, 0, *asked, (RAW, 5, 0, 0), (90, 0, 0, 0), (0, 0, 0, 0))


def links():
    folder = here / "f07_link"
    folder.mkdir(exist_ok=True)
    sizes = [200, 30, 0, 90]
    (pass_down, pass_up, more_down, more_up, all_ways) = (0, 1, 4, 5, 6)
    (rekey_server, rekey_client, rekey_both, flip_down, flip_up, cut) = (8, 9, 10, 12, 13, 14 + 192)

    def write(name, choice, script=()):
        (folder / name).write_bytes(bytes([choice, *sizes, *script]))

    for i, suite in enumerate(["gcm", "chacha", "ctr", "etm"]):
        write(f"honest_{suite}", i << 2)
    write("many_channels_rekeys_by_size", 0x33)
    write("small_pieces", 0x14, [pass_up, 3, pass_down, 7] * 120)
    handshake = [all_ways, 0] * 6
    write("rekeys_of_the_client", 0x10, handshake + [rekey_client, 0, more_up, 9, more_down, 9] * 8)
    write("rekeys_of_the_server", 0x20, handshake + [rekey_server, 0, more_down, 30, more_up, 3] * 8)
    write("rekeys_of_both_at_once", 0x34,
          handshake + [rekey_both, 0, pass_up, 99, pass_down, 99, all_ways, 0] * 8)
    write("flip_in_the_identification", 0, [flip_up, 1])
    write("flip_in_the_exchange", 4, [all_ways, 0, flip_down, 20])
    write("flip_in_the_login", 8, [all_ways, 0] * 3 + [flip_up, 9])
    write("flip_in_data", 0x10, handshake + [all_ways, 0, flip_up, 120])
    write("flip_in_a_rekey", 0x1c,
          handshake + [rekey_both, 0, pass_up, 9, flip_down, 4, all_ways, 0])
    write("cut_in_the_handshake", 0, [all_ways, 0, cut, 0])
    write("cut_in_data", 0x30, handshake + [all_ways, 0, cut, 0])
    write("cut_in_a_rekey", 0x30, handshake + [rekey_client, 0, pass_up, 40, cut, 0])


two_of_ours()
a_stranger()
links()
