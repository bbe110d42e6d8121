// One answer of the service, as far as a soak looks at it.
#pragma once

#include <string_view>

namespace segue::soak {

/// Views live until the next call of what handed the answer out.
struct Answer {
  int status = 0;
  bool close = false;        ///< The connection ends after it.
  std::string_view version;  ///< Value of the version field; "" without one.
  std::string_view id;       ///< Value of Soak-Id, if the service sends it back.
  std::string_view content;  ///< Decoded.
};

}  // namespace segue::soak
