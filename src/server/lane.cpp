// Bookkeeping of a loop thread's sessions.
#include "server/lane.hpp"

#include "http/date.hpp"
#include "server/departure.hpp"
#include "server/exchange.hpp"

namespace segue::server {
namespace {

constexpr std::size_t out_kept_max = 256 * 1024;
constexpr std::size_t exchanges_kept_max = 64;

}  // namespace

Lane::Lane(loop::Loop& loop, const Engine& engine, std::uint32_t index)
    : loop_(loop), engine_(engine), index_(index) {}

Lane::~Lane() {
  // What is still here belongs to nobody any more: the process ends. Descriptors close without
  // shutdown, since another generation may hold the same connections.
  for (SessionList* list : {&live_, &staying_}) {
    while (Session* session = list->first()) {
      list->remove(*session);
      const std::unique_ptr<Session> last(session);
    }
  }
}

// --- Listeners ----------------------------------------------------------------------------------

void Lane::add_listener(Listener listener) {
  acceptors_.push_back(
      std::make_unique<Acceptor>(*this, std::move(listener.fd), listener.proxy_protocol));
}
void Lane::start_accepting() {
  for (auto& acceptor : acceptors_) acceptor->start();
}
void Lane::stop_accepting() {
  for (auto& acceptor : acceptors_) acceptor->stop();
}

void Lane::accepted(os::Fd fd, const os::Remote& remote, bool proxy_protocol) {
  connection::ConnectionState state;
  state.peer = peer_of(remote);
  if (proxy_protocol) state.phase = connection::Phase::proxy_header;
  count_.accepted.fetch_add(1, std::memory_order_relaxed);
  Session& session = make(std::move(fd), std::move(state));
  serve(session, live_);
  session.start();
}

// --- Sessions -----------------------------------------------------------------------------------

Session& Lane::make(os::Fd fd, connection::ConnectionState state) {
  return *std::make_unique<Session>(*this, std::move(fd), std::move(state)).release();
}

void Lane::serve(Session& session, SessionList& list) {
  leave(session);
  list.add(session);
  count_.connections.fetch_add(1, std::memory_order_relaxed);
}

void Lane::leave(Session& session) {
  SessionList* list = SessionList::of(session);
  if (list == nullptr) return;
  list->remove(session);
  count_.connections.fetch_sub(1, std::memory_order_relaxed);
}

void Lane::forget(Session& session) {
  leave(session);
  gone_.emplace_back(&session);
  if (!sweeping_gone_) {
    sweeping_gone_ = true;
    loop_.defer([this] {
      sweeping_gone_ = false;
      gone_.clear();
      check_empty();
    });
  }
}

void Lane::set_departure(Departure* departure) {
  departure_ = departure;
  if (departure != nullptr) return;
  while (Session* session = staying_.first()) {
    session->announce_close(false);
    serve(*session, live_);
  }
  // What had arrived and was left for the successor is answered here after all.
  loop_.defer([this] {
    if (!moving()) for_each_served([](Session& session) { session.go_on_with_input(); });
  });
}

void Lane::became_movable(Session& session) {
  if (departure_ != nullptr) departure_->became_movable(session);
}

void Lane::moves_first(Session& session) {
  if (SessionList::of(session) != &live_) return;
  live_.remove(session);
  live_.add_first(session);
}

// --- Stopping -----------------------------------------------------------------------------------

void Lane::wind_down() {
  stopping_ = true;
  for_each_served([](Session& session) { session.wind_down(); });
  check_empty();
}

void Lane::cut() {
  loop_.fibers().cancel_all();
  for_each_served([](Session& session) { session.end(); });
  check_empty();
}

void Lane::for_each_served(const std::function<void(Session&)>& visit) {
  for (SessionList* list : {&live_, &staying_}) {
    for (Session* session = list->first(); session != nullptr;) {
      Session* next = SessionList::next(*session);  // `visit` may end the session
      visit(*session);
      session = next;
    }
  }
}

void Lane::on_empty(std::function<void()> told) {
  told_empty_ = std::move(told);
  check_empty();
}

void Lane::check_empty() {
  if (departure_ != nullptr) departure_->lane_changed();
  if (live_.empty() && staying_.empty() && told_empty_) told_empty_();
}

// --- Shared by the sessions
// -----------------------------------------------------------------------

void Lane::trim_out() {
  if (out_.capacity() > out_kept_max) std::string().swap(out_);
}

std::string_view Lane::date() {
  if (loop_.now_ns() >= date_until_ns_) {
    date_ = http::date_line(os().realtime_s());
    date_until_ns_ = loop_.now_ns() + 1'000'000'000;
  }
  return date_;
}

Exchange& Lane::take_exchange() {
  if (free_exchanges_.empty()) {
    exchanges_.push_back(std::make_unique<Exchange>(engine_));
    return *exchanges_.back();
  }
  Exchange& exchange = *free_exchanges_.back();
  free_exchanges_.pop_back();
  return exchange;
}

void Lane::give_back(Exchange& exchange) {
  if (free_exchanges_.size() < exchanges_kept_max) {
    free_exchanges_.push_back(&exchange);
    return;
  }
  std::erase_if(exchanges_, [&exchange](const auto& each) { return each.get() == &exchange; });
}

connection::Peer peer_of(const os::Remote& remote) {
  using Family = connection::Peer::Family;
  connection::Peer peer{Family::unknown, remote.port, remote.address};
  switch (remote.family) {
    case os::Remote::Family::unknown:
      break;
    case os::Remote::Family::ipv4:
      peer.family = Family::ipv4;
      break;
    case os::Remote::Family::ipv6:
      peer.family = Family::ipv6;
      break;
    case os::Remote::Family::unix_socket:
      peer.family = Family::unix_socket;
      break;
  }
  return peer;
}

}  // namespace segue::server
