// Whether an answer is the right one. Pure: bytes in, verdict out.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "soak/answer.hpp"
#include "soak/options.hpp"
#include "soak/outcome.hpp"
#include "soak/stencil.hpp"

namespace segue::soak {

/// Judges answers. In this order: a Soak-Id that is not the request's is corrupt; a status outside
/// 200-299 is `status`; then, if contents are verified, the content must be
///   with --echo    the request's,
///   with --expect  one of the given texts,
///   with --verify  what the first answer of the same version to the same target was.
/// Anything else is corrupt.
class AnswerCheck {
 public:
  explicit AnswerCheck(const Options& options);
  /// The verdict on the answer to request `serial`, sent to target number `target`.
  Outcome judge(const Answer& answer, std::size_t target, std::uint64_t serial);
  /// The version that gave the answer; "" if it does not say.
  std::string_view version_of(const Answer& answer) const;

 private:
  bool is_expected(const Answer& answer, std::size_t target, std::uint64_t serial);
  bool is_as_before(const Answer& answer, std::size_t target);

  bool verify_;
  bool version_body_;
  std::vector<Stencil> expected_;  // empty: as before
  // First content by target and version; at most as many versions as the totals name.
  std::vector<std::map<std::string, std::string, std::less<>>> first_;
};

}  // namespace segue::soak
