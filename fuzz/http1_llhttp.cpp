// Fuzzes the request reader against llhttp: what Segue accepts, llhttp accepts as the same request.
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string_view>

#ifdef SEGUE_HAS_LLHTTP
#include "tests/http1/llhttp_oracle.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string found = segue::http1::first_disagreement(bytes);
  if (found.empty()) return 0;
  std::cerr << found << "\n";
  std::abort();
}

#else

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t*, std::size_t) {
  std::cerr << "llhttp is not installed (Debian: node-llhttp): nothing to compare with\n";
  std::exit(1);
}

#endif
