# What adit stands on: Boost's headers (1.81 or later), Botan (3.7 or later), threads.
# At the top of a build, Botan is also looked for where `./dev setup` keeps the one it builds.

if(PROJECT_IS_TOP_LEVEL)
    if(DEFINED ENV{XDG_CACHE_HOME} AND NOT "$ENV{XDG_CACHE_HOME}" STREQUAL "")
        set(adit_cache "$ENV{XDG_CACHE_HOME}/adit")
    else()
        set(adit_cache "$ENV{HOME}/.cache/adit")
    endif()
    # The link's target, not the link: a new Botan must make a new dependency for every object.
    file(REAL_PATH "${adit_cache}/botan" adit_cached_botan)
    if(IS_DIRECTORY "${adit_cached_botan}")
        list(APPEND CMAKE_PREFIX_PATH "${adit_cached_botan}")
        # An older one from the same cache must not stick in a build folder.
        if("${Botan_DIR}" MATCHES "^${adit_cache}/" AND
            NOT "${Botan_DIR}" MATCHES "^${adit_cached_botan}/")
            unset(Botan_DIR CACHE)
        endif()
    endif()
endif()

# A parent project links adit::adit in its own folder, where plain imported targets are not visible.
set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL ON)
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(Botan 3.7 REQUIRED)
include("${CMAKE_CURRENT_LIST_DIR}/adit_botan.cmake")
