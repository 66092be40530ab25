# adit_test_binary(): a Boost.Test binary from a folder of test files, with shared precompiled headers
# and one ctest test per test case (found by running the binary after it is linked).

find_package(Boost 1.81 REQUIRED COMPONENTS unit_test_framework)
# Debian's own python first: a version manager's shim costs more than the scripts themselves.
find_program(ADIT_PYTHON NAMES python3 PATHS /usr/bin NO_DEFAULT_PATH)
find_program(ADIT_PYTHON NAMES python3 REQUIRED)

add_library(adit_testing INTERFACE)
target_link_libraries(adit_testing INTERFACE adit_own Boost::unit_test_framework)
target_include_directories(adit_testing INTERFACE "${PROJECT_SOURCE_DIR}/tests")
target_compile_definitions(adit_testing INTERFACE
    BOOST_TEST_DYN_LINK
    ADIT_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
    ADIT_BINARY_DIR="${PROJECT_BINARY_DIR}")

set(adit_support "${PROJECT_SOURCE_DIR}/tests/support")
add_library(adit_test_main OBJECT EXCLUDE_FROM_ALL
    "${adit_support}/main.cpp" "${adit_support}/virtual_clock.cpp")
target_link_libraries(adit_test_main PRIVATE adit_testing)

# Two precompiled headers for all binaries: floors below Asio must not see it by accident. Reading
# headers is half of what a test's translation unit costs, so those above Asio get the whole house;
# that every header stands alone is tests/standalone's business.
add_library(adit_precompiled OBJECT EXCLUDE_FROM_ALL "${adit_support}/precompiled.cpp")
target_link_libraries(adit_precompiled PRIVATE adit_testing)
target_precompile_headers(adit_precompiled PRIVATE "${adit_support}/test.hpp")
add_library(adit_precompiled_asio OBJECT EXCLUDE_FROM_ALL "${adit_support}/precompiled.cpp")
target_link_libraries(adit_precompiled_asio PRIVATE adit_testing)
target_precompile_headers(adit_precompiled_asio PRIVATE
    "${adit_support}/test.hpp" <boost/asio.hpp> <boost/asio/experimental/parallel_group.hpp>
    "${adit_support}/scene.hpp" "${adit_support}/server_scene.hpp"
    <adit/accounts.hpp> <adit/bastion.hpp> <adit/tunnel.hpp>)

# Tests of behaviour do not need the last of optimisation, and it costs a third of their compile
# time. What is measured in numbers (heavy) and what people run (examples) is built as the preset
# says.
set(adit_test_options "")
if(CMAKE_CXX_FLAGS MATCHES "-O[23]")
    set(adit_test_options -O1)
endif()
target_compile_options(adit_precompiled PRIVATE ${adit_test_options})
target_compile_options(adit_precompiled_asio PRIVATE ${adit_test_options})

# adit itself, compiled once for everything above Asio (adit/bodies.hpp): a third of what each file
# would cost. The floors below, heavy and the examples take it as headers: both ways are tested.
add_library(adit_compiled INTERFACE)
target_compile_definitions(adit_compiled INTERFACE ADIT_SEPARATE_COMPILATION)
function(adit_compile_once name)
    add_library(${name} OBJECT EXCLUDE_FROM_ALL "${adit_support}/adit_bodies.cpp")
    target_link_libraries(${name} PRIVATE adit_own adit_compiled)
    target_compile_options(${name} PRIVATE ${adit_test_options} ${ARGN})
endfunction()
adit_compile_once(adit_bodies)
target_link_libraries(adit_precompiled_asio PRIVATE adit_compiled)

# What a test may ask its environment for; the same for every test of the build.
set(adit_test_environment
    "ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1"
    "UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1"
    "TSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/tsan.supp:halt_on_error=1:history_size=4"
    "ADIT_SOURCE_DIR=${PROJECT_SOURCE_DIR}"
    "ADIT_BINARY_DIR=${PROJECT_BINARY_DIR}")
find_program(ADIT_SYMBOLIZER NAMES llvm-symbolizer-19 llvm-symbolizer)
if(ADIT_SYMBOLIZER)
    list(APPEND adit_test_environment "ASAN_SYMBOLIZER_PATH=${ADIT_SYMBOLIZER}")
endif()
if(NOT DEFINED ENV{ADIT_SSHD_10} AND EXISTS "${adit_cache}/peers/openssh-10.0/usr/sbin/sshd")
    list(APPEND adit_test_environment
        "ADIT_SSHD_10=${adit_cache}/peers/openssh-10.0/usr/sbin/sshd")
endif()

# Everything with the label memory: what the sanitizer builds build.
add_custom_target(memory_tests)

function(adit_test_binary name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "WITH_ASIO" "LABEL;FOLDER" "")
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS
        "${CMAKE_CURRENT_SOURCE_DIR}/${arg_FOLDER}/*.cpp")
    if(NOT sources)
        return()
    endif()
    add_executable(${name} ${sources} $<TARGET_OBJECTS:adit_test_main>)
    target_link_libraries(${name} PRIVATE adit_testing)
    if(NOT arg_LABEL STREQUAL "release")
        target_compile_options(${name} PRIVATE ${adit_test_options})
        if(arg_WITH_ASIO)
            target_sources(${name} PRIVATE $<TARGET_OBJECTS:adit_bodies>)
            target_link_libraries(${name} PRIVATE adit_compiled)
            target_precompile_headers(${name} REUSE_FROM adit_precompiled_asio)
        else()
            target_precompile_headers(${name} REUSE_FROM adit_precompiled)
        endif()
    endif()
    if(arg_LABEL STREQUAL "memory")
        add_dependencies(memory_tests ${name})
    endif()
    adit_discover_tests(${name} ${arg_LABEL})
endfunction()

function(adit_discover_tests name label)
    set(timeout 180)
    if(label STREQUAL "integration")
        set(timeout 600)
    endif()
    set(settings "${CMAKE_CURRENT_BINARY_DIR}/${name}_settings.json")
    set(found "${CMAKE_CURRENT_BINARY_DIR}/${name}_found.cmake")
    set(include_file "${CMAKE_CURRENT_BINARY_DIR}/${name}_include.cmake")
    list(JOIN adit_test_environment "\", \"" environment)
    file(GENERATE OUTPUT "${settings}" CONTENT
        "{\"name\": \"${name}\", \"binary\": \"$<TARGET_FILE:${name}>\", \"label\": \"${label}\",
\"timeout\": ${timeout}, \"environment\": [\"${environment}\"], \"output\": \"${found}\"}\n")
    add_custom_command(TARGET ${name} POST_BUILD VERBATIM
        COMMAND "${ADIT_PYTHON}" "${PROJECT_SOURCE_DIR}/cmake/discover_tests.py" "${settings}")
    # A binary that did not build must fail, not be forgotten.
    file(GENERATE OUTPUT "${include_file}" CONTENT
        "if(EXISTS \"${found}\" AND EXISTS \"$<TARGET_FILE:${name}>\")
    include(\"${found}\")
else()
    add_test(${name}.not_built \"${name}-was-not-built\")
    set_tests_properties(${name}.not_built PROPERTIES LABELS \"${label}\")
endif()\n")
    set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES "${include_file}")
endfunction()
