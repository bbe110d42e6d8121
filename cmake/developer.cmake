# Examples, the programs that checks talk to, tests, benchmarks.
find_package(GTest REQUIRED)

# tests/<folder>/*_test.cpp -> one test program per folder, build/<preset>/tests/<folder>-test.
file(GLOB test_folders RELATIVE ${CMAKE_SOURCE_DIR}/tests ${CMAKE_SOURCE_DIR}/tests/*)
foreach(folder ${test_folders})
  file(GLOB test_sources CONFIGURE_DEPENDS tests/${folder}/*_test.cpp)
  if(test_sources)
    add_executable(${folder}-test ${test_sources})
    segue_program(${folder}-test)
    target_link_libraries(${folder}-test PRIVATE GTest::gtest_main GTest::gmock)
    target_precompile_headers(${folder}-test PRIVATE <gtest/gtest.h> <string> <vector>)
    target_compile_definitions(${folder}-test PRIVATE SEGUE_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
                               SEGUE_BINARY_DIR="${CMAKE_BINARY_DIR}")
    set_target_properties(${folder}-test PROPERTIES
      RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    if(folder STREQUAL "soak")
      target_sources(${folder}-test PRIVATE ${soak_sources})
    endif()
  endif()
endforeach()

include(cmake/llhttp.cmake)

# examples/<name>/CMakeLists.txt, tests/programs and bench each name their own programs.
file(GLOB program_lists CONFIGURE_DEPENDS examples/*/CMakeLists.txt tests/programs/CMakeLists.txt
     bench/CMakeLists.txt)
foreach(list ${program_lists})
  get_filename_component(folder ${list} DIRECTORY)
  add_subdirectory(${folder})
endforeach()
