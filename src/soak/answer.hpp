// One answer of the service, as far as a soak looks at it. How it is read: http1/response_reader.
#pragma once

#include <string_view>

#include "http1/response_reader.hpp"

namespace segue::soak {

/// Views live as long as those of the response that it was taken from.
struct Answer {
  int status = 0;
  bool close = false;        ///< The connection ends after it.
  std::string_view version;  ///< Value of the version field; "" without one.
  std::string_view id;       ///< Value of Soak-Id, if the service sends it back.
  std::string_view content;  ///< Decoded.
};

/// `version_field`: name of the field that names the version of the service.
Answer answer_of(const http1::Response& response, std::string_view version_field);

/// What a soak accepts from a service.
Limits answer_limits();

}  // namespace segue::soak
