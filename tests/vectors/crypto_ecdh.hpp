// ECDH on NIST's curves: NIST's vectors, and secrets of every form that an mpint
// tells apart, by OpenSSL, each with the curve's peer.
// Written by make_crypto_vectors.py.
#pragma once

#include <string_view>

namespace adit::test::ecdh {

// NIST CAVS 14.1, ECC CDH
inline constexpr std::string_view p256_private =
    "7d7dc5f71eb29ddaf80d6214632eeae03d9058af1fb6d22ed80badb62bc1a534";

inline constexpr std::string_view p256_public =
    "04ead218590119e8876b29146ff89ca61770c4edbbf97d38ce385ed281d8a6b23028af61281fd35e2fa70025"
    "23acc85a429cb06ee6648325389f59edfce1405141";

inline constexpr std::string_view p256_peer =
    "04700c48f77f56584c5cc632ca65640db91b6bacce3a4df6b42ce7cc838833d287db71e509e3fd9b060ddb20"
    "ba5c51dcc5948d46fbf640dfe0441782cab85fa4ac";

inline constexpr std::string_view p256_secret =
    "46fc62106420ff012e54a434fbdd2d25ccc5852060561e68040dd7778997bd7b";

inline constexpr std::string_view p256_compressed =
    "03ead218590119e8876b29146ff89ca61770c4edbbf97d38ce385ed281d8a6b230";

inline constexpr std::string_view p256_plain_private =
    "0016a28f881f3f2c9e4245459533a185b9cd861d6ca40771027a6237003da566";

inline constexpr std::string_view p256_plain_mpint =
    "0000002074df5e87d64cba1643224a9ac88cb493a1a5417f89f6013ff38553226d5100a5";

inline constexpr std::string_view p256_high_bit_private =
    "006de84975a58884191b9ed3429b9c63de6e75602c9ee1bcd234ddc9d592cf5b";

inline constexpr std::string_view p256_high_bit_mpint =
    "0000002100d96662debd1858048aee90631c5405bbf3b4a19768899678589900cce4cef606";

inline constexpr std::string_view p256_one_zero_private =
    "0054a88550785f6aceed176663288bb801e9140c2a8eb11d823d7db229035956";

inline constexpr std::string_view p256_one_zero_mpint =
    "0000001f0f42a42f5f9c60e86bc9364e8e1b652db3a87020828641c414f44448337b7b";

inline constexpr std::string_view p256_zero_then_high_bit_private =
    "004bc4fd9d7b8860da729a60880f80c71e4ac1cd7805347f103803bea40c807c";

inline constexpr std::string_view p256_zero_then_high_bit_mpint =
    "0000002000f0d2f1fc2b52ce208d19a31c37bdddf9a3a3521c44ba94be78234488b111f2";

// NIST CAVS 14.1, ECC CDH
inline constexpr std::string_view p384_private =
    "8dd48063a3a058c334b5cc7a4ce07d02e5ee6d8f1f3c51a1600962cbab462690ae3cd974fb39e40b0e843daa"
    "0fd32de1";

inline constexpr std::string_view p384_public =
    "04e38c9846248123c3421861ea4d32669a7b5c3c08376ad28104399494c84ff5efa3894adb2c6cbe8c3c913e"
    "f2eec5bd3c9fa84024a1028796df84021f7b6c9d02f0f4bd1a612a03cbf75a0beea43fef8ae84b48c60172aa"
    "df09c1ad016d0bf3ce";

inline constexpr std::string_view p384_peer =
    "048bc089326ec55b9cf59b34f0eb754d93596ca290fcb3444c83d4de3a5607037ec397683f8cef07eab2fe35"
    "7eae36c449d9d16ce8ac85b3f1e94568521aae534e67139e310ec72693526aa2e927b5b322c95a1a033c229c"
    "b6770c957cd3148dd7";

inline constexpr std::string_view p384_secret =
    "6a42cfc392aba0bfd3d17b7ccf062b91fc09bbf3417612d02a90bdde62ae40c54bb2e56e167d6b70db670097"
    "eb8db854";

inline constexpr std::string_view p384_compressed =
    "02e38c9846248123c3421861ea4d32669a7b5c3c08376ad28104399494c84ff5efa3894adb2c6cbe8c3c913e"
    "f2eec5bd3c";

inline constexpr std::string_view p384_plain_private =
    "00abfbd16339941c4acf729f8946f4d9ddf4cfe0f5d5682fcd53831bfc3a2f4c2fd38ba20a0dba3c85d98a79"
    "fcd22374";

inline constexpr std::string_view p384_plain_mpint =
    "00000030169eae67c4ffb1fecb2e944b7967a45470f0aac2abda37cf0909b4b765e3d63341a96a261b0919a6"
    "0fbadfe30458fced";

inline constexpr std::string_view p384_high_bit_private =
    "005cba0365e06fb504125796e8a1251a46e08aaa3627220790e1f222baee00db64c85ec0cd11c2ca8c9afb93"
    "c0d131da";

inline constexpr std::string_view p384_high_bit_mpint =
    "0000003100efb73494d4a2d13f3b8c472f7c66b03944fb12a888755379ae712c00c6e8303f141826c3c029a4"
    "48885876d3e466e673";

inline constexpr std::string_view p384_one_zero_private =
    "00571e8b89dd4b5563e35cea5109e248f9fbc2cb163935c07ddc084b3bebd9785c33f94e3ae9725c74704bee"
    "d3a5232e";

inline constexpr std::string_view p384_one_zero_mpint =
    "0000002f058ea1089ef05615748f218fe44c8f2959e98cb59be6f54f84b4325df5dfe81fd052309b0dbb233a"
    "40e0df404ed5b7";

inline constexpr std::string_view p384_zero_then_high_bit_private =
    "00b32a0bc80deda39c758e532ba9cf50fa29dc9ad3ae4557b2b933293f61336c63df237a966afca360559d37"
    "71991f2c";

inline constexpr std::string_view p384_zero_then_high_bit_mpint =
    "00000030009b034c6bf8adabaa7df42d2e3502257cfbe6ef31ba7aaea3f171f2c30cae1b6a46c19422909777"
    "e5b623d455caff85";

// NIST CAVS 14.1, ECC CDH
inline constexpr std::string_view p521_private =
    "017eecc07ab4b329068fba65e56a1f8890aa935e57134ae0ffcce802735151f4eac6564f6ee9974c5e6887a1"
    "fefee5743ae2241bfeb95d5ce31ddcb6f9edb4d6fc47";

inline constexpr std::string_view p521_public =
    "0400602f9d0cf9e526b29e22381c203c48a886c2b0673033366314f1ffbcba240ba42f4ef38a76174635f91e"
    "6b4ed34275eb01c8467d05ca80315bf1a7bbd945f550a501b7c85f26f5d4b2d7355cf6b02117659943762b6d"
    "1db5ab4f1dbc44ce7b2946eb6c7de342962893fd387d1b73d7a8672d1f236961170b7eb3579953ee5cdc88cd"
    "2d";

inline constexpr std::string_view p521_peer =
    "0400685a48e86c79f0f0875f7bc18d25eb5fc8c0b07e5da4f4370f3a9490340854334b1e1b87fa395464c606"
    "26124a4e70d0f785601d37c09870ebf176666877a2046d01ba52c56fc8776d9e8f5db4f0cc27636d0b741bbe"
    "05400697942e80b739884a83bde99e0f6716939e632bc8986fa18dccd443a348b6c3e522497955a4f3c302f6"
    "76";

inline constexpr std::string_view p521_secret =
    "005fc70477c3e63bc3954bd0df3ea0d1f41ee21746ed95fc5e1fdf90930d5e136672d72cc770742d1711c3c3"
    "a4c334a0ad9759436a4d3c5bf6e74b9578fac148c831";

inline constexpr std::string_view p521_compressed =
    "0300602f9d0cf9e526b29e22381c203c48a886c2b0673033366314f1ffbcba240ba42f4ef38a76174635f91e"
    "6b4ed34275eb01c8467d05ca80315bf1a7bbd945f550a5";

inline constexpr std::string_view p521_plain_private =
    "00cdcd56d96401e0c9b24ad90fcb7148b9cb64bc8842837cb243daea398340cd25c7692c0758b1a1e702f5aa"
    "1bc58eb36f1c58ad6d553140f4ff669056986c63cf9f";

inline constexpr std::string_view p521_plain_mpint =
    "000000420131c13645ed8e1157d009f750f65ae121d7275405f29210949f339ea7f41707d7a60e7e90c4c4e5"
    "d431b3eabc501ef21ad1d1e9f237b0c21a5e8be74456a3291796";

inline constexpr std::string_view p521_one_zero_private =
    "00d2f3b8d66f68f454f165955e80c5b012ebebfff163b41c66e44df20486e63c8090b3bf5a03be796d27ad48"
    "1662bea9403ad8a1a686b56305d42103b409b5868665";

inline constexpr std::string_view p521_one_zero_mpint =
    "00000041123e721c2baa241e89beffcb13c80c7d5fa1da58300cf26a3828d7b97a1573c945a5b57a02f3518b"
    "a58e8b7fbbf58f3372d2f705cf7528716ef9b8f59296f3a3b0";

inline constexpr std::string_view p521_zero_then_high_bit_private =
    "0081981d7aa4df4f0ff6db339c4d99c92cb394545f6b9fcb0f9699043385acd86fed191b4de2bc2406287a3f"
    "e8db40ec984b0e0f1b050198e5186075f0617baa09e7";

inline constexpr std::string_view p521_zero_then_high_bit_mpint =
    "0000004200aefa508a385d9be1b1e264a9b96c85e9959f7826036283b5dfc7d734395a269ff87f6d134441fd"
    "8d70316de4064f435fbfecc4b4455158456854ae1e259a0fdb6e";

}  // namespace adit::test::ecdh
