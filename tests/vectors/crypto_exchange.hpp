// X25519 and the key derivation: RFC 7748's values, and what OpenSSL says.
// Written by make_crypto_vectors.py.
#pragma once

#include <string_view>

namespace adit::test::exchange {

// RFC 7748 section 6.1
inline constexpr std::string_view alice_private =
    "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a";

inline constexpr std::string_view alice_public =
    "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a";

inline constexpr std::string_view bob_private =
    "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb";

inline constexpr std::string_view bob_public =
    "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f";

inline constexpr std::string_view shared =
    "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";

// with bob_public, the X25519 secret below
inline constexpr std::string_view plain_private =
    "56446a2f797a1c55b4966ab3b05b200e1ca04801f819ddfad00158e73592aa83";

inline constexpr std::string_view plain_secret =
    "21250904fab3fe1c8d47fc45129b7eb0d7b006afe1d03b6e2e1dba745de47537";

// with bob_public, the X25519 secret below
inline constexpr std::string_view high_bit_private =
    "a08d2354b3f601d40c570ecab91d780205b9c2cef1ea3179e8d55ae978cf66f7";

inline constexpr std::string_view high_bit_secret =
    "d7b3976b06939d72bf01d432f5eb9f1e0d33d669fdf90164fb1126581b576b07";

// with bob_public, the X25519 secret below
inline constexpr std::string_view one_zero_private =
    "2bf44ae58bf1616fea4f6b683252d7b0177611af10956760250926c442d164a3";

inline constexpr std::string_view one_zero_secret =
    "0013ca8c4101da4b194c3e5ac83ae033831a93d086f700a469250687a3fbcc5e";

// with bob_public, the X25519 secret below
inline constexpr std::string_view zero_then_high_bit_private =
    "cdbf2169c4763548a420202d58bb5f7ebc0b0dab3e22e7890b131926fbc071de";

inline constexpr std::string_view zero_then_high_bit_secret =
    "0085947a3eeb6f2d8f8ddcbf46b43dbcf6431b8eddd72ebc59c39378c8d1bd39";

// with bob_public, the X25519 secret below
inline constexpr std::string_view two_zeros_private =
    "768175b42bf954085ce2c73ae32390a1909a56215e73cecd6a100d7493f5bc79";

inline constexpr std::string_view two_zeros_secret =
    "0000183f2e5b37492131314dd81433ca3ee3ea60360c4dedecb7ce30cd1fb10b";

// OpenSSL's SSHKDF (RFC 4253 section 7.2)
inline constexpr std::string_view kdf_secret =
    "000000210080b673f31e1bae6e722820291741e9b683e919b17d6272970a89f64d2ac4c471";

inline constexpr std::string_view kdf_session_id =
    "8dd2c14cca01d68e64590e42a8bd76d768d935c096d5eb0ec5dc96db3a5e9848";

inline constexpr std::string_view kdf_sha256_hash =
    "90dfb4959ca6dafa14443fe5ea96cc3badbf9ad3f2e00c2d70bdb1af7c710ce0";

inline constexpr std::string_view kdf_sha256_a = "8e7c9e16208e826357cb421a";

inline constexpr std::string_view kdf_sha256_d =
    "b07a25dc20ad9c132bff020acda3dff4b0f527f2a22af8e8c1800459e07b5c3b";

inline constexpr std::string_view kdf_sha256_f =
    "8958a1104055cf3077747256736c39f33214e26232907211263f3814a39fc16cde8fa0f79eeb88ddcc2bcaf0"
    "f31949fb44277d427fa6007249482580e6a224710fbd82a82810ccdd73848fbda45ba3d75c989c2e9cf9255e"
    "7d4215ffa394f7e3e628627f0d8e8dad3b995b2d3fa0a0b52a4afd4311dc6288b4dff195968fa119cccf4b16"
    "36f0781e215e6a728dd60061ee61845b58b3656b28f269b8dcc57094";

inline constexpr std::string_view kdf_sha384_hash =
    "762e0255047668c4997826a1a2ac154af25c302844a34b34f4abcc537c32d61f55cf48bcf5230b06de5c68c7"
    "15e1a0c1";

inline constexpr std::string_view kdf_sha384_a = "884f36aa0418a4a2fadc2c9c";

inline constexpr std::string_view kdf_sha384_d =
    "da0407cb37451d76d387226db2fc520e3b222e3aa2732cfaaa5b4db8728c8663048e73370d76a8e628b362ed"
    "25073708";

inline constexpr std::string_view kdf_sha384_f =
    "12cf1dbb10a9a7fa4d178a1eb51453b85ac894cb4603de9afa2790b6e5de1d7d9020a22fe2f5d1779d7d3b98"
    "b408aecdce1f19b4a6b6c32157f25592f34d9649f2845fd71af8bd01a925833242dafe202e004b76ebfb806a"
    "55e01ff351be6fff5faa978946dad67e368ad5c0f140eface9a842cd098f0940cf7089e41f8cd9485f4fce3c"
    "0c03279d741bf65f78f911ac18bc5b3c68112e7d275e2464d202b008";

inline constexpr std::string_view kdf_sha512_hash =
    "e862c95a3a25513b9b41b5aea78e2597bed6450370f9d003987bec77515070de7c4c7c5cac31bd0025411c78"
    "54701ba8a58b4c255a357ecba5d0019dc205ecb1";

inline constexpr std::string_view kdf_sha512_a = "ab52e303447506afee1613f1";

inline constexpr std::string_view kdf_sha512_d =
    "47f8e44d675dfccb0ecee8327bb8c49aabb24b1d39633c836ce49a5d72c8761262be1c0388d736a1554b229f"
    "9e7f6f355cb862251cba48ce3dc4f5f9819254db";

inline constexpr std::string_view kdf_sha512_f =
    "878d33035a6724af57949d8788192acbe06e2ab12dd0a0e3048f896f28bb248645b189665e8c0cf0b265516e"
    "3db79f469cdd9332df3fed68f8d21b8a7d3359e8eaf2c4e25e2da6a26d645484b0f8d12d4161631ec0ae1a4e"
    "7c87e349a907abb762fd25fc89f0eee4e15673ac99d2364a1829182018fe0d51d0cd5af21a38ddf3c4fc59b1"
    "ecc07d8a9d1ca2656b65233f229774a4b97d61eb5bc96b05c9ff58c9";

}  // namespace adit::test::exchange
