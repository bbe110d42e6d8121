# fuzz/<name>.cpp -> build/fuzz/bin/fuzz-<name>; seeds and run lengths: scripts/fuzz.
file(GLOB fuzz_sources CONFIGURE_DEPENDS fuzz/*.cpp)
foreach(source ${fuzz_sources})
  get_filename_component(name ${source} NAME_WE)
  add_executable(fuzz-${name} ${source})
  segue_program(fuzz-${name})
  target_link_options(fuzz-${name} PRIVATE -fsanitize=fuzzer)
endforeach()
# What they start from.
add_executable(write-seeds fuzz/seeds/write_seeds.cpp)
segue_program(write-seeds)
target_compile_definitions(write-seeds PRIVATE SEGUE_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
target_compile_options(segue PUBLIC -fsanitize=fuzzer-no-link)
include(cmake/llhttp.cmake)
