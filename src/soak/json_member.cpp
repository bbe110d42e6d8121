// Looking a value up in a JSON object: see json_member.hpp.
#include "soak/json_member.hpp"

#include <algorithm>

namespace segue::soak {
namespace {

constexpr int depth_max = 32;

// Walks over JSON text; `ok` turns false at the first byte that is none.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  // The value at the front, as written; empty if it is none.
  std::string_view value(int depth = 0) {
    skip_space();
    const std::string_view start = rest_;
    const bool whole = depth < depth_max && skip_value(depth);
    return whole ? start.substr(0, start.size() - rest_.size()) : std::string_view();
  }

  bool take(char byte) {
    skip_space();
    if (rest_.empty() || rest_[0] != byte) return false;
    rest_.remove_prefix(1);
    return true;
  }

 private:
  void skip_space() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size()));
  }

  bool skip_value(int depth) {
    if (rest_.empty()) return false;
    if (rest_[0] == '"') return skip_string();
    if (rest_[0] == '{') return skip_members(depth, '}', true);
    if (rest_[0] == '[') return skip_members(depth, ']', false);
    const std::size_t end = std::min(rest_.find_first_of(",]} \t\r\n"), rest_.size());
    rest_.remove_prefix(end);
    return end > 0;
  }

  bool skip_string() {
    for (std::size_t i = 1; i < rest_.size(); ++i) {
      if (rest_[i] == '\\') {
        ++i;
      } else if (rest_[i] == '"') {
        rest_.remove_prefix(i + 1);
        return true;
      }
    }
    return false;
  }

  bool skip_members(int depth, char end, bool named) {
    rest_.remove_prefix(1);
    if (take(end)) return true;
    do {
      if (named && (value(depth + 1).empty() || !take(':'))) return false;
      if (value(depth + 1).empty()) return false;
    } while (take(','));
    return take(end);
  }

  std::string_view rest_;
};

// A JSON string without its quotes and escapes; what \u names beyond ASCII becomes '?'.
std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    if (text[i] != '\\') {
      out.push_back(text[i]);
      continue;
    }
    const char code = text[++i];
    if (code == 'u') i += 4;
    out.push_back(code == 'n'   ? '\n'
                  : code == 't' ? '\t'
                  : code == 'r' ? '\r'
                  : code == 'u' ? '?'
                                : code);
  }
  return out;
}

// The value of the member called `name` in an object, as written.
std::string_view find(std::string_view object, std::string_view name) {
  Scanner scanner(object);
  if (!scanner.take('{') || scanner.take('}')) return {};
  do {
    const std::string_view found = scanner.value();
    if (found.empty() || !scanner.take(':')) return {};
    const std::string_view value = scanner.value();
    if (value.empty() || decoded(found) == name) return value;
  } while (scanner.take(','));
  return {};
}

}  // namespace

std::optional<std::string> member_of(std::string_view text, std::string_view path) {
  while (!path.empty()) {
    const std::size_t dot = std::min(path.find('.'), path.size());
    text = find(text, path.substr(0, dot));
    if (text.empty()) return std::nullopt;
    path.remove_prefix(std::min(dot + 1, path.size()));
  }
  return text[0] == '"' ? decoded(text) : std::string(text);
}

}  // namespace segue::soak
