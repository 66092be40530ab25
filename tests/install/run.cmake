# Called by ctest with way=find_package|add_subdirectory; see CMakeLists.txt beside this file.
file(REMOVE_RECURSE "${work}")
file(MAKE_DIRECTORY "${work}")

function(run)
    execute_process(COMMAND ${ARGV} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

set(arguments "-DCMAKE_CXX_COMPILER=${compiler}" "-DBotan_DIR=${botan}" "-DWAY=${way}")
if(way STREQUAL "find_package")
    run("${CMAKE_COMMAND}" --install "${build}" --prefix "${work}/installed")
    list(APPEND arguments "-DCMAKE_PREFIX_PATH=${work}/installed")
    # Every header, and nothing but headers.
    file(GLOB_RECURSE ours RELATIVE "${source}/include" "${source}/include/*.hpp")
    file(GLOB_RECURSE theirs RELATIVE "${work}/installed/include" "${work}/installed/include/*")
    if(NOT ours STREQUAL theirs)
        message(FATAL_ERROR "installed headers differ from include/:\n${ours}\n${theirs}")
    endif()
else()
    list(APPEND arguments "-DADIT_SOURCE=${source}")
endif()

run("${CMAKE_COMMAND}" -S "${CMAKE_CURRENT_LIST_DIR}/consumer" -B "${work}/build" ${arguments})
run("${CMAKE_COMMAND}" --build "${work}/build")
run("${work}/build/consumer")
