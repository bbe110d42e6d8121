// Where the control socket is when nobody says.
#include "supervisor/runtime_path.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace segue::supervisor {
namespace {

TEST(RuntimeDirectory, is_systemds_then_the_sessions_then_the_users) {
  EXPECT_EQ(runtime_directory({"/run/app:/run/other", "/run/user/5", 5}), "/run/app");
  EXPECT_EQ(runtime_directory({"", "/run/user/5", 5}), "/run/user/5/segue");
  EXPECT_EQ(runtime_directory({"", "", 0}), "/run/segue");
  EXPECT_EQ(runtime_directory({"", "", 5}), "/tmp/segue-5");
}

class Folder : public testing::Test {
 protected:
  Folder() {
    std::string pattern = std::filesystem::temp_directory_path().string() + "/runtime-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  ~Folder() override { std::filesystem::remove_all(folder_); }
  void add(const std::string& name) const { std::ofstream(folder_ + "/" + name) << ""; }
  std::string folder_;
};

TEST_F(Folder, is_made_for_its_user_only) {
  const auto path = default_control_path(os::real(), "shop", {folder_ + "/new", "", ::geteuid()});
  ASSERT_TRUE(path) << path.error().message;
  EXPECT_EQ(*path, folder_ + "/new/shop.control");
  struct stat status {};
  ASSERT_EQ(::stat((folder_ + "/new").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0700U);
}

TEST_F(Folder, that_others_can_write_to_is_refused) {
  ASSERT_EQ(::chmod(folder_.c_str(), 0777), 0);
  const auto usable = ensure_runtime_directory(os::real(), folder_, ::geteuid());
  ASSERT_FALSE(usable);
  EXPECT_EQ(usable.error().code, ErrorCode::permission_denied);
}

TEST_F(Folder, of_somebody_else_is_refused) {
  if (::geteuid() == 0) {
    ASSERT_EQ(::chown(folder_.c_str(), 12'345, 12'345), 0);
  }
  const uid_t other = ::geteuid() + 1;
  EXPECT_FALSE(ensure_runtime_directory(os::real(), folder_, other));
}

TEST_F(Folder, that_cannot_be_made_names_the_remedy) {
  const auto usable = ensure_runtime_directory(os::real(), folder_ + "/a/b", ::geteuid());
  ASSERT_FALSE(usable);
  EXPECT_NE(usable.error().message.find("--control"), std::string::npos);
}

TEST_F(Folder, the_only_control_socket_is_found) {
  add("shop.control");
  add("shop.control.lock");
  const auto found = find_control_path(folder_);
  ASSERT_TRUE(found);
  EXPECT_EQ(*found, folder_ + "/shop.control");
}

TEST_F(Folder, several_are_listed_and_none_is_an_error) {
  EXPECT_EQ(find_control_path(folder_).error().code, ErrorCode::not_found);
  EXPECT_EQ(find_control_path(folder_ + "/missing").error().code, ErrorCode::not_found);
  add("b.control");
  add("a.control");
  const auto found = find_control_path(folder_);
  ASSERT_FALSE(found);
  EXPECT_NE(found.error().message.find("\n  --control " + folder_ + "/a.control\n  --control " +
                                       folder_ + "/b.control"),
            std::string::npos);
}

}  // namespace
}  // namespace segue::supervisor
