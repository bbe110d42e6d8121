// Values shared by the handlers of a service that stay true over a handover, by kind: a Counter is
// written by both generations until the old one is done, a Bus reaches both, an Owned value moves
// and the old generation's last handlers call through to it.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "segue/describe.hpp"
#include "segue/error.hpp"

namespace segue {

namespace server {
class SharedValues;
}

/// A number that every handler may add to, from any thread. At a handover the successor starts from
/// the value of the predecessor, and what the predecessor's last handlers still add is merged in.
class Counter {
 public:
  void add(std::int64_t amount) { value_.fetch_add(amount, std::memory_order_relaxed); }
  std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  friend class server::SharedValues;
  std::atomic<std::int64_t> value_{0};
};

/// A topic: what is published reaches every subscriber of this process, in order per publisher;
/// while a handover runs it reaches the subscribers of the other generation too, once.
class Bus {
 public:
  using Subscriber = std::function<void(std::string_view message)>;

  /// Called for each message, on the thread that publishes or receives it; at set-up only. It must
  /// not wait. What it publishes here itself follows when all have got this message.
  void subscribe(Subscriber subscriber);
  /// At most 64 KiB; false if longer. Any thread.
  bool publish(std::string_view message);

 private:
  friend class server::SharedValues;
  void deliver(std::string_view message);
  void receive(std::uint64_t publisher, std::uint64_t sequence, std::string_view message);

  std::string name_;
  std::vector<Subscriber> subscribers_;
  std::recursive_mutex mutex_;       // orders messages and guards what follows; subscribers publish
  std::deque<std::string> waiting_;  // to be delivered
  bool delivering_ = false;
  std::uint64_t publisher_ = 0;                      // who publishes here: this generation
  std::uint64_t sequence_ = 0;                       // of this generation's messages
  std::map<std::uint64_t, std::uint64_t> received_;  // last sequence per other publisher
  std::function<void(std::string_view)> forward_;    // to the other generation, while both serve
};

/// The part of Owned that knows no T. Not for use by services.
class OwnedBase {
 public:
  explicit OwnedBase(std::string name) : name_(std::move(name)) {}
  virtual ~OwnedBase() = default;
  OwnedBase(const OwnedBase&) = delete;
  OwnedBase& operator=(const OwnedBase&) = delete;

 protected:
  /// Runs operation `name` on the value, here or in the successor, and gives its encoded result.
  Result<std::string> perform(const std::string& name, const std::string& argument);

  std::mutex mutex_;
  std::map<std::string, std::function<Result<std::string>(std::string_view)>> operations_;

 private:
  friend class server::SharedValues;
  virtual std::string save() const = 0;
  virtual Result<void> load(std::string_view bytes) = 0;
  virtual std::uint32_t version() const = 0;
  virtual std::uint64_t fingerprint() const = 0;

  std::string name_;
  bool moved_ = false;  // guarded by mutex_: the successor has the value
  std::function<Result<std::string>(const std::string&, const std::string&)> call_through_;
};

/// A value of type T (described, see describe.hpp) with one owner at any time: this generation, or
/// after the PAUSE of a handover its successor. Handlers use it by named operations, so that those
/// which still run in the predecessor can be carried out in the successor.
template <class T>
class Owned final : public OwnedBase {
 public:
  Owned(std::string name, T initial) : OwnedBase(std::move(name)), value_(std::move(initial)) {}

  /// Defines an operation, at set-up: `R f(T&, const A&)`, with A and R described (describe.hpp;
  /// for a number, a struct of one member). It runs under the value's lock: it must not wait.
  template <class A, class F>
  void operation(std::string name, F function) {
    using R = std::invoke_result_t<F&, T&, const A&>;
    operations_[std::move(name)] = [this, function = std::move(function)](
                                       std::string_view bytes) mutable -> Result<std::string> {
      auto argument = decode<A>(bytes);
      if (!argument) return argument.error();
      std::string out;
      encode<R>(function(value_, *argument), out);
      return out;
    };
  }
  /// Runs an operation and gives its result. Any handler; may wait while a handover runs.
  /// Errors: `not_found` for an unknown operation, `unavailable` if the owner is gone.
  template <class R, class A>
  Result<R> call(const std::string& name, const A& argument) {
    std::string bytes;
    encode<A>(argument, bytes);
    auto answer = perform(name, bytes);
    if (!answer) return answer.error();
    return decode<R>(*answer);
  }

 private:
  std::string save() const override {
    std::string out;
    encode<T>(value_, out);
    return out;
  }
  Result<void> load(std::string_view bytes) override {
    auto value = decode<T>(bytes);
    if (!value) return value.error();
    value_ = std::move(*value);
    return {};
  }
  std::uint32_t version() const override { return segue::schema<T>().version; }
  std::uint64_t fingerprint() const override { return segue::fingerprint<T>(); }

  T value_;
};

}  // namespace segue
