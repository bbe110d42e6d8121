# fuzz/<name>.cpp -> build/fuzz/bin/fuzz-<name>; seeds and run lengths: scripts/fuzz.
file(GLOB fuzz_sources CONFIGURE_DEPENDS fuzz/*.cpp)
foreach(source ${fuzz_sources})
  get_filename_component(name ${source} NAME_WE)
  add_executable(fuzz-${name} ${source})
  segue_program(fuzz-${name})
  target_link_options(fuzz-${name} PRIVATE -fsanitize=fuzzer)
endforeach()
target_compile_options(segue PUBLIC -fsanitize=fuzzer-no-link)
