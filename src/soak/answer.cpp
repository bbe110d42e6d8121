// One answer of the service: see answer.hpp.
#include "soak/answer.hpp"

namespace segue::soak {

Answer answer_of(const http1::Response& response, std::string_view version_field) {
  return {response.status, !response.keep_alive, response.field(version_field),
          response.field("Soak-Id"), response.content};
}

Limits answer_limits() {
  Limits limits;
  limits.head_bytes_max = 64 * 1024;
  limits.content_bytes_max = 64 * 1024 * 1024;
  return limits;
}

}  // namespace segue::soak
