// Finding and pinning programs.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <fstream>

#include "os/spawn.hpp"
#include "tests/support/descriptors.hpp"
#include "tests/support/faulty_os.hpp"

namespace segue::os {
namespace {

using segue::testing::open_descriptors;
using segue::testing::TemporaryFolder;

std::string make_file(const std::string& path, std::string_view content, mode_t mode) {
  std::ofstream(path) << content;
  ::chmod(path.c_str(), mode);
  return path;
}

TEST(PinBinary, an_elf_file_is_held_by_its_descriptor) {
  const auto pinned = pin_binary(real(), "/bin/sh");
  ASSERT_TRUE(pinned) << pinned.error().message;
  EXPECT_GE(pinned->binary_fd(), 0);
  EXPECT_EQ(pinned->path, "/bin/sh");
  EXPECT_FALSE(pinned->script);
}

TEST(PinBinary, a_script_is_run_by_its_path) {
  const TemporaryFolder folder;
  const auto path = make_file(folder / "script", "#!/bin/sh\nexit 0\n", 0755);
  const auto pinned = pin_binary(real(), path);
  ASSERT_TRUE(pinned) << pinned.error().message;
  EXPECT_TRUE(pinned->script);
  EXPECT_EQ(pinned->binary_fd(), -1);
  EXPECT_EQ(pinned->path, path);
}

TEST(PinBinary, whatever_cannot_run_is_refused_with_the_remedy) {
  const TemporaryFolder folder;
  const std::pair<std::string, std::string> cases[] = {
      {"server", "the path is not absolute"},
      {folder / "missing", "no such file or directory; build or install it"},
      {folder / ".", "no regular file"},
      {make_file(folder / "plain", "#!/bin/sh\n", 0644), "permission denied; make it executable"},
      {make_file(folder / "text", "hello", 0755), "neither an ELF program nor a script"},
      {make_file(folder / "empty", "", 0755), "neither an ELF program nor a script"},
  };
  for (const auto& [path, reason] : cases) {
    const auto pinned = pin_binary(real(), path);
    ASSERT_FALSE(pinned) << path;
    EXPECT_TRUE(pinned.error().message.starts_with("cannot run " + path + ": "));
    EXPECT_NE(pinned.error().message.find(reason), std::string::npos) << pinned.error().message;
  }
}

TEST(PinBinary, whichever_call_fails_nothing_leaks) {
  const auto before = open_descriptors();
  EXPECT_EQ(segue::testing::for_each_fault(
                EIO, [](const Os& os) { (void)pin_binary(os, "/bin/sh").ok(); }),
            4);
  EXPECT_EQ(open_descriptors(), before);
}

TEST(FindProgram, a_path_is_made_absolute_and_a_name_is_looked_up) {
  const TemporaryFolder folder;
  const auto path = make_file(folder / "tool", "#!/bin/sh\n", 0755);
  make_file(folder / "data", "", 0644);
  const auto here = folder / ".";
  EXPECT_EQ(*find_program(real(), "/srv/app", "/home", ""), "/srv/app");
  EXPECT_EQ(*find_program(real(), "./app", "/srv", ""), "/srv/app");
  EXPECT_EQ(*find_program(real(), "bin/app", "/srv", ""), "/srv/bin/app");
  EXPECT_EQ(*find_program(real(), "tool", "/", "relative:/nonexistent:" + here), here + "/tool");
  EXPECT_EQ(find_program(real(), "data", "/", here).error().code, ErrorCode::not_found);
  EXPECT_FALSE(find_program(real(), "", "/", here));
}

}  // namespace
}  // namespace segue::os
