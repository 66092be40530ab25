// What several tests of keys share: one RSA key that was made by ssh-keygen, and shorter ways to an
// error and to a passphrase. Invariant: the same key in every run.
#pragma once

#include <adit/keys/key_parser.hpp>

#include <string>
#include <string_view>

namespace adit::test {

// ssh-keygen -t rsa -b 2048 -N '' -C 'rsa sample'
inline constexpr std::string_view sample_rsa_file =
    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAABFwAAAAdzc2gtcn\n"
    "NhAAAAAwEAAQAAAQEAkxEXpb2wgGDpIrwtn1pO7pcGNN2LEJRozKsq6vEjAMyt1LdGnyIA\n"
    "jxzcBUGxOuFvUcfc8+TN0noJevnVg3uDdKCox7+I394aH+zU2hO4NAdxdYriGb2dB1GPE1\n"
    "FD1/zrH8oehA5jhHNuxuOS2qMARndE5R7uAFjA5VTy2RGP2OKIwqIpD/Jvykqmpz4g8pi/\n"
    "R9XfkCvTkTqSYyGuk5cjGAsJUM/7ZN1Ho5H6R2wDOxQBiBCbRMsuOfJkLNLL2bLbJ3Uhh2\n"
    "MvRBBlw2zpYMBiIrvDLRpjtg+Xs/xgx7FbfY90Vy6t/NyM5R9D+UkJ2BtVY6if1YzxcC5C\n"
    "vznFEIwE3QAAA8CDXJ38g1yd/AAAAAdzc2gtcnNhAAABAQCTERelvbCAYOkivC2fWk7ulw\n"
    "Y03YsQlGjMqyrq8SMAzK3Ut0afIgCPHNwFQbE64W9Rx9zz5M3Segl6+dWDe4N0oKjHv4jf\n"
    "3hof7NTaE7g0B3F1iuIZvZ0HUY8TUUPX/Osfyh6EDmOEc27G45LaowBGd0TlHu4AWMDlVP\n"
    "LZEY/Y4ojCoikP8m/KSqanPiDymL9H1d+QK9OROpJjIa6TlyMYCwlQz/tk3UejkfpHbAM7\n"
    "FAGIEJtEyy458mQs0svZstsndSGHYy9EEGXDbOlgwGIiu8MtGmO2D5ez/GDHsVt9j3RXLq\n"
    "383IzlH0P5SQnYG1VjqJ/VjPFwLkK/OcUQjATdAAAAAwEAAQAAAQAUHmr7QAN01I0gNNkS\n"
    "6zJQHnX5ZnNfTcY2dZYV9O4Cbn27U2VEYMztxxdsWqvJr8xgRjS6YssrZ4mDeskURyHZIx\n"
    "9j0BaD9ajiRC5sNPVmnLwPRfQfbFqehTBLBrt+wTlTLH3XN/aySG5XpAtTgKgJe8h/hacu\n"
    "gfXFicT9IBNrKoFOKGXyU3tyIPECAVTLip7Z54O5+1f8Ecg3RJSZ2P8tC35f6rIknqCJh5\n"
    "CaMshhYOHTUBSDY71ooh0i8BtzEuUHD5CYr6HAejXQoShbQy05SqY/oXoSgdOEAN2md0UO\n"
    "aVVt/TG8wYePgtNbOzYxE2Kipc3MCKq3HuWGtgoodjSbAAAAgFfKRO2m826HZbekXpfJKa\n"
    "zFIcJtkP2HD2IgHdgglPjajwi9++9uQA2dx1fkCNC9lrUqe8JmUnlmRk2b9yeHJvwrrkdx\n"
    "NxGN20MuG0hMMrFmqgOrEe2tG225fJFB9GDSoB2i7a57xR6cOHY7O/pOpAQTqjR+33kLft\n"
    "fdQ+YrvUGkAAAAgQDEnUBdB4DNwCGNjhDREFsqGlpMjRRy/9LBn63r1IVrNi+0vZ1ihgV2\n"
    "QRZ0ERjH3kb9IYgMcF64EPBUbTEeNP3VT1dCRxp7q9QHL7O+wo1rUTJ8y2wgLDfgUPtbyj\n"
    "DFAknlQWInh0H/wq/pSCD45YpHCsl0Bm2MLgJsC+CCa/a4ywAAAIEAv3yxrG6DB1/TUXcc\n"
    "EjmpJflKPmDf5d/V4fOV6jlkLmiGwYoLSn7LVdsl/L8Hu63bnd9Gu1xGoiauJe73iwfoZx\n"
    "X2OHJC1eKBbtfTPJD98J+Kvorrns+7MLs9KfVES63t8iEhnAE13Hhp/WtIfclrEsWmSxgx\n"
    "bzrYDq1r/tPNC/cAAAAKcnNhIHNhbXBsZQE=\n"
    "-----END OPENSSH PRIVATE KEY-----\n";

[[nodiscard]] inline keys::private_key sample_rsa_key() {
    return keys::parse_private_key(as_bytes(sample_rsa_file)).value();
}

/// Of a scalar all of whose bytes are this one.
[[nodiscard]] inline keys::private_key sample_ecdsa_key(const keys::nist_curve& curve,
                                                        byte filler) {
    std::vector<byte> scalar(curve.size, filler);
    if (curve.size == keys::nistp521.size) scalar[0] = 0;  // of its 66 bytes one bit is used
    return keys::private_key::from_ecdsa_scalar(curve, scalar).value();
}

[[nodiscard]] inline crypto::secret_bytes secret_of(std::string_view text) {
    return {text.begin(), text.end()};
}

/// Nothing is wrong where the key could be read.
[[nodiscard]] inline error_code key_error(std::string_view file) {
    const auto key = keys::parse_private_key(as_bytes(file));
    return key ? error_code() : key.error();
}

[[nodiscard]] inline error_code key_error(std::string_view file, std::string_view passphrase) {
    const crypto::secret_bytes secret = secret_of(passphrase);
    const auto key = keys::parse_private_key(as_bytes(file), &secret);
    return key ? error_code() : key.error();
}

}  // namespace adit::test
