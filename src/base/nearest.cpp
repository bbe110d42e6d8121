// Levenshtein's distance, one row at a time.
#include "base/nearest.hpp"

#include <algorithm>
#include <numeric>

namespace segue::base {
namespace {

std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({substituted, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string nearest(std::string_view name, const std::vector<std::string>& known) {
  std::string best;
  std::size_t best_distance = 1 + name.size() / 2;
  for (const std::string& each : known) {
    const std::size_t far = distance(name, each);
    if (far < best_distance) {
      best_distance = far;
      best = each;
    }
  }
  return best;
}

}  // namespace segue::base
