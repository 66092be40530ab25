// Run once after Botan was built (cmake/setup/botan.sh): signs and verifies, agrees, seals and
// opens, hashes and derives with every algorithm that adit uses, including those of later issues,
// so that a missing module shows here and not as an exception in somebody's tunnel. Invariant: each
// check also sees that a changed byte is refused, where the algorithm can refuse.
#include <botan/aead.h>
#include <botan/argon2fmt.h>
#include <botan/auto_rng.h>
#include <botan/base32.h>
#include <botan/base64.h>
#include <botan/bcrypt.h>
#include <botan/cipher_mode.h>
#include <botan/dh.h>
#include <botan/dl_group.h>
#include <botan/ec_group.h>
#include <botan/ecdh.h>
#include <botan/ecdsa.h>
#include <botan/ed25519.h>
#include <botan/hash.h>
#include <botan/mac.h>
#include <botan/ml_kem.h>
#include <botan/otp.h>
#include <botan/pkcs8.h>
#include <botan/pubkey.h>
#include <botan/pwdhash.h>
#include <botan/rsa.h>
#include <botan/stream_cipher.h>
#include <botan/system_rng.h>
#include <botan/x25519.h>

#include <cstdint>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <vector>

namespace {

using bytes = std::vector<std::uint8_t>;

int failures = 0;

void check(const std::string& name, bool good) {
    std::printf("  %-32s %s\n", name.c_str(), good ? "ok" : "FAILED");
    failures += good ? 0 : 1;
}

bool signs(const Botan::Private_Key& key, const std::string& padding) {
    auto& rng = Botan::system_rng();
    const bytes message(100, 7);
    Botan::PK_Signer signer(key, rng, padding);
    auto signature = signer.sign_message(message, rng);
    const auto open = key.public_key();
    Botan::PK_Verifier verifier(*open, padding);
    const bool good = verifier.verify_message(message, signature);
    signature.at(signature.size() / 2) ^= 1;
    return good && !verifier.verify_message(message, signature);
}

bool signs_the_same_twice(const Botan::Private_Key& key, const std::string& padding) {
    auto& rng = Botan::system_rng();
    const bytes message(100, 7);
    return Botan::PK_Signer(key, rng, padding).sign_message(message, rng) ==
           Botan::PK_Signer(key, rng, padding).sign_message(message, rng);
}

bool agrees(const Botan::PK_Key_Agreement_Key& ours, const Botan::PK_Key_Agreement_Key& theirs,
            const Botan::Private_Key& our_key, const Botan::Private_Key& their_key) {
    auto& rng = Botan::system_rng();
    const auto a =
        Botan::PK_Key_Agreement(our_key, rng, "Raw").derive_key(0, theirs.public_value());
    const auto b =
        Botan::PK_Key_Agreement(their_key, rng, "Raw").derive_key(0, ours.public_value());
    return a.bits_of() == b.bits_of() && a.length() > 0;
}

void check_signatures() {
    auto& rng = Botan::system_rng();
    check("Ed25519", signs(Botan::Ed25519_PrivateKey(rng), "Pure"));
    const Botan::RSA_PrivateKey rsa(rng, 2048);
    for (const auto* hash : {"SHA-1", "SHA-256", "SHA-512"}) {
        check(std::string("RSA ") + hash, signs(rsa, std::string("PKCS1v15(") + hash + ")"));
    }
    const std::pair<const char*, const char*> curves[] = {
        {"secp256r1", "SHA-256"}, {"secp384r1", "SHA-384"}, {"secp521r1", "SHA-512"}};
    for (const auto& [curve, hash] : curves) {
        const Botan::ECDSA_PrivateKey key(rng, Botan::EC_Group::from_name(curve));
        check(std::string("ECDSA ") + curve, signs(key, hash));
        check(std::string("ECDSA deterministic ") + curve, signs_the_same_twice(key, hash));
    }
}

void check_agreements() {
    auto& rng = Botan::system_rng();
    const Botan::X25519_PrivateKey a(rng);
    const Botan::X25519_PrivateKey b(rng);
    check("X25519", agrees(a, b, a, b));
    for (const auto* curve : {"secp256r1", "secp384r1", "secp521r1"}) {
        const auto group = Botan::EC_Group::from_name(curve);
        const Botan::ECDH_PrivateKey c(rng, group);
        const Botan::ECDH_PrivateKey d(rng, group);
        check(std::string("ECDH ") + curve, agrees(c, d, c, d));
    }
    for (const auto* name : {"modp/ietf/2048", "modp/ietf/4096"}) {
        const auto group = Botan::DL_Group::from_name(name);
        const Botan::DH_PrivateKey e(rng, group);
        const Botan::DH_PrivateKey f(rng, group);
        check(std::string("DH ") + name, agrees(e, f, e, f));
    }
    const Botan::ML_KEM_PrivateKey kem(rng, Botan::ML_KEM_Mode::ML_KEM_768);
    const auto sent = Botan::PK_KEM_Encryptor(kem, "Raw").encrypt(rng, 32);
    const auto got =
        Botan::PK_KEM_Decryptor(kem, rng, "Raw").decrypt(sent.encapsulated_shared_key(), 32);
    check("ML-KEM-768", got == sent.shared_key());
}

void check_ciphers() {
    for (const auto* name : {"AES-128/GCM", "AES-256/GCM"}) {
        const auto seal = Botan::AEAD_Mode::create_or_throw(name, Botan::Cipher_Dir::Encryption);
        const auto open = Botan::AEAD_Mode::create_or_throw(name, Botan::Cipher_Dir::Decryption);
        const bytes key(seal->maximum_keylength(), 3);
        const bytes nonce(12, 4);
        seal->set_key(key);
        open->set_key(key);
        Botan::secure_vector<std::uint8_t> data(1000, 5);
        seal->start(nonce);
        seal->finish(data);
        auto changed = data;
        changed.at(10) ^= 1;
        open->start(nonce);
        open->finish(data);
        bool refused = false;
        try {
            open->start(nonce);
            open->finish(changed);
        } catch (const Botan::Invalid_Authentication_Tag&) {
            refused = true;
        }
        check(name, refused && data == Botan::secure_vector<std::uint8_t>(1000, 5));
    }
    for (const auto* name :
         {"ChaCha(20)", "CTR-BE(AES-128)", "CTR-BE(AES-192)", "CTR-BE(AES-256)"}) {
        const auto cipher = Botan::StreamCipher::create_or_throw(name);
        const bytes key(cipher->maximum_keylength(), 3);
        const bytes nonce(std::string(name).starts_with("ChaCha") ? 8 : 16, 4);
        bytes data(1000, 5);
        cipher->set_key(key);
        cipher->set_iv(nonce);
        cipher->encipher(data);
        const bool changed = data != bytes(1000, 5);
        cipher->set_iv(nonce);
        cipher->encipher(data);
        check(name, changed && data == bytes(1000, 5));
    }
    for (const auto* name : {"AES-256/CBC/NoPadding", "AES-128/CBC/NoPadding"}) {
        check(name, Botan::Cipher_Mode::create(name, Botan::Cipher_Dir::Decryption) != nullptr);
    }
}

void check_hashes() {
    for (const auto* name : {"SHA-1", "SHA-256", "SHA-384", "SHA-512", "MD5"}) {
        check(name, Botan::HashFunction::create_or_throw(name)->process("a").size() >= 16);
    }
    for (const auto* name : {"HMAC(SHA-1)", "HMAC(SHA-256)", "HMAC(SHA-512)", "Poly1305"}) {
        const auto mac = Botan::MessageAuthenticationCode::create_or_throw(name);
        mac->set_key(bytes(32, 1));
        const auto tag = mac->process(bytes(50, 2));
        mac->set_key(bytes(32, 1));
        mac->update(bytes(50, 2));
        check(name, mac->verify_mac(tag));
    }
}

void check_keys_and_passwords() {
    auto& rng = Botan::system_rng();
    check("Argon2 password", Botan::argon2_check_pwhash(
                                 "x", 1, Botan::argon2_generate_pwhash("x", 1, rng, 1, 1024, 1)));
    check("bcrypt password", Botan::check_bcrypt("x", Botan::generate_bcrypt("x", rng, 4)));
    for (const auto* family : {"Bcrypt-PBKDF", "PBKDF2(SHA-256)", "Scrypt", "Argon2id"}) {
        check(family, Botan::PasswordHashFamily::create(family) != nullptr);
    }
    check("HOTP (RFC 4226 appendix D)",
          Botan::HOTP(reinterpret_cast<const std::uint8_t*>("12345678901234567890"), 20, "SHA-1", 6)
                  .generate_hotp(1) == 287082);
    check("Base32", Botan::base32_decode("MZXW6===").size() == 3);
    check("Base64", Botan::base64_decode("Zm9v").size() == 3);
    const Botan::Ed25519_PrivateKey key(rng);
    const auto pem = Botan::PKCS8::PEM_encode_encrypted_pbkdf_iter(key, rng, "pass", 1000,
                                                                   "AES-256/CBC", "SHA-256");
    Botan::DataSource_Memory source(pem);
    check("PKCS#8, encrypted", Botan::PKCS8::load_key(source, "pass")->algo_name() == "Ed25519");
    Botan::AutoSeeded_RNG automatic;
    check("AutoSeeded_RNG", automatic.random_vec(16) != automatic.random_vec(16));
}

}  // namespace

int main() {
    try {
        check_signatures();
        check_agreements();
        check_ciphers();
        check_hashes();
        check_keys_and_passwords();
    } catch (const std::exception& error) {
        std::printf("  FAILED: %s\n", error.what());
        return 1;
    }
    return failures == 0 ? 0 : 1;
}
