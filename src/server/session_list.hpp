// Sessions in a row, each in at most one list. Does not own them: their lane does.
#pragma once

#include <cstddef>

#include "server/session.hpp"

namespace segue::server {

class SessionList {
 public:
  bool empty() const { return first_ == nullptr; }
  std::size_t size() const { return size_; }
  Session* first() const { return first_; }
  static Session* next(const Session& session) { return session.next_; }
  static SessionList* of(const Session& session) { return session.list_; }

  void add(Session& session) {
    session.list_ = this;
    session.prev_ = last_;
    session.next_ = nullptr;
    (last_ != nullptr ? last_->next_ : first_) = &session;
    last_ = &session;
    ++size_;
  }
  void add_first(Session& session) {
    session.list_ = this;
    session.prev_ = nullptr;
    session.next_ = first_;
    (first_ != nullptr ? first_->prev_ : last_) = &session;
    first_ = &session;
    ++size_;
  }
  void remove(Session& session) {
    (session.prev_ != nullptr ? session.prev_->next_ : first_) = session.next_;
    (session.next_ != nullptr ? session.next_->prev_ : last_) = session.prev_;
    session.prev_ = session.next_ = nullptr;
    session.list_ = nullptr;
    --size_;
  }

 private:
  Session* first_ = nullptr;
  Session* last_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace segue::server
