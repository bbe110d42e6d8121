// Which close codes may be on the wire.
#include "websocket/close_code.hpp"

#include <gtest/gtest.h>

namespace segue::websocket {
namespace {

TEST(CloseCode, assigned_registered_and_private_codes_may_be_sent_and_no_others) {
  for (std::uint32_t code = 0; code <= 0xffff; ++code) {
    const bool assigned = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
    const bool expected = assigned || (code >= 3000 && code < 5000);
    ASSERT_EQ(may_be_sent(static_cast<std::uint16_t>(code)), expected) << code;
  }
}

}  // namespace
}  // namespace segue::websocket
