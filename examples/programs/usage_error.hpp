// What is thrown when a program was told something wrong. Used by adit_tunnel/ and adit_bastion/.
// Invariant: its text names where: the option, or the file and the line.
#pragma once

#include <stdexcept>

namespace programs {

/// Something in the command line or in a file.
class usage_error : public std::runtime_error {
public:
    using runtime_error::runtime_error;
};

}  // namespace programs
