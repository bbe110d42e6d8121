// The slot table in a sealed memfd: see slots.hpp.
#include "handover/slots.hpp"

#include <fcntl.h>

#include <string>
#include <utility>

#include "os/failure.hpp"

namespace segue::handover {
namespace {

constexpr std::uint32_t slots_max = 1U << 24;
constexpr std::size_t word_bytes = sizeof(std::atomic<std::uint64_t>);
static_assert(word_bytes == 8 && std::atomic<std::uint64_t>::is_always_lock_free,
              "two processes share these words");

Error failed(std::string_view what, int error) {
  return os::failure("slot table: cannot " + std::string(what), error);
}

}  // namespace

Result<SlotTable> SlotTable::create(const os::Os& os, std::uint32_t count) {
  if (count > slots_max) {
    return Error{ErrorCode::limit_exceeded, "slot table: " + std::to_string(count) +
                                                " slots are more than " +
                                                std::to_string(slots_max)};
  }
  os::Fd memfd(os.memfd_create("segue-slots", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!memfd) return failed("make a memfd", memfd.get());
  // Before the seal: nobody can shrink it under a mapping later, which would be SIGBUS.
  int error = os.ftruncate(memfd.get(), static_cast<off_t>(count * word_bytes));
  if (error < 0) return failed("size it", error);
  error = os.fcntl(memfd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
  if (error < 0) return failed("seal it", error);
  return open(os, std::move(memfd));
}

Result<SlotTable> SlotTable::open(const os::Os& os, os::Fd memfd) {
  constexpr int wanted = F_SEAL_SHRINK | F_SEAL_GROW;
  const int seals = os.fcntl(memfd.get(), F_GET_SEALS, 0);
  if (seals < 0) return failed("read its seals", seals);
  if ((seals & wanted) != wanted) {
    return Error{ErrorCode::malformed, "slot table: the memfd is not sealed against resizing"};
  }
  struct stat status {};
  if (const int error = os.fstat(memfd.get(), &status); error < 0)
    return failed("read its size", error);
  const auto bytes = static_cast<std::uint64_t>(status.st_size);
  if (bytes % word_bytes != 0 || bytes / word_bytes > slots_max) {
    return Error{ErrorCode::malformed, "slot table: impossible size " + std::to_string(bytes)};
  }
  SlotTable table;
  table.count_ = static_cast<std::uint32_t>(bytes / word_bytes);
  if (table.count_ > 0) {
    void* words = os.mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, memfd.get(), 0);
    if (const int error = os::mmap_error(words); error != 0) return failed("map it", error);
    table.words_ = static_cast<std::atomic<std::uint64_t>*>(words);
  }
  table.os_ = &os;
  table.memfd_ = std::move(memfd);
  return table;
}

SlotTable::SlotTable(SlotTable&& other) noexcept { *this = std::move(other); }

SlotTable& SlotTable::operator=(SlotTable&& other) noexcept {
  // What this held goes with `other`.
  std::swap(os_, other.os_);
  std::swap(memfd_, other.memfd_);
  std::swap(words_, other.words_);
  std::swap(count_, other.count_);
  return *this;
}

SlotTable::~SlotTable() {
  if (words_ != nullptr) os_->munmap(words_, count_ * word_bytes);
}

std::atomic<std::uint64_t>* SlotTable::at(std::uint32_t slot) const {
  return slot < count_ ? words_ + slot : nullptr;
}

}  // namespace segue::handover
