// How Boost.Test shows adit's enumerations when a comparison fails. Used by scene.hpp.
#pragma once

#include <adit/error.hpp>
#include <adit/wire/message_id.hpp>

#include <ostream>

namespace adit {

inline std::ostream& boost_test_print_type(std::ostream& out, errc e) {
    return out << "errc " << static_cast<int>(e) << " (" << sentence(e) << ")";
}

inline std::ostream& boost_test_print_type(std::ostream& out, disconnect_reason r) {
    return out << "disconnect_reason " << static_cast<std::uint32_t>(r);
}

namespace wire {

inline std::ostream& boost_test_print_type(std::ostream& out, message_id id) {
    return out << "message " << static_cast<unsigned>(id);
}

}  // namespace wire

}  // namespace adit
