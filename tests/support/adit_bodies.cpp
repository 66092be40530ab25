// The one unit that compiles adit's bodies for the tests above Asio (cmake/adit_tests.cmake).
#include <adit/src.hpp>
