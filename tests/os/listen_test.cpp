// Listening and connecting, and what a user is told when it fails.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/stat.h>

#include <cerrno>
#include <fstream>

#include "os/address.hpp"
#include "tests/support/descriptors.hpp"
#include "tests/support/faulty_os.hpp"

namespace segue::os {
namespace {

using Kind = Address::Kind;
using segue::testing::FaultyOs;
using segue::testing::open_descriptors;
using segue::testing::TemporaryFolder;

Result<Fd> listen_text(const std::string& text) { return listen_on(real(), *parse_address(text)); }

int option(int fd, int level, int name) {
  int value = -1;
  socklen_t length = sizeof value;
  ::getsockopt(fd, level, name, &value, &length);
  return value;
}

// Connects and accepts; whether bytes would flow.
bool reaches(const Fd& listener, const Address& address) {
  const auto client = connect_to(real(), address);
  pollfd waiting{listener.get(), POLLIN, 0};
  if (!client || ::poll(&waiting, 1, 5000) != 1) return false;
  const Fd accepted(real().accept(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  return static_cast<bool>(accepted);
}

TEST(Listen, the_kernel_chooses_a_port_and_tells_it) {
  const auto fd = listen_text("127.0.0.1:0");
  ASSERT_TRUE(fd) << fd.error().message;
  const auto address = bound_address(real(), fd->get());
  EXPECT_EQ(address->host, "127.0.0.1");
  EXPECT_NE(address->port, 0);
  EXPECT_TRUE(reaches(*fd, *address));
}

TEST(Listen, a_port_alone_takes_both_families) {
  const auto fd = listen_text(":0");
  ASSERT_TRUE(fd) << fd.error().message;
  const auto address = bound_address(real(), fd->get());
  EXPECT_TRUE(reaches(*fd, {Kind::tcp4, "127.0.0.1", address->port}));
  if (address->kind == Kind::tcp6) {
    EXPECT_TRUE(reaches(*fd, {Kind::tcp6, "::1", address->port}));
  }
}

TEST(Listen, the_socket_is_nonblocking_closes_on_exec_and_passes_nodelay_on) {
  const auto fd = listen_text("127.0.0.1:0");
  EXPECT_NE(::fcntl(fd->get(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_EQ(::fcntl(fd->get(), F_GETFD), FD_CLOEXEC);
  const auto client = connect_to(real(), *bound_address(real(), fd->get()));
  pollfd waiting{fd->get(), POLLIN, 0};
  ASSERT_EQ(::poll(&waiting, 1, 5000), 1);
  const Fd accepted(real().accept(fd->get(), nullptr, nullptr, 0));
  EXPECT_NE(option(accepted.get(), IPPROTO_TCP, TCP_NODELAY), 0);
  EXPECT_NE(option(client->get(), IPPROTO_TCP, TCP_NODELAY), 0);
}

TEST(Listen, a_group_of_listeners_shares_a_port_only_if_asked) {
  const ListenOptions shared{.reuse_port = true};
  const auto first = listen_on(real(), *parse_address("127.0.0.1:0"), shared);
  const auto address = *bound_address(real(), first->get());
  EXPECT_TRUE(listen_on(real(), address, shared));
  EXPECT_FALSE(listen_on(real(), address));
}

TEST(Listen, a_port_in_use_is_named_with_the_command_that_shows_who) {
  const auto first = listen_text("127.0.0.1:0");
  const auto address = *bound_address(real(), first->get());
  const auto second = listen_on(real(), address);
  ASSERT_FALSE(second);
  const auto port = std::to_string(address.port);
  EXPECT_EQ(second.error().code, ErrorCode::address_in_use);
  EXPECT_EQ(second.error().message, "cannot listen on 127.0.0.1:" + port +
                                        ": address already in use; look with `ss -ltnp 'sport = :" +
                                        port + "'` or choose another port");
}

TEST(Listen, a_refused_low_port_is_named_with_the_capability) {
  FaultyOs::fail_only<&Os::bind>(1, EACCES);
  const auto fd = listen_on(FaultyOs::os(), {Kind::tcp4, "0.0.0.0", 80});
  ASSERT_FALSE(fd);
  EXPECT_EQ(fd.error().code, ErrorCode::permission_denied);
  EXPECT_EQ(fd.error().message,
            "cannot listen on 0.0.0.0:80: permission denied; add "
            "AmbientCapabilities=CAP_NET_BIND_SERVICE or choose a port above 1023");
}

TEST(Listen, without_ipv6_a_port_alone_falls_back_to_ipv4) {
  FaultyOs::fail_only<&Os::socket>(1, EAFNOSUPPORT);
  const auto fd = listen_on(FaultyOs::os(), *parse_address(":0"));
  ASSERT_TRUE(fd) << fd.error().message;
  EXPECT_EQ(bound_address(real(), fd->get())->host, "0.0.0.0");
}

TEST(Listen, a_socket_path_is_made_with_the_mode_asked_for) {
  const TemporaryFolder folder;
  const Address address{Kind::unix_socket, folder / "s", 0};
  const auto fd = listen_on(real(), address, {.unix_mode = 0600});
  ASSERT_TRUE(fd) << fd.error().message;
  struct stat status {};
  ASSERT_EQ(::stat(address.host.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  EXPECT_EQ(*bound_address(real(), fd->get()), address);
  EXPECT_TRUE(reaches(*fd, address));
}

TEST(Listen, a_stale_socket_path_is_replaced) {
  const TemporaryFolder folder;
  const Address address{Kind::unix_socket, folder / "s", 0};
  listen_on(real(), address)->reset();  // closed, the path stays
  const auto fd = listen_on(real(), address);
  ASSERT_TRUE(fd) << fd.error().message;
  EXPECT_TRUE(reaches(*fd, address));
}

TEST(Listen, a_live_socket_path_is_refused_and_goes_on) {
  const TemporaryFolder folder;
  const Address address{Kind::unix_socket, folder / "s", 0};
  const auto live = listen_on(real(), address);
  const auto second = listen_on(real(), address);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::address_in_use);
  EXPECT_NE(second.error().message.find("ss -lxp"), std::string::npos);
  real().close(real().accept(live->get(), nullptr, nullptr, 0));  // the probe
  EXPECT_TRUE(reaches(*live, address));
}

TEST(Listen, a_live_socket_whose_queue_is_full_counts_as_live) {
  const TemporaryFolder folder;
  const Address address{Kind::unix_socket, folder / "s", 0};
  const auto live = listen_on(real(), address, {.backlog = 0});
  const auto first = connect_to(real(), address);
  ASSERT_EQ(connect_to(real(), address).error().code, ErrorCode::unavailable);
  EXPECT_FALSE(listen_on(real(), address));
}

TEST(Listen, a_file_that_is_no_socket_is_left_alone) {
  const TemporaryFolder folder;
  const Address address{Kind::unix_socket, folder / "s", 0};
  std::ofstream(address.host) << "precious";
  const auto fd = listen_on(real(), address);
  ASSERT_FALSE(fd);
  EXPECT_NE(fd.error().message.find("no socket"), std::string::npos);
  std::string kept;
  std::ifstream(address.host) >> kept;
  EXPECT_EQ(kept, "precious");
}

TEST(Listen, a_missing_folder_is_named) {
  const auto fd = listen_text("unix:/nonexistent/folder/s");
  ASSERT_FALSE(fd);
  EXPECT_EQ(fd.error().message,
            "cannot listen on unix:/nonexistent/folder/s: no such file or directory; create the "
            "folder /nonexistent/folder (RuntimeDirectory=)");
}

TEST(Listen, an_abstract_name_works_and_is_refused_while_in_use) {
  const Address address{Kind::unix_socket, "@segue-test-" + std::to_string(::getpid()), 0};
  const auto fd = listen_on(real(), address);
  ASSERT_TRUE(fd) << fd.error().message;
  EXPECT_EQ(*bound_address(real(), fd->get()), address);
  EXPECT_TRUE(reaches(*fd, address));
  EXPECT_EQ(listen_on(real(), address).error().code, ErrorCode::address_in_use);
}

TEST(Listen, whichever_call_fails_the_error_is_clean_and_nothing_leaks) {
  const TemporaryFolder folder;
  for (const auto& text : {std::string("127.0.0.1:0"), std::string("[::1]:0"), std::string(":0"),
                           "unix:" + (folder / "s")}) {
    const auto before = open_descriptors();
    const auto address = *parse_address(text);
    for (const int error : {EMFILE, EACCES, EIO}) {
      const int faults = segue::testing::for_each_fault(error, [&](const Os& os) {
        const auto fd = listen_on(os, address, {.unix_mode = 0600});
        if (fd) return;
        EXPECT_TRUE(fd.error().message.starts_with("cannot listen on ")) << text;
      });
      EXPECT_GE(faults, 4) << text;
    }
    EXPECT_EQ(open_descriptors(), before) << text;
  }
}

TEST(Connect, nobody_there_is_an_error_of_a_unix_socket_at_once) {
  const TemporaryFolder folder;
  const auto fd = connect_to(real(), {Kind::unix_socket, folder / "s", 0});
  ASSERT_FALSE(fd);
  EXPECT_EQ(fd.error().code, ErrorCode::not_found);
  EXPECT_NE(fd.error().message.find("cannot connect to unix:"), std::string::npos);
}

TEST(Connect, whichever_call_fails_nothing_leaks) {
  const auto listener = listen_text("127.0.0.1:0");
  const auto address = *bound_address(real(), listener->get());
  const auto before = open_descriptors();
  EXPECT_EQ(segue::testing::for_each_fault(
                ENOMEM, [&](const Os& os) { (void)connect_to(os, address).ok(); }),
            3);
  EXPECT_EQ(open_descriptors(), before);
}

}  // namespace
}  // namespace segue::os
