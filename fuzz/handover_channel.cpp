// Fuzzes a whole end of a transfer channel: the input is a row of messages from the other side,
// with descriptors. Nothing crashes, nothing leaks, nothing runs that was not rebuilt and resolved.
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string_view>

#include "handover/channel_message.hpp"
#include "handover/transfer.hpp"
#include "os/message.hpp"

namespace handover = segue::handover;
namespace loop = segue::loop;
namespace os = segue::os;

namespace {

void check(bool holds) {
  if (!holds) std::abort();
}

struct Sink final : handover::Sink {
  segue::Result<void> rebuild(std::uint64_t id, os::Fd, std::uint32_t slot,
                              std::string_view) override {
    if (slot == 13) return segue::Error{segue::ErrorCode::unsupported, "no"};
    check(rebuilt.insert(id).second);
    return {};
  }
  void start(std::uint64_t id) override { check(rebuilt.erase(id) == 1); }
  void discard(std::uint64_t id) override { check(rebuilt.erase(id) == 1); }
  void note(std::string_view) override {}
  void swept(bool) override { check(++sweeps == 1); }
  void ended() override { check(++ends == 1); }
  std::set<std::uint64_t> rebuilt;
  int sweeps = 0;
  int ends = 0;
};

struct Source final : handover::Source {
  void freeze(std::size_t items_max, std::size_t, std::vector<handover::Offer>& out) override {
    for (std::size_t i = 0; i < items_max && next < 200; ++i) {
      frozen.insert(next);
      out.push_back({next++, 0, 0, 0, "value"});
    }
  }
  void committed(std::uint64_t id) override { check(frozen.erase(id) == 1); }
  void thaw(std::uint64_t id, std::string_view) override { check(frozen.erase(id) == 1); }
  void note(std::string_view) override {}
  void receiver_gone() override { check(frozen.empty()); }
  std::set<std::uint64_t> frozen;
  std::uint64_t next = 0;
};

/// Sends the input in pieces of a length byte, a byte for the number of descriptors, and the bytes.
void play(loop::Loop& on, int socket, const std::uint8_t* data, std::size_t size) {
  while (size > 2) {
    const std::size_t length = std::min<std::size_t>(data[0], size - 2);
    const std::vector<int> fds(data[1] % 70, socket);
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, length);
    os::send_message(os::real(), socket, bytes, fds);
    data += 2 + length;
    size -= 2 + length;
    on.turn(0);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  auto turning = *loop::Loop::create(os::real());
  auto ends = *os::message_pair(os::real());
  Sink sink;
  Source source;
  {
    std::unique_ptr<handover::Receiver> receiver;
    std::unique_ptr<handover::Sender> sender;
    if (data[0] % 2 == 0) {
      receiver = std::make_unique<handover::Receiver>(*turning, std::move(ends.first), sink);
    } else {
      sender = std::make_unique<handover::Sender>(*turning, std::move(ends.first), source);
    }
    play(*turning, ends.second.get(), data + 1, size - 1);
    ends.second.reset();
    for (int i = 0; i < 20; ++i) turning->turn(0);
    if (receiver) check(sink.ends == 1 && sink.rebuilt.empty());
  }
  const int next_free = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  check(next_free < 64);  // nothing has leaked
  ::close(next_free);
  return 0;
}
