# adit::botan: whichever Botan was found, under one name. Botan's package names its target after what
# was built (shared or static), and an installed adit must not depend on what its maker had.

if(NOT TARGET adit::botan)
    add_library(adit::botan INTERFACE IMPORTED GLOBAL)
    if(TARGET Botan::Botan)
        target_link_libraries(adit::botan INTERFACE Botan::Botan)
    else()
        target_link_libraries(adit::botan INTERFACE Botan::Botan-static)
    endif()
endif()
