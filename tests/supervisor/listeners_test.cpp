// Listening sockets: bound once, taken over from the service manager, removed at the end.
#include "supervisor/listeners.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

namespace segue::supervisor {
namespace {

class Bound : public testing::Test {
 protected:
  Bound() {
    std::string pattern = std::filesystem::temp_directory_path().string() + "/listen-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  ~Bound() override { std::filesystem::remove_all(folder_); }
  std::string unix_address(const std::string& name) const { return "unix:" + folder_ + "/" + name; }
  std::string folder_;
  Listeners listeners_{os::real()};
};

TEST_F(Bound, an_address_is_bound_once_and_keeps_its_socket) {
  ASSERT_TRUE(listeners_.ensure({"127.0.0.1:0", unix_address("a")}));
  const auto first = listeners_.descriptors({"127.0.0.1:0", unix_address("a")});
  ASSERT_TRUE(listeners_.ensure({unix_address("a"), "127.0.0.1:0"}));
  EXPECT_EQ(listeners_.descriptors({"127.0.0.1:0", unix_address("a")}), first);
}

TEST_F(Bound, what_nobody_wants_any_more_is_closed_and_its_path_removed) {
  ASSERT_TRUE(listeners_.ensure({unix_address("a"), unix_address("b")}));
  listeners_.keep_only({unix_address("b")});
  EXPECT_EQ(listeners_.all().size(), 1U);
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/a"));
  EXPECT_TRUE(std::filesystem::exists(folder_ + "/b"));
}

TEST_F(Bound, an_address_that_is_none_is_named) {
  const auto refused = listeners_.ensure({"nonsense:port"});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("nonsense:port"), std::string::npos);
}

os::NamedFd inherited(const std::string& name, const std::string& address) {
  auto fd = os::listen_on(os::real(), *os::parse_address(address));
  return {name, std::move(*fd)};
}

TEST_F(Bound, an_inherited_socket_is_used_by_its_name) {
  std::vector<os::NamedFd> given;
  given.push_back(inherited("web", unix_address("a")));
  const int fd = given[0].fd.get();
  listeners_.offer(std::move(given));
  ASSERT_TRUE(listeners_.ensure({"fd:web"}));
  EXPECT_EQ(listeners_.descriptors({"fd:web"}), (std::vector<int>{fd}));
  listeners_.keep_only({});
  EXPECT_TRUE(std::filesystem::exists(folder_ + "/a")) << "its path is the manager's";
}

TEST_F(Bound, an_inherited_socket_is_used_for_the_address_it_listens_on) {
  std::vector<os::NamedFd> given;
  given.push_back(inherited("unknown", "127.0.0.1:0"));
  const int fd = given[0].fd.get();
  const auto address = os::to_string(*os::bound_address(os::real(), fd));
  listeners_.offer(std::move(given));
  ASSERT_TRUE(listeners_.ensure({address}));
  EXPECT_EQ(listeners_.descriptors({address}), (std::vector<int>{fd}));
}

TEST_F(Bound, a_name_that_was_not_inherited_is_an_error_with_the_remedy) {
  const auto refused = listeners_.ensure({"fd:web"});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("FileDescriptorName="), std::string::npos);
}

}  // namespace
}  // namespace segue::supervisor
