// Tests of adit/protocol/version.hpp: the peer's line among what may precede it (RFC 4253 section
// 4.2; C01 to C04). Everything is fed whole and byte by byte, and must come out the same.
#include "support/test.hpp"

#include <adit/protocol/version.hpp>

namespace {

using adit::as_bytes;
using adit::bytes_view;
using adit::errc;
using adit::limits;
using adit::protocol::identification_reader;
using adit::protocol::role;

struct outcome {
    bool done = false;
    errc error = errc::ok;
    std::string line;
    std::size_t used = 0;
    friend bool operator==(const outcome&, const outcome&) = default;
};

outcome read_in_pieces(role ours, bytes_view input, std::size_t piece, const limits& caps) {
    identification_reader reader(ours, caps);
    std::size_t used = 0;
    while (used < input.size() && !reader.done() && reader.error() == errc::ok) {
        const bytes_view part = input.subspan(used, std::min(piece, input.size() - used));
        const std::size_t now = reader.feed(part);
        BOOST_TEST((now == part.size() || reader.done() || reader.error() != errc::ok));
        used += now;
    }
    BOOST_TEST(reader.line().size() <= caps.identification_line);
    return {reader.done(), reader.error(), reader.line(), used};
}

outcome read(role ours, std::string_view text, const limits& caps = {}) {
    const bytes_view input = as_bytes(text);
    const outcome whole = read_in_pieces(ours, input, text.size(), caps);
    for (const std::size_t piece : {1UL, 2UL, 3UL, 7UL, 64UL}) {
        BOOST_TEST((read_in_pieces(ours, input, piece, caps) == whole), "in pieces of " << piece);
    }
    return whole;
}

/// The peer's line, or why there is none.
outcome client_reads(std::string_view text, const limits& caps = {}) {
    return read(role::client, text, caps);
}
outcome server_reads(std::string_view text, const limits& caps = {}) {
    return read(role::server, text, caps);
}

BOOST_AUTO_TEST_SUITE(version)

BOOST_AUTO_TEST_CASE(our_line_is_one_that_a_peer_can_read) {
    const std::string ours = adit::protocol::our_identification();
    BOOST_TEST(ours.starts_with("SSH-2.0-adit_"));
    BOOST_TEST(ours.size() <= 253U);
    BOOST_TEST(server_reads(ours + "\r\n").line == ours);
    // RFC 4253 section 4.2: neither blanks nor minus signs in the software's version.
    BOOST_TEST(ours.substr(8).find_first_of(" -") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(c01_crlf_and_a_bare_lf_end_the_line) {
    for (const auto reads : {client_reads, server_reads}) {
        for (const std::string_view text : {"SSH-2.0-x_1\r\n", "SSH-2.0-x_1\n"}) {
            const outcome o = reads(text, {});
            BOOST_TEST(o.done);
            BOOST_TEST((o.error == errc::ok));
            BOOST_TEST(o.line == "SSH-2.0-x_1");
            BOOST_TEST(o.used == text.size());
        }
    }
}

BOOST_AUTO_TEST_CASE(c03_the_line_is_kept_as_it_came_comments_included) {
    for (const std::string line :
         {"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3", "SSH-2.0-x ", "SSH-2.0-x  two  blanks ",
          "SSH-2.0-\xc3\xa4", "SSH-2.0-Cisco-1.25", "SSH-2.0-Go"}) {
        BOOST_TEST(client_reads(line + "\r\n").line == line);
        BOOST_TEST(server_reads(line + "\r\n").line == line);
    }
}

BOOST_AUTO_TEST_CASE(c03_what_follows_the_line_is_left_alone) {
    const std::string text = std::string("SSH-2.0-x\r\n") + std::string("\0\0\1\x2c\4\x14", 6);
    BOOST_TEST(client_reads(text).used == 11U);
    BOOST_TEST(server_reads(text).used == 11U);
}

BOOST_AUTO_TEST_CASE(c01_a_line_of_255_bytes_is_taken_and_of_256_not) {
    for (const auto reads : {client_reads, server_reads}) {
        const std::string longest = "SSH-2.0-" + std::string(253 - 8, 'x');
        BOOST_TEST(reads(longest + "\r\n", {}).done);
        BOOST_TEST(reads(longest + "y\n", {}).done);
        for (const std::string_view end : {"y\r\n", "yz\n", "yzzzzzz"}) {
            const outcome o = reads(longest + std::string(end), {});
            BOOST_TEST(!o.done);
            BOOST_TEST((o.error == errc::identification_too_long));
        }
    }
}

BOOST_AUTO_TEST_CASE(c01_nul_and_a_stray_cr_are_refused) {
    for (const auto reads : {client_reads, server_reads}) {
        for (const std::string_view text :
             {std::string_view("SSH-2.0-x\0y\r\n", 13), std::string_view("SSH-2.0-x\ry\r\n"),
              std::string_view("SSH-2.0-x\r\r\n")}) {
            const outcome o = reads(text, {});
            BOOST_TEST(!o.done);
            BOOST_TEST((o.error == errc::malformed_identification));
        }
    }
}

BOOST_AUTO_TEST_CASE(c01_only_a_client_takes_1_99_for_2_0) {
    BOOST_TEST(client_reads("SSH-1.99-x\r\n").line == "SSH-1.99-x");
    BOOST_TEST(client_reads("SSH-1.99-x\r\n").done);
    BOOST_TEST((server_reads("SSH-1.99-x\r\n").error == errc::unsupported_protocol_version));
}

BOOST_AUTO_TEST_CASE(c01_other_versions_are_refused) {
    for (const auto reads : {client_reads, server_reads}) {
        for (const std::string_view text :
             {"SSH-1.5-x\n", "SSH-2.1-x\n", "SSH-2.0\n", "SSH-2\n", "SSH-\n", "SSH-2.00-x\n",
              "SSH-12.0-x\n", "SSH-2.0x-\n", "SSH-1.999-x\n"}) {
            const outcome o = reads(text, {});
            BOOST_TEST(!o.done);
            BOOST_TEST((o.error == errc::unsupported_protocol_version), text);
        }
    }
}

BOOST_AUTO_TEST_CASE(c02_a_server_takes_nothing_before_the_line) {
    for (const std::string_view text :
         {"\r\nSSH-2.0-x\r\n", "\nSSH-2.0-x\r\n", "hello\r\nSSH-2.0-x\r\n", "GET / HTTP/1.1\r\n",
          "ssh-2.0-x\r\n", "SSSH-2.0-x\r\n", " SSH-2.0-x\r\n", "\x16\x03\x01", "SS\n", "SSH\n"}) {
        const outcome o = server_reads(text);
        BOOST_TEST(!o.done);
        BOOST_TEST((o.error == errc::not_an_ssh_server), text);
    }
}

BOOST_AUTO_TEST_CASE(c02_a_client_takes_lines_before_the_line) {
    for (const std::string_view before :
         {"hello\r\n", "hello\n", "\r\n", "\n", "S\n", "SS\r\n", "SSH\n", "ssh-2.0-no\r\n",
          " SSH-2.0-no\r\n", "one\r\ntwo\r\nthree\n", "xSSH-1.5-old\n", "\x1b[31m\a\tred\r\n"}) {
        const outcome o = client_reads(std::string(before) + "SSH-2.0-x\r\n");
        BOOST_TEST(o.done, before);
        BOOST_TEST(o.line == "SSH-2.0-x");
    }
}

BOOST_AUTO_TEST_CASE(c02_a_line_before_may_be_longer_than_255_bytes) {
    const outcome o = client_reads(std::string(8192, 'x') + "\r\nSSH-2.0-x\r\n");
    BOOST_TEST(o.done);
    BOOST_TEST(o.line == "SSH-2.0-x");
}

BOOST_AUTO_TEST_CASE(c02_lines_before_are_counted) {
    limits caps;
    caps.lines_before_identification = 5;
    for (const std::string_view line : {"\n", "x\r\n", "SSH\n"}) {
        std::string text;
        for (int i = 0; i < 5; ++i) text += line;
        BOOST_TEST(client_reads(text + "SSH-2.0-x\r\n", caps).done);
        const outcome o = client_reads(text + std::string(line) + "SSH-2.0-x\r\n", caps);
        BOOST_TEST((o.error == errc::not_an_ssh_server));
        BOOST_TEST(o.used == 6 * line.size());
    }
}

BOOST_AUTO_TEST_CASE(c02_bytes_before_are_counted_over_all_lines) {
    limits caps;
    caps.bytes_before_identification = 1000;
    // The first byte of a line may yet be the beginning of "SSH-"; it is counted in the lines.
    const std::string line = std::string(100, 'x') + "\n";
    std::string text;
    for (int i = 0; i < 10; ++i) text += line;
    BOOST_TEST(client_reads(text + "SSH-2.0-x\r\n", caps).done);
    const outcome o = client_reads(text + text + "SSH-2.0-x\r\n", caps);
    BOOST_TEST((o.error == errc::not_an_ssh_server));
    BOOST_TEST(o.used <= 1100U);
}

BOOST_AUTO_TEST_CASE(c02_noise_without_an_end_is_given_up) {
    const outcome o = client_reads(std::string(70'000, 'x'));
    BOOST_TEST((o.error == errc::not_an_ssh_server));
    BOOST_TEST(o.used <= 64U * 1024 + 2);
    // What an error may quote is there, and no more than a line of it.
    BOOST_TEST(o.line.starts_with("xxxx"));
}

BOOST_AUTO_TEST_CASE(an_unfinished_line_is_neither_done_nor_wrong) {
    for (const std::string_view text : {"S", "SSH-", "SSH-2.0-x", "SSH-2.0-x\r"}) {
        const outcome o = server_reads(text);
        BOOST_TEST(!o.done);
        BOOST_TEST((o.error == errc::ok));
        BOOST_TEST(o.used == text.size());
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
