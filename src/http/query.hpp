// The key=value pairs of a query or of form content (WHATWG URL section 5.1), one after another and
// still encoded: decode what you use with query_decode.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace segue::http {

/// A pair as it stands in the query. Without '=' the value is empty.
struct QueryPair {
  std::string_view key;
  std::string_view value;

  bool operator==(const QueryPair&) const = default;
};

/// Walks over the pairs of a query. Empty pieces ("a&&b") are skipped; ';' separates nothing.
class QueryReader {
 public:
  explicit QueryReader(std::string_view query) : rest_(query) {}

  /// The next pair; nothing at the end.
  std::optional<QueryPair> next() {
    while (!rest_.empty()) {
      const std::size_t end = rest_.find('&');
      const std::string_view piece = rest_.substr(0, end);
      rest_ = end == std::string_view::npos ? std::string_view() : rest_.substr(end + 1);
      if (piece.empty()) continue;
      const std::size_t equals = piece.find('=');
      if (equals == std::string_view::npos) return QueryPair{piece, {}};
      return QueryPair{piece.substr(0, equals), piece.substr(equals + 1)};
    }
    return std::nullopt;
  }

 private:
  std::string_view rest_;
};

}  // namespace segue::http
