// What every unit test includes first, and the precompiled header of each test binary: Boost.Test
// and the few standard headers that nearly every test needs. Nothing of adit belongs here, so that
// a test still shows which headers it stands on.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>
