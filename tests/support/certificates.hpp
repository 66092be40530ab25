// Certificates for tests, of any content: good ones and such as no ssh-keygen would make. Used by
// the tests of certificates and of authorized_keys, and by the fuzz targets F09 and F13.
// Invariant: the same certificate in every run.
#pragma once

#include "support/sample_keys.hpp"

#include <adit/keys/certificate.hpp>
#include <adit/keys/private_key.hpp>

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace adit::test {

/// What is written into a certificate; good for the user "user" unless told otherwise.
struct certificate_content {
    std::uint64_t serial = 7;
    std::uint32_t type = 1;
    std::string key_id = "an id";
    std::vector<std::string> principals{"user"};
    std::uint64_t valid_after = 1000;
    std::uint64_t valid_before = 2000;
    std::vector<std::pair<std::string, std::string>> critical_options;  ///< name, raw data
    std::vector<std::pair<std::string, std::string>> extensions;
    std::string reserved;
};

/// A string as the wire has it, such as the data of force-command.
[[nodiscard]] inline std::string wire_string(std::string_view text) {
    std::string field(4 + text.size(), '\0');
    std::vector<byte> memory(field.size());
    wire::writer w(memory);
    w.put_string(as_bytes(text));
    return std::string(as_text(memory));
}

/// Of `subject`, with a CA's key of any kind in it; signed by `signer`, whoever that is.
[[nodiscard]] inline std::vector<byte> certificate_blob(const certificate_content& content,
                                                        bytes_view subject, bytes_view authority,
                                                        const keys::private_key& signer,
                                                        std::string_view algorithm) {
    std::vector<byte> memory(64 * 1024 + authority.size());
    wire::writer w(memory);
    wire::reader key(subject);
    const std::string type(as_text(key.take_string()));
    const auto put_list = [&w](const auto& pairs) {
        const std::size_t mark = w.begin_string();
        for (const auto& [name, data] : pairs) {
            w.put_string(as_bytes(name));
            w.put_string(as_bytes(data));
        }
        w.end_string(mark);
    };
    w.put_string(as_bytes(type + std::string(keys::certificate_suffix)));
    w.put_string(as_bytes("a nonce"));
    w.put(key.remaining());
    w.put_u64(content.serial);
    w.put_u32(content.type);
    w.put_string(as_bytes(content.key_id));
    const std::size_t names = w.begin_string();
    for (const std::string& name : content.principals) w.put_string(as_bytes(name));
    w.end_string(names);
    w.put_u64(content.valid_after);
    w.put_u64(content.valid_before);
    put_list(content.critical_options);
    put_list(content.extensions);
    w.put_string(as_bytes(content.reserved));
    w.put_string(authority);
    w.put_string(signer.sign(algorithm, w.written()).value());
    memory.resize(w.size());
    return memory;
}

/// Of sample key 1, by sample key 2.
[[nodiscard]] inline std::vector<byte> sample_certificate_blob(const certificate_content& content) {
    const keys::private_key authority = sample_key(2);
    return certificate_blob(content, sample_public_key(1).blob(), authority.public_part().blob(),
                            authority, "ssh-ed25519");
}

/// Of sample key 1; its CA is a certificate, whose CA is a certificate, and so on (A14).
[[nodiscard]] inline std::vector<byte> nested_certificate_blob(std::size_t depth) {
    const keys::public_key root = sample_public_key(2);
    std::vector<byte> authority(root.blob().begin(), root.blob().end());
    certificate_content short_one;
    short_one.key_id.clear();
    for (std::size_t i = 0; i < depth; ++i) {
        authority = certificate_blob(short_one, sample_public_key(1).blob(), authority,
                                     sample_key(2), "ssh-ed25519");
    }
    return authority;
}

[[nodiscard]] inline keys::certificate sample_certificate(const certificate_content& content = {}) {
    return keys::certificate::parse(sample_certificate_blob(content)).value();
}

}  // namespace adit::test
