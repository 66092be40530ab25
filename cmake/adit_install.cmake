# Install, and the package that makes find_package(adit) work. Nothing here knows a path of this
# machine: the package finds Boost and Botan again where it is used.

include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(adit_package_folder "${CMAKE_INSTALL_LIBDIR}/cmake/adit")

install(DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}/include/adit"
    DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.hpp")
install(FILES "${CMAKE_CURRENT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}")
install(TARGETS adit EXPORT adit_targets)
install(EXPORT adit_targets NAMESPACE adit:: FILE adit-targets.cmake
    DESTINATION "${adit_package_folder}")

configure_package_config_file(
    "${CMAKE_CURRENT_LIST_DIR}/adit-config.cmake.in" "${CMAKE_CURRENT_BINARY_DIR}/adit-config.cmake"
    INSTALL_DESTINATION "${adit_package_folder}")
write_basic_package_version_file("${CMAKE_CURRENT_BINARY_DIR}/adit-config-version.cmake"
    COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES
    "${CMAKE_CURRENT_LIST_DIR}/adit_botan.cmake"
    "${CMAKE_CURRENT_BINARY_DIR}/adit-config.cmake"
    "${CMAKE_CURRENT_BINARY_DIR}/adit-config-version.cmake"
    DESTINATION "${adit_package_folder}")
