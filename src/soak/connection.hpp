// One connection of the load: a socket, the requests outstanding on it, and how each of them ends.
// Not for deciding what is sent when: that is runner.hpp.
#pragma once

#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http1/response_reader.hpp"
#include "loop/loop.hpp"
#include "os/fd.hpp"
#include "soak/answer_check.hpp"
#include "soak/ledger.hpp"
#include "soak/options.hpp"
#include "soak/request_maker.hpp"

namespace segue::soak {

/// What the connections of one thread share. Loop thread only.
struct Bench {
  Bench(const os::Os& system, loop::Loop& its_loop, const Options& all, std::uint8_t thread);

  const os::Os& os;
  loop::Loop& loop;
  const Options& options;
  Totals totals;
  Ledger ledger;
  RequestMaker maker;
  AnswerCheck check;
  std::mt19937_64 random;
  std::vector<char> input;   // where every connection receives
  http1::Response response;  // what every connection reads its answers into
  const Limits limits;       // of answers
  std::int64_t started_ns;

  /// Notes what went wrong, with the time since the start, for the report.
  void note(std::string_view kind, std::string_view what);
};

/// A connection that is made when it has something to send, and again after it was lost.
///
///   closed ------ send(): connect() ------> connecting, or open at once
///   connecting -- writable, no error -----> open
///   connecting -- error ------------------> closed (refused)
///   open -------- any other Loss ---------> closed
///
/// What is outstanding when it is lost ends by `outcome_of(loss)`; nothing is sent again.
class Connection final : public loop::Watcher {
 public:
  /// Whom a connection tells what became of it. No call of `send` from within.
  class Owner {
   public:
    /// All that was outstanding has ended. It may be open or closed.
    virtual void on_free(Connection& connection) = 0;
    /// It was lost while nothing was outstanding.
    virtual void on_dropped(Connection& connection) = 0;
    /// A split request is not whole yet: call `send_next_piece` in later turns until it says false.
    virtual void on_piece_left(Connection& connection) = 0;

   protected:
    ~Owner() = default;
  };

  struct Place {
    Kind kind = Kind::keepalive;
    std::uint32_t number = 0;  ///< Chooses its target and its source address.
  };

  Connection(Bench& bench, Owner& owner, Place place);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  /// Sends requests, all at a time. Nothing may be outstanding.
  void send(std::span<const Ticket> tickets);
  /// Sends the next piece of a split request; false if there is no more to send for now.
  bool send_next_piece();
  /// Ends what is outstanding if the oldest was due before `due_ns`.
  void expire(std::int64_t due_ns);
  /// Closes it, as its work is done.
  void finish();

  bool busy() const { return !outstanding_.empty(); }
  bool open() const { return phase_ != Phase::closed; }
  const Place& place() const { return place_; }
  /// For the owner's use: which step of its life an idle connection is in.
  std::uint8_t stage = 0;

  void on_ready(std::uint32_t events) override;

 private:
  enum class Phase : std::uint8_t { closed, connecting, open };

  void connect();
  void on_connected();
  void flush();
  void receive(bool to_the_end);
  bool take(std::string_view bytes);
  bool read_answer(std::string_view& input);
  bool settle(const Answer& answer);
  void on_end_of_stream();
  void lose(Loss loss);
  bool send_piece();
  std::size_t target() const { return place_.number % bench_.options.targets.size(); }

  Bench& bench_;
  Owner& owner_;
  Place place_;
  Phase phase_ = Phase::closed;
  bool piece_left_ = false;  // the owner knows that it is to call send_next_piece
  os::Fd fd_;
  std::vector<Ticket> outstanding_;  // in the order of sending
  std::string out_;                  // bytes of requests not sent yet
  std::size_t sent_ = 0;             // of out_
  std::string in_;                   // bytes of an answer that is not complete
  http1::ResponseState reading_;
};

}  // namespace segue::soak
