// What a person meant who typed a name that is not known.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace segue::base {

/// Which of `known` looks most like `name` (edit distance, at most half of the name); "" if none
/// is near.
std::string nearest(std::string_view name, const std::vector<std::string>& known);

}  // namespace segue::base
