// Diffie-Hellman in the groups of RFC 3526: primes from the RFC's formula, and keys
// whose secrets and public values have every form that an mpint tells apart, by
// Python's integers. Long values as SHA-256.
// Written by make_crypto_vectors.py.
#pragma once

#include <string_view>

namespace adit::test::dh {

// RFC 3526, by its formula
inline constexpr std::string_view group14_prime =
    "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a0879"
    "8e3404ddef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b"
    "0bff5cb6f406b7edee386bfb5a899fa5ae9f24117c4b1fe649286651ece45b3dc2007cb8a163bf0598da4836"
    "1c55d39a69163fa8fd24cf5f83655d23dca3ad961c62f356208552bb9ed529077096966d670c354e4abc9804"
    "f1746c08ca18217c32905e462e36ce3be39e772c180e86039b2783a2ec07a28fb5c55df06f4c52c9de2bcbf6"
    "955817183995497cea956ae515d2261898fa051015728e5a8aacaa68ffffffffffffffff";

// a public value as mpint, without its length
inline constexpr std::string_view group14_peer =
    "00a83dae620bfffe6a7a9f34f5f2c871b222f0e1ba0c884591b3a628dd16074948afbd976d14fa62bd8b2897"
    "237d8ff2a27b7fea0923989017e7de54084e35f090d950cf91182b1bbe11847aa9ff0014924c8035c37fc245"
    "8a3bf06930232287f0386cdca1d4c8b5fc33958864146b056e9c7de3d93aa8f2ca1a8d9996c99a3ebda6c7f7"
    "2673c13c841ea27a92353b8c23c8f9cb3b11a19b7e91be26c460e930a0d2f60ebc2db570a9cf9d82c0dcfeaa"
    "211fb1bed735c20d7d419553b8b2e6e69148472184eebc2627d98ff7c080c4cedbb59ce64722787f39e48cbf"
    "c8c090af0814b9dda66048402060137ef88731a0a706c9f84c37bdc7a2b82fc0be7b8b8547";

inline constexpr std::string_view group14_plain_private =
    "48c25cec9cb2aa8492baee2cdda92ef7c5f932c8ac54872192bc9d0b01e504e073d2ff2f187d526e";

// the secret as mpint, its begin
inline constexpr std::string_view group14_plain_head = "000001006fe7";

// SHA-256
inline constexpr std::string_view group14_plain_digest =
    "a12db6a297edf736165fc67040ccc906b006591368614915381699377ac87f00";

inline constexpr std::string_view group14_high_bit_private =
    "3bb1efa163a903cddb7e0da3620b62c993a4f4054904eb54f2831fe0af56f9fd1430c47a3ede9a9b";

// the secret as mpint, its begin
inline constexpr std::string_view group14_high_bit_head = "0000010100ee";

// SHA-256
inline constexpr std::string_view group14_high_bit_digest =
    "7fb20bb8854b4656fa3deeba48b6b6b3fa1fe9df207951354d6d97d58612b330";

inline constexpr std::string_view group14_one_zero_private =
    "9d2ff8384e1fc2ea5567bb7c63d4ccd5129321704e52b10255d333a976c505a120e12d1f2067a74e";

// the secret as mpint, its begin
inline constexpr std::string_view group14_one_zero_head = "000000ff64c4";

// SHA-256
inline constexpr std::string_view group14_one_zero_digest =
    "26f407b2a22d102f4033c36cacdc8e0d7f32f9a211607941c4df9026e8f2f44a";

inline constexpr std::string_view group14_zero_then_high_bit_private =
    "8c594511e3a299a5218e24ad0f8b047f5de1a098124a2a80987229c21ec80a6e8db0ad2027c58099";

// the secret as mpint, its begin
inline constexpr std::string_view group14_zero_then_high_bit_head = "000001000085";

// SHA-256
inline constexpr std::string_view group14_zero_then_high_bit_digest =
    "a59e8756ecd6e347421837896f6ca3ac55f7f59c92672b2ea4191832790a58be";

inline constexpr std::string_view group14_public_plain_private =
    "4add45aa1856c3abb83a5931c6c4892e4aacf0848a8d9d23b1e83000693aa0bd88bc57507b96c413";

// 2^x as mpint
inline constexpr std::string_view group14_public_plain_head = "0000010026e1";

inline constexpr std::string_view group14_public_plain_digest =
    "2aebbe26af11bb32990e394a83279fb299903a2c7cf30b7f0afff5918927dd76";

inline constexpr std::string_view group14_public_high_bit_private =
    "f6d0a0cf3c2f13c622ec2fc86da62552579b1af4e038c7859ea16a72f98e975ad54e07dc9ae610fa";

// 2^x as mpint
inline constexpr std::string_view group14_public_high_bit_head = "0000010100bf";

inline constexpr std::string_view group14_public_high_bit_digest =
    "01aa00686dba180a5af5be031871a0e488227fcf7b5e3d481e45b5f56b9cfda7";

inline constexpr std::string_view group14_public_one_zero_private =
    "bd50039ae1154b664a0d6777a288bdef3e08f3b829750be971a121ebf1783de023077de91cf13ef4";

// 2^x as mpint
inline constexpr std::string_view group14_public_one_zero_head = "000000ff481f";

inline constexpr std::string_view group14_public_one_zero_digest =
    "988c43b6bcc0c409f8e24bd7e6058c5c4aed9d96696a673b4208738e91a46b38";

inline constexpr std::string_view group14_public_zero_then_high_bit_private =
    "75382956a5af03aa13a0a50c4d660a115f3f12b499771527b3f379f0d641d3a242dec6fa7815f411";

// 2^x as mpint
inline constexpr std::string_view group14_public_zero_then_high_bit_head = "0000010000c4";

inline constexpr std::string_view group14_public_zero_then_high_bit_digest =
    "eccd69af6f626b52a29a7b34bfee4f003dba7f562bee86368448576419229963";

// RFC 3526, by its formula
inline constexpr std::string_view group16_prime =
    "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a0879"
    "8e3404ddef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b"
    "0bff5cb6f406b7edee386bfb5a899fa5ae9f24117c4b1fe649286651ece45b3dc2007cb8a163bf0598da4836"
    "1c55d39a69163fa8fd24cf5f83655d23dca3ad961c62f356208552bb9ed529077096966d670c354e4abc9804"
    "f1746c08ca18217c32905e462e36ce3be39e772c180e86039b2783a2ec07a28fb5c55df06f4c52c9de2bcbf6"
    "955817183995497cea956ae515d2261898fa051015728e5a8aaac42dad33170d04507a33a85521abdf1cba64"
    "ecfb850458dbef0a8aea71575d060c7db3970f85a6e1e4c7abf5ae8cdb0933d71e8c94e04a25619dcee3d226"
    "1ad2ee6bf12ffa06d98a0864d87602733ec86a64521f2b18177b200cbbe117577a615d6c770988c0bad946e2"
    "08e24fa074e5ab3143db5bfce0fd108e4b82d120a92108011a723c12a787e6d788719a10bdba5b2699c32718"
    "6af4e23c1a946834b6150bda2583e9ca2ad44ce8dbbbc2db04de8ef92e8efc141fbecaa6287c59474e6bc05d"
    "99b2964fa090c3a2233ba186515be7ed1f612970cee2d7afb81bdd762170481cd0069127d5b05aa993b4ea98"
    "8d8fddc186ffb7dc90a6c08f4df435c934063199ffffffffffffffff";

// a public value as mpint, without its length
inline constexpr std::string_view group16_peer =
    "0099783ca1f227936601e31ff121ccdc63ac1ed0d8965e90b8da66ed039299a82e6f792b283c04e194da793e"
    "c320a7c4fa14ed2a546625f3a223a4dacbe94201379560faea301f126573d195370055f8199b501a1fcd5614"
    "5805ffa0b25c4ae7ee67426dd23d1d36673ab17a87e928fdcae121c5e1d9d517b6955430ec07da6f6455b6f2"
    "b3dad5f5a9834031189c0c936ac0cd5da1adb770690846d17d5e972447c308ff1347cd958751f944c988afb7"
    "a38ba287a660b74803a4cb6f8c9b06860ed11aaf1ef26358f52832e818bb655b6f99330fd356ecd2747d9ce9"
    "f18665a3fc19ee4d26defab1dd7a1cdc51f690edbff4a27e66b6d7a96fb2b420acf6708f7aba203039c27051"
    "bd621fe0ae2642764550faf4f871a1989cc3bf695d357a6aba55904db1ec673d97d0fd19a108fb2d7d893c57"
    "75417d2c95f822e5e64fc8da4a2f539cb812ed2d7dd10b504efed3e9cb141ef1a3a058ce4e881afb526ddb5a"
    "8f809c7cf7e850acbd4de54b85183e1b4253846fdb4a96588376aebbfdcd2c7399cba68062285e7430eb13f1"
    "e88ccadab1a98509e8cdba07d0278dfcd06e98b41c6a4320372c7019a17eee5d3b6cc2b7b0d7e793750994e1"
    "dddd290a035f155d2dd20e4dd554a3114d8e91929c0d1f372f960b157b468ed4eaf59e584effa80a94c524a3"
    "364db1479d824dc16d0a4d9379b5120564edc23b495e3d9e2bc1e18b6d";

inline constexpr std::string_view group16_plain_private =
    "9815f958c930790e64d6caa979a8e3de72315bc749470f8c7a4e7b85df6112e54c16a9b3ee0a725d078aef44"
    "0c21402cf9a0c090e0f56637cbfc2baa";

// the secret as mpint, its begin
inline constexpr std::string_view group16_plain_head = "000002000900";

// SHA-256
inline constexpr std::string_view group16_plain_digest =
    "529fc0dde05dce9d37ba53ca752b210f0610ae7790848ef3c980a76719d26941";

inline constexpr std::string_view group16_high_bit_private =
    "312e27fe22ce24a879b4c2afd4df28c59512496f2b700e97d886d4b1def220fe8f817f3d2a89566dab636002"
    "5a97b5b01419e6655b0cff24849f6fda";

// the secret as mpint, its begin
inline constexpr std::string_view group16_high_bit_head = "0000020100d1";

// SHA-256
inline constexpr std::string_view group16_high_bit_digest =
    "04878dffd35026aebd7cb2dddbacc2d706584430ea9803865ef2faf9b29b43c8";

inline constexpr std::string_view group16_one_zero_private =
    "031c5d6f64129232d58c573f3a24d8029ca661325e4007af44f0d9fd386d23fa65206205ba3b1e88d5dff5ce"
    "e812a8b240e598c24149963b8941712e";

// the secret as mpint, its begin
inline constexpr std::string_view group16_one_zero_head = "000001ff0c6f";

// SHA-256
inline constexpr std::string_view group16_one_zero_digest =
    "39739fcb38cafaca6c858b231a738055f43bb327159a6aa610f6ffa1c41cbb59";

inline constexpr std::string_view group16_zero_then_high_bit_private =
    "730e1ebdcaf1d6559c45f284d36313c340b5a3aa5df075a305c6c7bbd253d40321ae7372ee29d03c109a38f0"
    "43305a7098bb2de234eb69ac38b79296";

// the secret as mpint, its begin
inline constexpr std::string_view group16_zero_then_high_bit_head = "0000020000b0";

// SHA-256
inline constexpr std::string_view group16_zero_then_high_bit_digest =
    "2298a8460dd76807adeb14ad96eca77a4c3f73d04e1d8612bda76ecc7093c9a4";

inline constexpr std::string_view group16_public_plain_private =
    "71bc9159b414b5b3116bd00f1bce06de1da6699a4146161029f4ff2c2b095e2450427f1bf584eb77ae2413c5"
    "7e4be1656a1eef2d72d1a73a31cbe831";

// 2^x as mpint
inline constexpr std::string_view group16_public_plain_head = "0000020014fb";

inline constexpr std::string_view group16_public_plain_digest =
    "d5ffd7837f029da34c1fdd5e32749cfff9134530fb773312636e0fc36be7a8eb";

inline constexpr std::string_view group16_public_high_bit_private =
    "8d4a4a1b3aff244066f85165e285ce1e0cc7e0b967c9295646d64d3c50c0888c6f06aa4b529bfb19e141494e"
    "b41c4217ba7913a43ec037a4fdca7d5c";

// 2^x as mpint
inline constexpr std::string_view group16_public_high_bit_head = "0000020100a0";

inline constexpr std::string_view group16_public_high_bit_digest =
    "598e2425bfdd0244e0a73ac883a9da90c9859f73532727eff6d74350c602e5a3";

inline constexpr std::string_view group16_public_one_zero_private =
    "8d23cedf69280c5e090a254de30acccc5b3c8713a1a42ac02db4ab352e268d9b51148042ed52a3948b6478c9"
    "94e62fee35473b4cd3c42877e04c67c5";

// 2^x as mpint
inline constexpr std::string_view group16_public_one_zero_head = "000001ff5fe4";

inline constexpr std::string_view group16_public_one_zero_digest =
    "6292409b7a30dfaf84fb84d0af0a3bc72eb4cb2cada64046a5229869d42ccac9";

inline constexpr std::string_view group16_public_zero_then_high_bit_private =
    "e0014dc5c48a47a4ce4187b9b130d85d3c1c4145ee986dbb5a6f762f23e7d6b8e581e455396db16006093313"
    "24276815eb7fe55a3dcb74c8bab05789";

// 2^x as mpint
inline constexpr std::string_view group16_public_zero_then_high_bit_head = "0000020000bd";

inline constexpr std::string_view group16_public_zero_then_high_bit_digest =
    "0eabb5588feccee6551225e0e44231d88124234577e510adef859d26f04a4fd6";

// RFC 3526, by its formula
inline constexpr std::string_view group18_prime =
    "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a0879"
    "8e3404ddef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b"
    "0bff5cb6f406b7edee386bfb5a899fa5ae9f24117c4b1fe649286651ece45b3dc2007cb8a163bf0598da4836"
    "1c55d39a69163fa8fd24cf5f83655d23dca3ad961c62f356208552bb9ed529077096966d670c354e4abc9804"
    "f1746c08ca18217c32905e462e36ce3be39e772c180e86039b2783a2ec07a28fb5c55df06f4c52c9de2bcbf6"
    "955817183995497cea956ae515d2261898fa051015728e5a8aaac42dad33170d04507a33a85521abdf1cba64"
    "ecfb850458dbef0a8aea71575d060c7db3970f85a6e1e4c7abf5ae8cdb0933d71e8c94e04a25619dcee3d226"
    "1ad2ee6bf12ffa06d98a0864d87602733ec86a64521f2b18177b200cbbe117577a615d6c770988c0bad946e2"
    "08e24fa074e5ab3143db5bfce0fd108e4b82d120a92108011a723c12a787e6d788719a10bdba5b2699c32718"
    "6af4e23c1a946834b6150bda2583e9ca2ad44ce8dbbbc2db04de8ef92e8efc141fbecaa6287c59474e6bc05d"
    "99b2964fa090c3a2233ba186515be7ed1f612970cee2d7afb81bdd762170481cd0069127d5b05aa993b4ea98"
    "8d8fddc186ffb7dc90a6c08f4df435c93402849236c3fab4d27c7026c1d4dcb2602646dec9751e763dba37bd"
    "f8ff9406ad9e530ee5db382f413001aeb06a53ed9027d831179727b0865a8918da3edbebcf9b14ed44ce6cba"
    "ced4bb1bdb7f1447e6cc254b332051512bd7af426fb8f401378cd2bf5983ca01c64b92ecf032ea15d1721d03"
    "f482d7ce6e74fef6d55e702f46980c82b5a84031900b1c9e59e7c97fbec7e8f323a97a7e36cc88be0f1d45b7"
    "ff585ac54bd407b22b4154aacc8f6d7ebf48e1d814cc5ed20f8037e0a79715eef29be32806a1d58bb7c5da76"
    "f550aa3d8a1fbff0eb19ccb1a313d55cda56c9ec2ef29632387fe8d76e3c0468043e8f663f4860ee12bf2d5b"
    "0b7474d6e694f91e6dbe115974a3926f12fee5e438777cb6a932df8cd8bec4d073b931ba3bc832b68d9dd300"
    "741fa7bf8afc47ed2576f6936ba424663aab639c5ae4f5683423b4742bf1c978238f16cbe39d652de3fdb8be"
    "fc848ad922222e04a4037c0713eb57a81a23f0c73473fc646cea306b4bcbc8862f8385ddfa9d4b7fa2c087e8"
    "79683303ed5bdd3a062b3cf5b3a278a66d2a13f83f44f82ddf310ee074ab6a364597e899a0255dc164f31cc5"
    "0846851df9ab48195ded7ea1b1d510bd7ee74d73faf36bc31ecfa268359046f4eb879f924009438b481c6cd7"
    "889a002ed5ee382bc9190da6fc026e479558e4475677e9aa9e3050e2765694dfc81f56e880b96e7160c980dd"
    "98edd3dfffffffffffffffff";

// a public value as mpint, without its length
inline constexpr std::string_view group18_peer =
    "189af8cd6b8b7865d610c0b9f4ab3ec7bd8e7304146e64d9f10a4ae4fb80faf4b899072d24b8ed914e7d8126"
    "2ca920a8f33507dc17213aa6ca57661add28dda6e55b952ccbdad89c6e67b63ae3aaa9698fb6d72cff1e392a"
    "fa8d3c5f092543c54e506c546503cbbb9646a57caa7483d26bf943bedd893d251f002ccfeb01e559dc2b021e"
    "3538fc4e89624fe72e94419c17c43ab3cb7bca0fc86d30bb055f9a11caa9548f9cbfc887f0095c77753e271d"
    "18c56e255261e3786de90b2fcead098a82d85116f9a3568be5d0ddf36a2b843d714409a5176d3357bb8e1e76"
    "5ba1963e8d69056335bebfd47471d7965e93cf57aa620be303e88b112ac0ef38955c2a5f9b4adaf9cd5b950b"
    "dbe6ac53ee2f09e1a6a4bf7e0114c4cb619fb4e5be24c41301cc60055dceabef6ace4d98e2624244e62bfbf7"
    "0b5fd96e1378f8ad2260462c88b81b8c520f0519e64374eb02b1a3c8ac361bb5113419e698203a3069b5a0f2"
    "cd61e6f8b2ec191b64942bbdada0d759673e34e44f2f2ff7fa46e63b7f2ba4c8db1d6f61c810aebafaf38060"
    "a37da02aa4fa0777629e3a41ac07d683d6d54b5092ee1ebf3ef5583250ff9ebcb6736a99adc49ac3a094c978"
    "56e87f60cdfc490df032ae7eebc50a99bc4a76e34bb1313c1e56717e2334e44e28d2b620106410c471e2d4e6"
    "d3fe2e9cbf6708353fd8e5c05064fee5f6e76c0253b613271c618ed0fd3fa665decf30801ff1b096939a2c2b"
    "3a119e5848754f11f2159f805977e964a9b04ba5f21d03a6d1ce6d5221999a0295f32e081c5d212fae67ab3b"
    "84e85581fac832148e0cddaa00eb88562f7ac4354fe5e964a03532be60890aa7653ecdcf406d9753a38ee8af"
    "ca63ed3f8fccf843a024a9d94d77289836c9b73bc8c58b7b49401f8afd1f1c8ad8723cf1f4cb9374be418d52"
    "29c3fcae24a0acb36dca81aa05becc25bacb7ae1a94e6f3819bd608fd3d51be948b7ea8e51c5488780f2e865"
    "ec6eec45cccd4cd47e0bd6ce16611904a230a3fc6f24d273145902bb23fe2700ce5c65b90a174650c31be47a"
    "9a21b6ab9af8f1592939b4d6e73fcb0e669e5b3c5cfe18af058998c4574fabc7b846afc0c7c6ab1eb1e88302"
    "b5632573706a879549dfc0e68d3f892ba7a1135ee2f3e081861bc51111c5b719faae5b4ca3de3d4c953b19c4"
    "d5266dfa0deac88ad7164cb7390dfbad33d310464a6232a3f53ace383d92e273b5c2eb4313ac71806c995a6b"
    "14b7c4cb17a751a212f6e1e248008f574d7c56fdde8cbcc620303d4f2395501a8bf6def00f5b3cba4b1eeea3"
    "536ba9196a4efd2fe8f941b9fe6e6a5b72bb043ff306759d9fdcb57a3268f0a468bf65403ac30eb671ee9919"
    "db27fd866afd4dae3d98daccb542de1affbf8747dbb1f89756b00f7a949ebe650c58ab9a1b1302360c635679"
    "47b1f47b10f890ab7c99801d";

inline constexpr std::string_view group18_plain_private =
    "ef2793777fa6080191e44533dbf2ca97dbea67aa75d9efebfe0628a88c6e967cc8bc804c3ce529af73a22903"
    "a14d02c545361654c646086dbcb82303f842f9c2bec9ecc6e1a893af2a72adc61a7c";

// the secret as mpint, its begin
inline constexpr std::string_view group18_plain_head = "000004003345";

// SHA-256
inline constexpr std::string_view group18_plain_digest =
    "a1c78dcecbfd81229b086b69de7497c4b404fd0aa602769f9823234edba2c45b";

inline constexpr std::string_view group18_high_bit_private =
    "b4098c2b262c047bb33ff47906c55684f26f66a9394cdd372642f25c481d96a768ba6c75328091b3562cc633"
    "b885a57dd3b94ac9fe9376532b8900faf1deb4e47b5e0e7dad7fe4fa54b302c4901b";

// the secret as mpint, its begin
inline constexpr std::string_view group18_high_bit_head = "000004010099";

// SHA-256
inline constexpr std::string_view group18_high_bit_digest =
    "7618cc961532dcb45fccb707bfef18ace4a449db21981e8bedd9972fe1551b64";

inline constexpr std::string_view group18_one_zero_private =
    "76c51ce8d3571c6fbd73e2a8baa078edba3a22aad565689411e1e4cad388ed542b47dd26b66dc2684793d287"
    "cdfb4bff3349f469cc017ee3d8ee411ca6881f533715d15fe4be68ec817ff7a9d035";

// the secret as mpint, its begin
inline constexpr std::string_view group18_one_zero_head = "000003ff51b6";

// SHA-256
inline constexpr std::string_view group18_one_zero_digest =
    "03c66a0a873770bd1690cb74ed73a4d05332a0618278691d63cf7118706eb72a";

inline constexpr std::string_view group18_zero_then_high_bit_private =
    "045e11ce9bdb5c6643a8682c3827dc9aa7d8c276c8d64463d50a815820c93238b3c67d3f07a61689a99a0b4a"
    "26dece10efda18816c7e56ef34cc191006462d728b5f775358d3439bad9816c85ab8";

// the secret as mpint, its begin
inline constexpr std::string_view group18_zero_then_high_bit_head = "0000040000a1";

// SHA-256
inline constexpr std::string_view group18_zero_then_high_bit_digest =
    "5b07163530d556f29029b9134c6842faf17ba1b6329c5e78299de36c957755c6";

inline constexpr std::string_view group18_public_plain_private =
    "4f3e3da64e8c5d8fb0accab9617018eda04b33eafc298864a5f96d96faee1375778f1e91d6a05805334a08f3"
    "f17db27d30c974ee1c9d4f5457d279f1eb420f3a79e50095415e715b0ce224fe4536";

// 2^x as mpint
inline constexpr std::string_view group18_public_plain_head = "0000040043b2";

inline constexpr std::string_view group18_public_plain_digest =
    "8e640cb87dac475acba93cc860547df419af787c904bf836d5b059523dfef7c3";

inline constexpr std::string_view group18_public_high_bit_private =
    "eb992d3952aedc210e519b584da31a5e682c640d3b7284f9b852aa8e78f9ca3f81c2f99d20bd8e7a5be29230"
    "7c9cfd7ce620b7c177211e9d034766dca6a0bc13c60128e9e9f029b6fb7c15d3eeb8";

// 2^x as mpint
inline constexpr std::string_view group18_public_high_bit_head = "0000040100cf";

inline constexpr std::string_view group18_public_high_bit_digest =
    "1137f69f968a5fe5b7ed09f9f311ed217c3bee63178db0eca8bf989c5c91d32e";

inline constexpr std::string_view group18_public_one_zero_private =
    "7d7a1c83a029ac3dd5188949b3bccdc16ce4115c217cc6bc32dd4715f707fac3b5b8a5ca27fd05423b6197c6"
    "e4db34a7fc81264a009cda914cdfe6bd9d8e2db47a6b388b6d616b2c8bf12287482c";

// 2^x as mpint
inline constexpr std::string_view group18_public_one_zero_head = "000003ff51d7";

inline constexpr std::string_view group18_public_one_zero_digest =
    "852107d4f025381d0080879bbea08328a7933fd62e85fd2591b68f3bb551e218";

inline constexpr std::string_view group18_public_zero_then_high_bit_private =
    "e55f56cec845f54513009141bd0bceae85e4e23d9c8f0af750791379fea616adc86ae43c2e2af5a2b57d2732"
    "2da3c5499c8c314e7080f8075da2dba5a9475ad228e5d7c60dc77461be37cc0a544b";

// 2^x as mpint
inline constexpr std::string_view group18_public_zero_then_high_bit_head = "0000040000fe";

inline constexpr std::string_view group18_public_zero_then_high_bit_digest =
    "221d235404c0becb7cb1a1e58ef647f78410341d2ec3efe70fe5995a54de8139";

}  // namespace adit::test::dh
