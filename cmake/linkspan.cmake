# One linkspan_library(NAME … SRCS … DEPS …) call per folder: the build files are the architecture
# diagram. Third-party packages are found here once, so that a folder only names what it links.

find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(CURL REQUIRED)
find_package(absl REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(CLI11 REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(LIBGIT2 REQUIRED IMPORTED_TARGET libgit2)
pkg_check_modules(LIBYAML REQUIRED IMPORTED_TARGET yaml-0.1)
pkg_check_modules(RE2 REQUIRED IMPORTED_TARGET re2)
find_package(prometheus-cpp CONFIG REQUIRED COMPONENTS core)

find_program(LINKSPAN_CCACHE ccache)
if(LINKSPAN_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${LINKSPAN_CCACHE})
endif()

# Warnings that name real bugs are errors everywhere; -Werror for the rest is in the presets, so
# that a packager with another compiler is not stopped by a new warning.
add_library(linkspan_options INTERFACE)
target_include_directories(linkspan_options INTERFACE "${CMAKE_SOURCE_DIR}" "${CMAKE_BINARY_DIR}")
target_compile_options(
    linkspan_options
    INTERFACE
        -Wall
        -Wextra
        -Wshadow
        -Wconversion
        -Werror=switch
        -Werror=unused-result
        -Werror=return-type
        -Werror=suggest-override
        -Werror=non-virtual-dtor
)
# Asio and Beast are compiled once, in service/runtime/*_impl.cc.
target_compile_definitions(
    linkspan_options
    INTERFACE
        BOOST_ASIO_SEPARATE_COMPILATION
        BOOST_ASIO_NO_DEPRECATED
        BOOST_BEAST_SEPARATE_COMPILATION
        LINKSPAN_VERSION="${PROJECT_VERSION}"
)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC 12 inlines Asio's coroutine frame allocation but not its deallocation, and takes the pair for mismatched.
    target_compile_options(linkspan_options INTERFACE -Wno-mismatched-new-delete)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    # clang 14 has no -Wsuggest-override by that name for every case; its own covers it.
    target_compile_options(linkspan_options INTERFACE -Wno-unknown-warning-option)
endif()

# linkspan_library(NAME name SRCS a.cc … DEPS public… PRIVATE_DEPS hidden…)
function(linkspan_library)
    cmake_parse_arguments(ARG "" "NAME" "SRCS;DEPS;PRIVATE_DEPS" ${ARGN})
    if(ARG_SRCS)
        add_library(${ARG_NAME} STATIC ${ARG_SRCS})
        target_link_libraries(
            ${ARG_NAME}
            PUBLIC linkspan_options ${ARG_DEPS}
            PRIVATE ${ARG_PRIVATE_DEPS}
        )
    else()
        add_library(${ARG_NAME} INTERFACE)
        target_link_libraries(${ARG_NAME} INTERFACE linkspan_options ${ARG_DEPS})
    endif()
endfunction()

# linkspan_test(NAME unit_x SRCS x_test.cc … DEPS libs… [TIMEOUT s] [LABELS l…])
# One GoogleTest program per module, one CTest entry per program. A unit test that takes a minute is
# broken; the end-to-end suites raise TIMEOUT themselves.
function(linkspan_test)
    cmake_parse_arguments(ARG "" "NAME;TIMEOUT" "SRCS;DEPS;LABELS" ${ARGN})
    if(NOT ARG_TIMEOUT)
        set(ARG_TIMEOUT 120)
    endif()
    find_package(GTest REQUIRED)
    add_executable(${ARG_NAME} ${ARG_SRCS})
    target_link_libraries(${ARG_NAME} PRIVATE ${ARG_DEPS} GTest::gtest GTest::gmock GTest::gtest_main)
    target_compile_definitions(
        ${ARG_NAME}
        PRIVATE LINKSPAN_SOURCE_DIR="${CMAKE_SOURCE_DIR}" LINKSPAN_BINARY_DIR="${CMAKE_BINARY_DIR}"
    )
    add_test(NAME ${ARG_NAME} COMMAND ${ARG_NAME})
    set_tests_properties(${ARG_NAME} PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABELS}")
endfunction()
