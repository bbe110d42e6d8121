// Whether an answer is the right one: see answer_check.hpp.
#include "soak/answer_check.hpp"

#include <algorithm>

#include "soak/request_maker.hpp"
#include "soak/totals.hpp"

namespace segue::soak {

AnswerCheck::AnswerCheck(const Options& options)
    : verify_(options.exchange.verify),
      version_body_(options.exchange.version_body),
      first_(options.targets.size()) {
  const Exchange& exchange = options.exchange;
  if (exchange.echo) {
    expected_.emplace_back(content_pattern(exchange.body_bytes, options.seed));
  }
  for (const std::string& text : exchange.expect) expected_.emplace_back(text);
}

Outcome AnswerCheck::judge(const Answer& answer, std::size_t target, std::uint64_t serial) {
  if (!answer.id.empty() && answer.id != id_of(serial)) return Outcome::corrupt;
  if (answer.status < 200 || answer.status > 299) return Outcome::status;
  if (verify_ && !is_expected(answer, target, serial)) return Outcome::corrupt;
  return Outcome::ok;
}

std::string_view AnswerCheck::version_of(const Answer& answer) const {
  std::string_view version = version_body_ ? answer.content : answer.version;
  version = version.substr(0, Versions::version_bytes_max);
  while (!version.empty() && static_cast<unsigned char>(version.back()) <= ' ') {
    version.remove_suffix(1);
  }
  return version;
}

bool AnswerCheck::is_expected(const Answer& answer, std::size_t target, std::uint64_t serial) {
  if (expected_.empty()) return is_as_before(answer, target);
  return std::any_of(expected_.begin(), expected_.end(),
                     [&](const Stencil& text) { return text.matches(answer.content, serial); });
}

bool AnswerCheck::is_as_before(const Answer& answer, std::size_t target) {
  auto& known = first_[target];
  const std::string_view version = version_of(answer);
  const auto found = known.find(version);
  if (found != known.end()) return found->second == answer.content;
  if (known.size() >= Versions::versions_max) return false;
  known.emplace(version, answer.content);
  return true;
}

}  // namespace segue::soak
