// A connection being served: the resource (descriptor, timer, place in the lane) around the value
// (ConnectionState). One event at a time; belongs to its lane's thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include "connection/connection_state.hpp"
#include "handover/slots.hpp"
#include "loop/loop.hpp"
#include "loop/timer.hpp"
#include "os/fd.hpp"
#include "os/remote.hpp"

namespace segue::server {

class Exchange;
class Lane;
class SessionList;

class Session final : public loop::Watcher, public loop::Timer {
 public:
  Session(Lane& lane, os::Fd fd, connection::ConnectionState state);
  ~Session();

  /// Begins (or goes on with) I/O: watches the socket, arms the deadline, works off what the state
  /// already holds.
  void start();
  /// Stops I/O so that the state can travel; the state then says how long its deadline has left.
  void freeze();
  /// Ends the connection for the client too (shutdown), then forgets it.
  void end();
  /// Forgets the connection without a word to the client: somebody else has it.
  void abandon();
  /// The service stops: ends now if idle, else after what has been asked already.
  void wind_down();
  /// The connection cannot move: its next answer says `Connection: close`. False: normal again.
  void announce_close(bool announced) { winding_down_ = announced; }
  /// Works off what has arrived already, as it was left when the connection was to move. False if
  /// there is nothing, or it must wait.
  bool go_on_with_input();
  /// Back to an idle connection: its successor says that it was between messages.
  void become_idle();

  const connection::ConnectionState& state() const { return state_; }
  connection::ConnectionState& state() { return state_; }
  int fd() const { return fd_.get(); }
  std::uint64_t id() const { return id_; }
  /// A handler runs or waits, so the connection cannot move.
  bool busy() const { return exchange_ != nullptr; }

  /// Where the predecessor looks when this process dies on probation; null if nobody does.
  void set_slot(std::atomic<std::uint64_t>* slot, std::uint32_t number) {
    slot_ = slot;
    slot_number_ = number;
  }
  static constexpr std::uint32_t no_slot = 0xffffffff;
  /// The slot under which the predecessor knows this connection, or no_slot.
  std::uint32_t slot_number() const { return slot_number_; }

  // For the exchange that this session is answering ------------------------------------------
  void handler_ended_later();  ///< On the fiber: the chain that had waited has ended.
  void begin_stream(Exchange& x);
  bool stream(Exchange& x, std::string_view bytes);

 private:
  friend class SessionList;
  void on_ready(std::uint32_t events) override;
  void on_timer() override;

  void read();
  void process(Exchange& x, std::size_t from, std::size_t to);
  std::size_t take_proxy_header(Exchange& x, std::size_t from, std::size_t to);
  bool answer(Exchange& x);  // false: the handler waits
  void complete(Exchange& x);
  void go_on(Exchange& x);  // after a handler that had waited
  void refuse(int status, std::string_view text);
  void keep_unread(Exchange& x, std::size_t from, std::size_t to);
  bool keeps_alive(const Exchange& x) const;
  bool queue_has_room();
  void flush();                             // sends what it can, then decides what comes next
  void send_out();                          // sends what it can
  bool send_some(std::string_view& bytes);  // false: the connection is broken
  void after_output();
  void linger();
  void discard_input();
  void update_events();
  void update_deadline(std::size_t taken, bool anew);
  void arm(connection::Deadline deadline, std::chrono::milliseconds time);
  void give_up();
  void mark_busy();
  void tell_slot();

  Lane& lane_;
  connection::ConnectionState state_;
  Exchange* exchange_ = nullptr;  // while a handler runs
  std::atomic<std::uint64_t>* slot_ = nullptr;
  struct StreamWait;
  StreamWait* stream_wait_ = nullptr;  // a streaming handler that waits for the client
  SessionList* list_ = nullptr;        // the one it is in
  Session* prev_ = nullptr;
  Session* next_ = nullptr;
  std::uint64_t id_;
  os::Fd fd_;
  std::uint32_t slot_number_ = no_slot;
  std::uint32_t events_ = 0;     // watched for; 0: not watched
  std::uint32_t discarded_ = 0;  // bytes dropped while lingering
  bool winding_down_ = false;
  bool gone_ = false;    // ended or abandoned; deleted at the end of the turn
  bool broken_ = false;  // the client is gone while a handler still runs
};

}  // namespace segue::server
