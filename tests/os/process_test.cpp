// What a program knows of itself when it starts.
#include "os/process.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>

#include "os/fd.hpp"
#include "tests/support/descriptors.hpp"
#include "tests/support/faulty_os.hpp"

namespace segue::os {
namespace {

using segue::testing::TemporaryFolder;

ino_t inode_of(int fd) {
  struct stat status {};
  EXPECT_EQ(::fstat(fd, &status), 0);
  return status.st_ino;
}

/// Goes to a directory for as long as it lives.
class Visit {
 public:
  explicit Visit(const std::string& path) : home_(::open(".", O_PATH | O_CLOEXEC)) {
    EXPECT_EQ(::chdir(path.c_str()), 0);
  }
  ~Visit() { EXPECT_EQ(::fchdir(home_.get()), 0); }
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;

 private:
  Fd home_;
};

TEST(Process, the_working_directory_is_where_relative_paths_start) {
  const TemporaryFolder folder;
  const auto canonical = std::filesystem::canonical(folder / ".").string();
  const Visit visit(canonical);
  EXPECT_EQ(working_directory(), canonical);
}

TEST(Process, a_working_directory_that_was_removed_has_no_name) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "gone");
  const Visit visit(folder / "gone");
  std::filesystem::remove(folder / "gone");
  EXPECT_EQ(working_directory(), "");
}

TEST(Process, the_user_is_the_effective_one) { EXPECT_EQ(user(), ::geteuid()); }

TEST(Process, the_environment_is_every_name_with_its_value) {
  ASSERT_EQ(::setenv("SEGUE_PROCESS_TEST", "a=b c", 1), 0);
  const auto with = environment();
  EXPECT_EQ(std::count(with.begin(), with.end(), "SEGUE_PROCESS_TEST=a=b c"), 1);
  ASSERT_EQ(::unsetenv("SEGUE_PROCESS_TEST"), 0);
  EXPECT_EQ(environment().size() + 1, with.size());
}

TEST(Process, an_inherited_descriptor_can_be_kept_from_being_inherited_further) {
  const Fd inherited(::open("/dev/null", O_RDONLY));
  ASSERT_EQ(::fcntl(inherited.get(), F_GETFD), 0);
  close_on_exec(real(), inherited.get());
  EXPECT_EQ(::fcntl(inherited.get(), F_GETFD), FD_CLOEXEC);
}

TEST(Process, no_descriptor_needs_no_call) {
  const int calls =
      segue::testing::for_each_fault(EBADF, [](const Os& os) { close_on_exec(os, -1); });
  EXPECT_EQ(calls, 0);
}

TEST(Process, a_replaced_descriptor_is_open_on_what_its_source_is) {
  const Fd zero(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
  const Fd target(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  ASSERT_NE(inode_of(zero.get()), inode_of(target.get()));
  replace(real(), -1, target.get());
  EXPECT_NE(inode_of(target.get()), inode_of(zero.get())) << "no source: it stays";
  replace(real(), zero.get(), target.get());
  EXPECT_EQ(inode_of(target.get()), inode_of(zero.get()));
}

TEST(Process, a_descriptor_that_replaces_itself_stays_as_it_is) {
  const Fd zero(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
  replace(real(), zero.get(), zero.get());
  EXPECT_EQ(::fcntl(zero.get(), F_GETFD), FD_CLOEXEC);
}

}  // namespace
}  // namespace segue::os
