// The slot table: one memory for both processes, that nobody can resize under the other.
#include "handover/slots.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "os/message.hpp"

namespace segue::handover {
namespace {

os::Fd dup_of(int fd) { return os::Fd(::fcntl(fd, F_DUPFD_CLOEXEC, 0)); }

TEST(SlotTable, what_one_side_stores_the_other_reads) {
  auto mine = SlotTable::create(os::real(), 1000);
  ASSERT_TRUE(mine);
  auto theirs = SlotTable::open(os::real(), dup_of(mine->fd()));
  ASSERT_TRUE(theirs);
  EXPECT_EQ(theirs->count(), 1000u);
  EXPECT_EQ(mine->at(999)->load(), static_cast<std::uint64_t>(SlotState::untouched));
  theirs->at(999)->store(static_cast<std::uint64_t>(SlotState::busy));
  EXPECT_EQ(mine->at(999)->load(), static_cast<std::uint64_t>(SlotState::busy));
  EXPECT_EQ(mine->at(1000), nullptr);
}

TEST(SlotTable, a_table_may_be_empty) {
  auto table = SlotTable::create(os::real(), 0);
  ASSERT_TRUE(table);
  EXPECT_EQ(table->at(0), nullptr);
  EXPECT_TRUE(SlotTable::open(os::real(), dup_of(table->fd())));
}

TEST(SlotTable, nobody_can_resize_it) {
  auto table = SlotTable::create(os::real(), 10);
  ASSERT_TRUE(table);
  EXPECT_NE(::ftruncate(table->fd(), 0), 0);
  EXPECT_NE(::ftruncate(table->fd(), 4096), 0);
}

TEST(SlotTable, an_unsealed_odd_or_other_descriptor_is_refused) {
  os::Fd unsealed(::memfd_create("slots", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  ASSERT_EQ(::ftruncate(unsealed.get(), 80), 0);
  EXPECT_FALSE(SlotTable::open(os::real(), dup_of(unsealed.get())));
  ASSERT_EQ(::ftruncate(unsealed.get(), 81), 0);
  ASSERT_EQ(::fcntl(unsealed.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
  EXPECT_FALSE(SlotTable::open(os::real(), std::move(unsealed)));
  EXPECT_FALSE(SlotTable::open(os::real(), os::Fd(::open("/dev/null", O_RDWR | O_CLOEXEC))));
  EXPECT_FALSE(SlotTable::open(os::real(), os::Fd()));
}

TEST(SlotTable, too_many_slots_are_refused) {
  const auto table = SlotTable::create(os::real(), ~0U);
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().code, ErrorCode::limit_exceeded);
}

TEST(SlotTable, moving_it_moves_the_mapping) {
  auto table = SlotTable::create(os::real(), 5);
  ASSERT_TRUE(table);
  auto* const word = table->at(4);
  SlotTable moved = std::move(*table);
  EXPECT_EQ(moved.at(4), word);
  EXPECT_EQ(table->at(4), nullptr);
  moved = SlotTable();
  EXPECT_EQ(moved.count(), 0u);
}

TEST(SlotTable, a_failing_call_is_an_error_and_leaks_nothing) {
  os::Os os = os::real();
  os.mmap = [](void*, std::size_t, int, int, int, off_t) {
    return reinterpret_cast<void*>(std::intptr_t{-ENOMEM});
  };
  EXPECT_FALSE(SlotTable::create(os, 5));
  os = os::real();
  os.fcntl = [](int, int, long) { return -EPERM; };
  EXPECT_FALSE(SlotTable::create(os, 5));
  os = os::real();
  os.memfd_create = [](const char*, unsigned) { return -EMFILE; };
  EXPECT_FALSE(SlotTable::create(os, 5));
}

}  // namespace
}  // namespace segue::handover
