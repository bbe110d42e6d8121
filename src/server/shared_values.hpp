// The shared values of a service and their life over a handover: saved at PAUSE, loaded at ACCEPT,
// kept true by notes between the generations while both serve. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "handover/protocol.hpp"
#include "loop/loop.hpp"
#include "segue/error.hpp"

namespace segue {
class Counter;
class Bus;
class OwnedBase;
}  // namespace segue

namespace segue::server {

class SharedValues {
 public:
  /// Sends a note to the other generation; false if there is none. Any thread.
  using Forward = std::function<bool(std::string note)>;

  SharedValues();
  ~SharedValues();

  // Set-up
  Counter& counter(std::string_view name);
  Bus& bus(std::string_view name);
  OwnedBase& add(std::unique_ptr<OwnedBase> value);

  /// For HELLO: every value that moves, its name prefixed with "shared:".
  std::vector<handover::SchemaEntry> schemas() const;
  /// Numbers this process among the publishers of its buses.
  void set_generation(std::uint64_t generation);

  /// At PAUSE: the values as they go to the successor. Owned values are the successor's from now
  /// on.
  std::vector<handover::SharedValue> save();
  /// At ACCEPT. A value that cannot be read is left as it was and named in the error.
  Result<void> load(const std::vector<handover::SharedValue>& values);
  /// At TAKE_BACK: owned values are ours again, as they were at PAUSE.
  void take_back();
  /// The other generation can be reached (or, with an empty function, no longer).
  void connect(Forward forward);
  /// What counters gained since save(), to the other generation; when the drain ends.
  void forward_counters();
  /// A note from the other generation.
  void on_note(std::string_view note);

 private:
  struct Call;
  bool send(std::string note);
  void on_call(std::string_view name, std::string_view operation, std::string_view argument,
               std::uint64_t id);
  void on_answer(std::uint64_t id, Result<std::string> answer);
  Result<std::string> call_through(const std::string& name, const std::string& operation,
                                   const std::string& argument);

  struct CounterEntry {
    std::unique_ptr<Counter> counter;
    std::int64_t saved = 0;  // value when it was last given to the other generation
    bool moving = false;
  };
  std::map<std::string, CounterEntry, std::less<>> counters_;
  std::map<std::string, std::unique_ptr<Bus>, std::less<>> buses_;
  std::map<std::string, std::unique_ptr<OwnedBase>, std::less<>> owned_;
  std::mutex mutex_;  // guards what follows
  Forward forward_;
  std::uint64_t last_call_ = 0;
  std::map<std::uint64_t, std::shared_ptr<Call>> calls_;
};

}  // namespace segue::server
