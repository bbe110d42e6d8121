# Warnings, sanitizers, and what every program of this repository links.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1")

function(segue_compile_options target)
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -fno-strict-aliasing
    # A warning of another compiler must not stop those who build Segue inside their project.
    $<$<BOOL:${PROJECT_IS_TOP_LEVEL}>:-Werror>)
  if(SEGUE_SANITIZE)
    target_compile_options(${target} PUBLIC -fsanitize=${SEGUE_SANITIZE} -fno-omit-frame-pointer)
    target_link_options(${target} PUBLIC -fsanitize=${SEGUE_SANITIZE})
    if(SEGUE_SANITIZE MATCHES "undefined")
      # -O1: what -O2 adds to compiling these checks is more than the tests get back.
      target_compile_options(${target} PUBLIC -fno-sanitize-recover=undefined -O1)
    endif()
  endif()
endfunction()

# A program of ours: sees the internals in src/ and links the library.
function(segue_program target)
  target_include_directories(${target} PRIVATE ${segue_SOURCE_DIR}/src ${segue_SOURCE_DIR})
  target_link_libraries(${target} PRIVATE segue::segue Boost::context)
  segue_compile_options(${target})
endfunction()
