// The entry point of a Boost.Test binary; one per floor, see tests/CMakeLists.txt. It is a file of
// its own because the shared Boost.Test library brings no main().
#define BOOST_TEST_MODULE adit
#include <boost/test/unit_test.hpp>
