// Makes an offload pool the one that segue::offload() uses on this thread, for a scope.
#pragma once

#include "loop/offload.hpp"

namespace segue::server {

class OffloadScope {
 public:
  explicit OffloadScope(loop::OffloadPool& pool);
  ~OffloadScope();
  OffloadScope(const OffloadScope&) = delete;
  OffloadScope& operator=(const OffloadScope&) = delete;
};

}  // namespace segue::server
