// AES-CTR: NIST's vectors, and packets sealed with OpenSSL's AES and Python's HMAC
// as RFC 4253 section 6.4 says, and as -etm@openssh.com has it.
// Written by make_crypto_vectors.py.
#pragma once

#include <string_view>

namespace adit::test::ctr {

// NIST SP 800-38A F.5
inline constexpr std::string_view iv = "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff";

inline constexpr std::string_view plain =
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc119"
    "1a0a52eff69f2445df4f9b17ad2b417be66c3710";

inline constexpr std::string_view key_128 = "2b7e151628aed2a6abf7158809cf4f3c";

inline constexpr std::string_view encrypted_128 =
    "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff5ae4df3edbd5d35e5b4f0902"
    "0db03eab1e031dda2fbe03d1792170a0f3009cee";

inline constexpr std::string_view key_192 = "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b";

inline constexpr std::string_view encrypted_192 =
    "1abc932417521ca24f2b0459fe7e6e0b090339ec0aa6faefd5ccc2c6f4ce8e941e36b26bd1ebc670d1bd1d66"
    "5620abf74f78a7f6d29809585a97daec58c6b050";

inline constexpr std::string_view key_256 =
    "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4";

inline constexpr std::string_view encrypted_256 =
    "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c52b0930daa23de94ce87017ba"
    "2d84988ddfc9c58db67aada613c2dd08457941a6";

// AES-128 and AES-192 take its first bytes
inline constexpr std::string_view key =
    "0d53b013eab603d999a9294eb82b437e598a1ee3d93f763b753702fa6549c17d";

// SHA-256 takes its first bytes
inline constexpr std::string_view mac_key =
    "e89172a761528cccd29858bf6ea415bc6e1abff525c532bda388236c113fee872662576477af44a0d0abc459"
    "efd328330f1b7870be030c43c123a8596261a7e7";

inline constexpr std::string_view wrapping_iv = "ffffffffffffffffffffffffffffffff";

inline constexpr std::string_view etm_first_body =
    "634b4a0b3d54e6976c3f8726078f47b02d952c919e82e03e64a164fbba4b891f45edcd4e6346bdcf4348291f"
    "47d9d0e0";

inline constexpr std::string_view etm_second_body =
    "527e1afd025149c81ab53c9b1d365f9e067d186bf0b39f677bca3242f73ccd5497ea486367d55c5e1f7622bf"
    "096c6c740e9d811c85203274412d7c01433f34d4a4805fb3d3c7dde5b9ff59d4b7131a267128e1f9583681f0"
    "8227f536f8ae9b9b39f56dde08b85757a5a55fc85f6bb9064646f3a5c2c8ec3f520519e5a8c2ae414560e7dc"
    "3ffeb1eabc066bba915aac2561a730e73ebfcdbf815b8a8f0401da9ec4b0129befa674220d387ee5b03a31f1"
    "b5628efd59df97574c890ff272a79cce68aacf150152b2608b07cc70fbdc91f1158777dc21932df27975a433"
    "b24dc75ee7b89857c471a073abd53e909ccff7e742c25f90bc2ee454bb098aba86f5957ef904caff7ac25fb6"
    "f1a7b056ef3d2a79efc99e34d378d265e6ad1f2a3c77a853b001528f653fcda94976eed6a2752e7a5f8d227e"
    "4a18dd7478c8d75a7c7748518dbb44f4b6f3628d7dc7b00c1dc147d881a7337f8fd0302f8d89b80f80ebdbab"
    "9e8541670015d2e4f37056486028bf3c2ddfb06d232b165efc3a6a357633195b123c0f7989d68877edc5cbda"
    "acba7d54c923179000a1f9d0cbb890817dd58fbd474df2a4fa79b35c88ee556a643e686ddbcd03815554f220"
    "5d278d7f2ee8c190fb4296fcb5e37a3ae852dbb206f6fd9c4bc2eda36948e7072a67d571639d4e40943eaace"
    "a4db0917174ab88068e39baf297ac5070b730342f25753ca30f090f4d92563591649c8fd2469a64dee2325f9"
    "086ed39537ac833ca55dfc60bf31a8adb6b2951d2b72e2842e3ebf651aec9d43e258dca50302c292c0e84ead"
    "8f52bce0dff235445bf29ae56f84f678b76a257520eab9a9ba275ad521fa9cacb0d13ffd682ded86e8934825"
    "ec5a7fdb01448731a95fc388729a31367b38956c0542fbe9c9b2012316d4445789933c7188eb86ef8c55cc66"
    "c9831927a99a8d2f276958279b7d1a42e100c9d1090346ab835c26a19dee4f06d387508c9398e57defec42d6"
    "a864b23785c3fd4717b7c496d873c8df36869dd85e492c59c73e0075b0f0ddc21b1f29ee26d73a211fa78a12"
    "096ba18fcbe0a39b038c8bfd1f4b8d9629b627434a3131aaf63fdad5ef95f1ae462dd44df07d8f1b082a9457"
    "e2406bec7f06ab86c0e2e48e42ea8e9b837a963b2c49ce7ec5c76914531e1f3b4d5bd5d2f753937c5caaf3b4"
    "71096661776814ecd26f03997aa51128a3011007b6e1e536342fbd1b40423a5cf15e754abc14bf73ef0ab92c"
    "31464179ba6059c36a7907c6edcb77474bd5fd0d2fa1ba36450559848f84117b59c13c3f4f99ac9f24724115"
    "71704af573cb19c33751c3bfdd3230ef4731798681ded1868aeb0899ab06ccce64e03d07e1fbb2d2d5d7c307"
    "b4c14b31989ac62843a156b3c2d74b8415cd029708901eac5d2d1c2cc41e3edf6bbb1a70e34934a7a6272ee5"
    "d5a5f00b8354692a55d7c994ecd5e082931d7bff8a8232f2f04b87e2";

inline constexpr std::string_view ctr128_sha256_etm_first =
    "00000030567723348b8c3b4937b69918cef5da3060eaa8777bc43a6f953fd50c72ace38712562f00caafa677"
    "a99f240168fea6887ce160deeb3ee6e7c3f8ae6be0e3275aeed191dd704aa3125c2a2145b9917470";

// SHA-256 of the packet
inline constexpr std::string_view ctr128_sha256_etm_second_digest =
    "a57a5a5f16a2747d6edf383b9cb3d738f0fb965f6bff779ff2fbca71378eb493";

inline constexpr std::string_view ctr128_sha512_etm_first =
    "00000030567723348b8c3b4937b69918cef5da3060eaa8777bc43a6f953fd50c72ace38712562f00caafa677"
    "a99f240168fea6880cebce1ebc5c7ff6d56519a28d5877dd3e5c5cf9c3a84b2d3c166a534b690345eb76474c"
    "3fc9d9e91112363fb1ea944a5ebbfc00ca8da96f894f4981f6852e4b";

// SHA-256 of the packet
inline constexpr std::string_view ctr128_sha512_etm_second_digest =
    "45b3e6862aa69451f6da8f0300060196421babc644a638b7579c924f440101ad";

inline constexpr std::string_view ctr192_sha256_etm_first =
    "00000030b5a0dc5243bb56c7dd8cbc396d5db9d97ec223f8dfcc295eacb3e4b91053f3c14f9a0b6b002311e3"
    "3b8f77d2d6d196ec09d0925f4dda39ae27b0db7be21307c8c38d440ef0760951d2daae6db608683c";

// SHA-256 of the packet
inline constexpr std::string_view ctr192_sha256_etm_second_digest =
    "5c0268cf75e75322f841153dcfd703738a4ab32ee727d3046bb98a83afefb301";

inline constexpr std::string_view ctr192_sha512_etm_first =
    "00000030b5a0dc5243bb56c7dd8cbc396d5db9d97ec223f8dfcc295eacb3e4b91053f3c14f9a0b6b002311e3"
    "3b8f77d2d6d196ec335c6d11008213dbd37bbb64eb0827cb040c6596582c6166ff340a9403f55f25d59dfac5"
    "7b5ae6b957ab5102516e786945ba2e534e6e17e7273ce90b3d16c8ff";

// SHA-256 of the packet
inline constexpr std::string_view ctr192_sha512_etm_second_digest =
    "fc53aae9f1be02e540ddd9926da7d74883ae200286bfaa616f57ad4f0eec85cb";

inline constexpr std::string_view ctr256_sha256_etm_first =
    "00000030081b2dc8301e6b97b67e5c44d25f8ffba9725cd48cf3606edea62b093b5d2f062286b03bbfe8ae70"
    "d55fa58f2a53a2f05de525974a7904f6d5ce97b4aa09db458d0bd31184972faa0c6a8bdc07f541a8";

// SHA-256 of the packet
inline constexpr std::string_view ctr256_sha256_etm_second_digest =
    "7134ddeeb5271f1ee2b831d5ef6c3e9026a0acaf4d07e30b43f0dc163b3d7fc3";

inline constexpr std::string_view ctr256_sha512_etm_first =
    "00000030081b2dc8301e6b97b67e5c44d25f8ffba9725cd48cf3606edea62b093b5d2f062286b03bbfe8ae70"
    "d55fa58f2a53a2f0457b017a9a0d5a056b42676d08fdb19e4c4ed02cf24d2eb858053d9337d3518522fbf0fe"
    "fd58be883aa76d25c99e8802bf1412b17ca0f77aec1769814695158a";

// SHA-256 of the packet
inline constexpr std::string_view ctr256_sha512_etm_second_digest =
    "e58e9fdb3af53133de0f04589d91d34380b1de8602b23c9c0a03b453ad026b3a";

inline constexpr std::string_view mac_first_body =
    "634b4a0b3d54e6976c3f8726078f47b02d952c919e82e03e64a164fbba4b891f45edcd4e6346bdcf4348291f";

inline constexpr std::string_view mac_second_body =
    "527e1afd025149c81ab53c9b1d365f9e067d186bf0b39f677bca3242f73ccd5497ea486367d55c5e1f7622bf"
    "096c6c740e9d811c85203274412d7c01433f34d4a4805fb3d3c7dde5b9ff59d4b7131a267128e1f9583681f0"
    "8227f536f8ae9b9b39f56dde08b85757a5a55fc85f6bb9064646f3a5c2c8ec3f520519e5a8c2ae414560e7dc"
    "3ffeb1eabc066bba915aac2561a730e73ebfcdbf815b8a8f0401da9ec4b0129befa674220d387ee5b03a31f1"
    "b5628efd59df97574c890ff272a79cce68aacf150152b2608b07cc70fbdc91f1158777dc21932df27975a433"
    "b24dc75ee7b89857c471a073abd53e909ccff7e742c25f90bc2ee454bb098aba86f5957ef904caff7ac25fb6"
    "f1a7b056ef3d2a79efc99e34d378d265e6ad1f2a3c77a853b001528f653fcda94976eed6a2752e7a5f8d227e"
    "4a18dd7478c8d75a7c7748518dbb44f4b6f3628d7dc7b00c1dc147d881a7337f8fd0302f8d89b80f80ebdbab"
    "9e8541670015d2e4f37056486028bf3c2ddfb06d232b165efc3a6a357633195b123c0f7989d68877edc5cbda"
    "acba7d54c923179000a1f9d0cbb890817dd58fbd474df2a4fa79b35c88ee556a643e686ddbcd03815554f220"
    "5d278d7f2ee8c190fb4296fcb5e37a3ae852dbb206f6fd9c4bc2eda36948e7072a67d571639d4e40943eaace"
    "a4db0917174ab88068e39baf297ac5070b730342f25753ca30f090f4d92563591649c8fd2469a64dee2325f9"
    "086ed39537ac833ca55dfc60bf31a8adb6b2951d2b72e2842e3ebf651aec9d43e258dca50302c292c0e84ead"
    "8f52bce0dff235445bf29ae56f84f678b76a257520eab9a9ba275ad521fa9cacb0d13ffd682ded86e8934825"
    "ec5a7fdb01448731a95fc388729a31367b38956c0542fbe9c9b2012316d4445789933c7188eb86ef8c55cc66"
    "c9831927a99a8d2f276958279b7d1a42e100c9d1090346ab835c26a19dee4f06d387508c9398e57defec42d6"
    "a864b23785c3fd4717b7c496d873c8df36869dd85e492c59c73e0075b0f0ddc21b1f29ee26d73a211fa78a12"
    "096ba18fcbe0a39b038c8bfd1f4b8d9629b627434a3131aaf63fdad5ef95f1ae462dd44df07d8f1b082a9457"
    "e2406bec7f06ab86c0e2e48e42ea8e9b837a963b2c49ce7ec5c76914531e1f3b4d5bd5d2f753937c5caaf3b4"
    "71096661776814ecd26f03997aa51128a3011007b6e1e536342fbd1b40423a5cf15e754abc14bf73ef0ab92c"
    "31464179ba6059c36a7907c6edcb77474bd5fd0d2fa1ba36450559848f84117b59c13c3f4f99ac9f24724115"
    "71704af573cb19c33751c3bfdd3230ef4731798681ded1868aeb0899ab06ccce64e03d07e1fbb2d2d5d7c307"
    "b4c14b31989ac62843a156b3c2d74b8415cd029708901eac5d2d1c2cc41e3edf6bbb1a70e34934a7a6272ee5"
    "d5a5f00b8354692a55d7c994ecd5e082931d7bff8a8232f2";

inline constexpr std::string_view ctr128_sha256_mac_first =
    "353c6913d59397d566ddf8a9a5451aa64af0c356c8d3f6c06f1c51c9ac460e63edf06b51ec04d6f68991b0d1"
    "6c6f5f7762dbde7071ca29f954de424f46aa8ecd1295fca68ece1828d7c96d6e32e14792";

// SHA-256 of the packet
inline constexpr std::string_view ctr128_sha256_mac_second_digest =
    "c74c4af74c084450be2f195e83cbe7edd12da47c970e11d40e918fc84f9c0877";

inline constexpr std::string_view ctr128_sha512_mac_first =
    "353c6913d59397d566ddf8a9a5451aa64af0c356c8d3f6c06f1c51c9ac460e63edf06b51ec04d6f68991b0d1"
    "6c6f5f77ee9adcc8e114f57073260c8db29aa5a713499e7db937da719871c0911cfc9ffecfcda896611cb889"
    "376a8cc0db2af7f729a467df12207c894031ca2633147968";

// SHA-256 of the packet
inline constexpr std::string_view ctr128_sha512_mac_second_digest =
    "3ba15964181b8007c5768b24e7c27ea6a5d67507edf5891c857c04d420c9ae70";

inline constexpr std::string_view ctr192_sha256_mac_first =
    "d6eb96751da4fa5b8ce7dd8806ed794f54d848d96cdbe5f15690607cceb91e25b03c4f3a268861621b81e302"
    "d2406f1362dbde7071ca29f954de424f46aa8ecd1295fca68ece1828d7c96d6e32e14792";

// SHA-256 of the packet
inline constexpr std::string_view ctr192_sha256_mac_second_digest =
    "17c02a71b3eab6d959441514f45821c9b7b629a48fb999ca9960b920ffeb27dd";

inline constexpr std::string_view ctr192_sha512_mac_first =
    "d6eb96751da4fa5b8ce7dd8806ed794f54d848d96cdbe5f15690607cceb91e25b03c4f3a268861621b81e302"
    "d2406f13ee9adcc8e114f57073260c8db29aa5a713499e7db937da719871c0911cfc9ffecfcda896611cb889"
    "376a8cc0db2af7f729a467df12207c894031ca2633147968";

// SHA-256 of the packet
inline constexpr std::string_view ctr192_sha512_mac_second_digest =
    "b18e53e11b2dc21771ec1cf8e6fde99672eac31b2de3c5610393ee5abb6b3519";

inline constexpr std::string_view ctr256_sha256_mac_first =
    "6b5067ef6e01c70be7153df5b9ef4f6d836837f53fe4acc12485afcce5b7c2e2dd20f46a9943def1f551315f"
    "2ec25b0f62dbde7071ca29f954de424f46aa8ecd1295fca68ece1828d7c96d6e32e14792";

// SHA-256 of the packet
inline constexpr std::string_view ctr256_sha256_mac_second_digest =
    "8b1440b5a75f5890fbbdb0233150cee51d77a744399c8ba2d0632db5538af74d";

inline constexpr std::string_view ctr256_sha512_mac_first =
    "6b5067ef6e01c70be7153df5b9ef4f6d836837f53fe4acc12485afcce5b7c2e2dd20f46a9943def1f551315f"
    "2ec25b0fee9adcc8e114f57073260c8db29aa5a713499e7db937da719871c0911cfc9ffecfcda896611cb889"
    "376a8cc0db2af7f729a467df12207c894031ca2633147968";

// SHA-256 of the packet
inline constexpr std::string_view ctr256_sha512_mac_second_digest =
    "9d8329dc16b0fb75e6fb3fb785af969c22a90f94805ef03a9970abd39e6c7747";

}  // namespace adit::test::ctr
