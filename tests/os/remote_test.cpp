// The other end of a connection as bytes.
#include "os/remote.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "os/fd.hpp"
#include "tests/support/faulty_os.hpp"

namespace segue::os {
namespace {

using Family = Remote::Family;
using segue::testing::FaultyOs;

template <class Address>
int answer_with(const Address& from, sockaddr* address, socklen_t* length) {
  std::memcpy(address, &from, sizeof from);
  *length = sizeof from;
  return 7;
}

// A kernel whose accept() reports 192.0.2.1 through a dual-stack socket.
Os with_mapped_client() {
  Os os = real();
  os.accept = [](int, sockaddr* address, socklen_t* length, int) {
    sockaddr_in6 from{};
    from.sin6_family = AF_INET6;
    from.sin6_port = htons(4711);
    EXPECT_EQ(::inet_pton(AF_INET6, "::ffff:192.0.2.1", &from.sin6_addr), 1);
    return answer_with(from, address, length);
  };
  return os;
}

Os with_ipv6_client() {
  Os os = real();
  os.accept = [](int, sockaddr* address, socklen_t* length, int) {
    sockaddr_in6 from{};
    from.sin6_family = AF_INET6;
    from.sin6_port = htons(4711);
    EXPECT_EQ(::inet_pton(AF_INET6, "2001:db8::1", &from.sin6_addr), 1);
    return answer_with(from, address, length);
  };
  return os;
}

TEST(Remote, an_accepted_client_is_known_by_address_and_port) {
  const Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  ASSERT_EQ(::bind(listener.get(), any, length), 0);
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  ASSERT_EQ(::getsockname(listener.get(), any, &length), 0);
  const Fd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::connect(client.get(), any, length), 0);
  ASSERT_EQ(::getsockname(client.get(), any, &length), 0);

  Remote remote;
  const Fd accepted(accept_from(real(), listener.get(), remote));
  ASSERT_GE(accepted.get(), 0);
  EXPECT_EQ(remote, *parse_remote("127.0.0.1", ntohs(address.sin_port)));
  EXPECT_EQ(::fcntl(accepted.get(), F_GETFD), FD_CLOEXEC);
  EXPECT_NE(::fcntl(accepted.get(), F_GETFL) & O_NONBLOCK, 0);
}

TEST(Remote, an_ipv4_client_of_a_dual_stack_socket_is_reported_as_ipv4) {
  Remote remote;
  ASSERT_EQ(accept_from(with_mapped_client(), 3, remote), 7);
  EXPECT_EQ(remote, *parse_remote("192.0.2.1", 4711));
  ASSERT_EQ(accept_from(with_ipv6_client(), 3, remote), 7);
  EXPECT_EQ(remote, *parse_remote("2001:db8::1", 4711));
}

TEST(Remote, a_client_of_a_unix_socket_has_a_family_and_no_address) {
  Os os = real();
  os.accept = [](int, sockaddr* address, socklen_t* length, int) {
    sockaddr_un from{};
    from.sun_family = AF_UNIX;
    return answer_with(from, address, length);
  };
  Remote remote = *parse_remote("192.0.2.1", 80);
  ASSERT_EQ(accept_from(os, 3, remote), 7);
  EXPECT_EQ(remote, (Remote{Family::unix_socket, 0, {}})) << "nothing is left of the last client";
}

TEST(Remote, a_failed_accept_is_a_negative_errno_and_leaves_the_remote_alone) {
  Remote remote = *parse_remote("192.0.2.1", 80);
  const Remote before = remote;
  FaultyOs::fail_only<&Os::accept>(1, EMFILE);
  EXPECT_EQ(accept_from(FaultyOs::os(), 3, remote), -EMFILE);
  FaultyOs::disarm();
  EXPECT_EQ(remote, before);
}

TEST(Remote, text_is_ipv4_or_ipv6_or_nothing) {
  const auto ipv4 = parse_remote("10.1.2.3", 443);
  ASSERT_TRUE(ipv4);
  EXPECT_EQ(*ipv4, (Remote{Family::ipv4, 443, {10, 1, 2, 3}}));
  const auto ipv6 = parse_remote("::1", 1);
  ASSERT_TRUE(ipv6);
  EXPECT_EQ(ipv6->family, Family::ipv6);
  EXPECT_EQ(ipv6->address.back(), 1u);
  for (const char* bad :
       {"", "localhost", "1.2.3", "1.2.3.4.5", "256.1.1.1", "[::1]", "::1%lo", "1.2.3.4 ", ":::"}) {
    EXPECT_FALSE(parse_remote(bad, 80)) << bad;
  }
}

}  // namespace
}  // namespace segue::os
