// The bytes of requests, prepared once per target. Each carries its id in the field Soak-Id, where
// "{id}" stands in the path, and at the front of its body.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "soak/options.hpp"
#include "soak/stencil.hpp"

namespace segue::soak {

/// Whether a request asks for its connection to be closed after the answer.
enum class After : std::uint8_t { keep, close };

/// The content of every request with a body of `bytes`, as a pattern: its id first if that fits,
/// then letters that depend on `seed` alone.
std::string content_pattern(std::size_t bytes, std::uint64_t seed);

/// Makes the requests of one thread.
class RequestMaker {
 public:
  explicit RequestMaker(const Options& options);
  /// Appends a request to `options.targets[target]`. `random` decides whether its body is sent
  /// chunked, and in which chunks.
  void append_to(std::string& out, std::size_t target, std::uint64_t serial, After after,
                 std::mt19937_64& random) const;

 private:
  // The forms of a request to one target.
  struct Forms {
    Stencil plain[2];    // by After: no body, or one with Content-Length
    Stencil chunked[2];  // by After: the head alone
  };
  void append_chunks(std::string& out, std::uint64_t serial, std::mt19937_64& random) const;

  std::vector<Forms> targets_;
  Stencil content_;
  std::size_t content_bytes_;
  double chunked_share_;
};

}  // namespace segue::soak
