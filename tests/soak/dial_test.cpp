// Connects from chosen addresses.
#include "soak/dial.hpp"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <cerrno>

#include "soak/target.hpp"
#include "tests/soak/unruly_server.hpp"

namespace segue::soak {
namespace {

// A port on which nobody listens, held so that nobody else can.
class SilentPort {
 public:
  SilentPort() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = UnrulyServer::loopback();
    ::bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
  }
  os::Address address() const {
    return {os::Address::Kind::tcp4, "127.0.0.1",
            static_cast<std::uint16_t>(UnrulyServer::port_of(fd_.get()))};
  }

 private:
  os::Fd fd_;
};

int outcome_of(const Dialled& dialled) {
  if (dialled.error != 0) return dialled.error;
  pollfd wanted{dialled.fd.get(), POLLOUT, 0};
  ::poll(&wanted, 1, -1);
  return connect_error(os::real(), dialled.fd.get());
}

TEST(Dial, a_connection_comes_from_the_chosen_address) {
  UnrulyServer server(polite());
  const auto target = parse_target(server.url());
  for (const std::uint32_t number : {0u, 1u, 7u}) {
    const Dialled dialled = dial(os::real(), target->address, {number});
    ASSERT_EQ(outcome_of(dialled), 0);
    sockaddr_in address{};
    socklen_t length = sizeof address;
    ::getsockname(dialled.fd.get(), reinterpret_cast<sockaddr*>(&address), &length);
    EXPECT_EQ(ntohl(address.sin_addr.s_addr), INADDR_LOOPBACK + number);
  }
}

TEST(Dial, a_port_on_which_nobody_listens_refuses) {
  const SilentPort port;
  const Dialled dialled = dial(os::real(), port.address(), {0});
  EXPECT_EQ(outcome_of(dialled), -ECONNREFUSED);
  EXPECT_EQ(error_text(-ECONNREFUSED), "Connection refused");
}

TEST(Dial, what_the_kernel_denies_is_an_error_without_a_socket) {
  os::Os os = os::real();
  os.socket = [](int, int, int) { return -EMFILE; };
  const Dialled dialled = dial(os, {os::Address::Kind::tcp4, "127.0.0.1", 80}, {0});
  EXPECT_EQ(dialled.error, -EMFILE);
  EXPECT_FALSE(dialled.fd);
}

}  // namespace
}  // namespace segue::soak
