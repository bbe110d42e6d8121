// Shared values over a handover: counters merge, buses reach both sides once, an owned value has
// one owner, and what a foreign generation says is checked.
#include "server/shared_values.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <functional>

#include "base/codec.hpp"
#include "loop/loop.hpp"
#include "os/os.hpp"
#include "segue/shared.hpp"

namespace segue::server {
namespace {

using handover::SharedValue;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

struct Stock {
  std::int64_t left = 0;
};
/// A value whose author has changed it, and said so.
struct Shelf {
  static constexpr std::uint32_t schema_version = 3;
  std::int64_t boards = 0;
};
struct Amount {
  std::int64_t units = 0;
};

/// A generation's values, and the notes that it has sent and nobody has read.
struct Side {
  explicit Side(std::uint64_t generation) {
    values.bus("news").subscribe([this](std::string_view text) { news.emplace_back(text); });
    owned =
        static_cast<Owned<Stock>*>(&values.add(std::make_unique<Owned<Stock>>("stock", Stock{10})));
    owned->operation<Amount>("take", [](Stock& stock, const Amount& amount) {
      return Stock{stock.left -= amount.units};
    });
    values.set_generation(generation);
    values.connect([this](std::string note) {
      notes.push_back(std::move(note));
      return true;
    });
  }
  void hear(Side& other) {
    while (!other.notes.empty()) {
      const std::string note = other.notes.front();
      other.notes.pop_front();
      values.on_note(note);
    }
  }
  Result<Stock> take(std::int64_t amount) const {
    return owned->call<Stock>("take", Amount{amount});
  }
  std::int64_t left_after(std::int64_t amount) const {
    const auto stock = take(amount);
    return stock ? stock->left : -1;
  }

  SharedValues values;
  Counter& hits = values.counter("hits");
  Bus& bus = values.bus("news");
  Owned<Stock>* owned = nullptr;
  std::vector<std::string> news;
  std::deque<std::string> notes;
};

class SharedValuesTest : public ::testing::Test {
 protected:
  /// Runs `job` on a fiber of the loop, until it waits.
  void on_fiber(std::function<void()> job) {
    job_ = std::move(job);
    loop->post([this] {
      (void)loop->fibers().start(
          [](void* the_job) { (*static_cast<std::function<void()>*>(the_job))(); }, &job_);
    });
    loop->turn(0);
  }
  void hand_over() { ASSERT_TRUE(two.values.load(one.values.save())); }

  std::unique_ptr<loop::Loop> loop = *loop::Loop::create(os::real());
  Side one{1};
  Side two{2};

 private:
  std::function<void()> job_;
};

TEST_F(SharedValuesTest, a_name_is_one_value) {
  one.values.counter("hits").add(2);
  EXPECT_EQ(one.hits.value(), 2);
  EXPECT_EQ(&one.values.bus("news"), &one.bus);
}

TEST_F(SharedValuesTest, the_schemas_name_every_value_and_its_kind) {
  std::vector<std::string> names;
  for (const auto& entry : one.values.schemas()) names.push_back(entry.name);
  EXPECT_THAT(names, ElementsAre("shared:counter:hits", "shared:bus:news", "shared:owned:stock"));
  EXPECT_EQ(one.values.schemas().back().fingerprint, fingerprint<Stock>());
}

TEST_F(SharedValuesTest, the_schema_of_an_owned_value_has_the_version_that_its_type_says) {
  EXPECT_EQ(one.values.schemas().back().version, 1u);
  one.values.add(std::make_unique<Owned<Shelf>>("zz", Shelf{}));
  EXPECT_EQ(one.values.schemas().back().version, 3u);
}

TEST_F(SharedValuesTest, a_counter_starts_from_its_predecessor_and_gets_what_that_still_adds) {
  one.hits.add(5);
  hand_over();
  EXPECT_EQ(two.hits.value(), 5);
  one.hits.add(3);
  two.hits.add(100);
  one.values.forward_counters();
  two.hear(one);
  EXPECT_EQ(two.hits.value(), 108);
  one.hits.add(-1);
  one.values.forward_counters();
  two.hear(one);
  EXPECT_EQ(two.hits.value(), 107) << "only what is new";
}

TEST_F(SharedValuesTest, a_gain_that_could_not_be_sent_is_sent_later) {
  hand_over();
  one.hits.add(3);
  one.values.connect([](std::string) { return false; });
  one.values.forward_counters();
  one.values.connect([this](std::string note) {
    one.notes.push_back(std::move(note));
    return true;
  });
  one.values.forward_counters();
  one.values.forward_counters();
  two.hear(one);
  EXPECT_EQ(two.hits.value(), 3);
}

TEST_F(SharedValuesTest, counters_that_have_not_moved_are_not_forwarded) {
  one.hits.add(5);
  one.values.forward_counters();
  EXPECT_TRUE(one.notes.empty());
}

TEST_F(SharedValuesTest, after_a_rollback_a_counter_has_the_gains_of_both) {
  one.hits.add(5);
  hand_over();
  one.hits.add(1);
  two.hits.add(10);
  ASSERT_TRUE(one.values.load(two.values.save()));
  EXPECT_EQ(one.hits.value(), 16);
}

TEST_F(SharedValuesTest, taken_back_counters_are_what_they_are_and_are_not_forwarded) {
  hand_over();
  one.hits.add(2);
  one.values.take_back();
  one.values.forward_counters();
  EXPECT_TRUE(one.notes.empty());
  EXPECT_EQ(one.hits.value(), 2);
}

TEST_F(SharedValuesTest, what_is_published_reaches_both_generations_once_and_in_order) {
  EXPECT_TRUE(one.bus.publish("a"));
  EXPECT_TRUE(one.bus.publish("b"));
  const auto sent = one.notes;
  two.hear(one);
  for (const auto& note : sent) two.values.on_note(note);  // again
  one.hear(two);
  EXPECT_THAT(one.news, ElementsAre("a", "b"));
  EXPECT_THAT(two.news, ElementsAre("a", "b"));
}

TEST_F(SharedValuesTest, a_message_that_comes_back_to_its_publisher_is_not_delivered_again) {
  one.bus.publish("a");
  one.values.on_note(one.notes.front());
  EXPECT_THAT(one.news, ElementsAre("a"));
}

TEST_F(SharedValuesTest, the_successor_takes_nothing_from_before_the_pause) {
  one.bus.publish("old");
  const std::string old = one.notes.front();
  hand_over();
  two.values.on_note(old);
  EXPECT_TRUE(two.news.empty());
  one.notes.clear();
  one.bus.publish("new");
  two.hear(one);
  EXPECT_THAT(two.news, ElementsAre("new"));
}

TEST_F(SharedValuesTest, what_a_subscriber_publishes_follows_when_all_have_got_the_message) {
  std::vector<std::string> second;
  Bus& bus = one.values.bus("replies");
  bus.subscribe([&](std::string_view text) {
    if (text == "question") bus.publish("answer");
  });
  bus.subscribe([&](std::string_view text) { second.emplace_back(text); });
  EXPECT_TRUE(bus.publish("question"));
  EXPECT_THAT(second, ElementsAre("question", "answer"));
}

TEST_F(SharedValuesTest, a_subscriber_that_throws_leaves_the_bus_usable) {
  bool thrown = false;
  Bus& bus = one.values.bus("news");
  bus.subscribe([&](std::string_view) {
    if (!std::exchange(thrown, true)) throw std::runtime_error("no");
  });
  EXPECT_THROW(bus.publish("a"), std::runtime_error);
  EXPECT_TRUE(bus.publish("b"));
  EXPECT_THAT(one.news, ElementsAre("a", "b"));
}

TEST_F(SharedValuesTest, a_message_longer_than_64_KiB_is_refused) {
  EXPECT_TRUE(one.bus.publish(std::string(64 * 1024, 'x')));
  EXPECT_FALSE(one.bus.publish(std::string(64 * 1024 + 1, 'x')));
  EXPECT_EQ(one.news.size(), 1u);
  EXPECT_EQ(one.notes.size(), 1u);
}

TEST_F(SharedValuesTest, an_owned_value_moves_and_the_predecessor_calls_through) {
  EXPECT_EQ(one.left_after(1), 9);
  hand_over();
  EXPECT_EQ(two.left_after(2), 7);
  std::int64_t got = 0;
  on_fiber([&] { got = one.left_after(3); });
  EXPECT_EQ(got, 0) << "it waits for the answer";
  two.hear(one);
  one.hear(two);
  loop->turn(0);
  EXPECT_EQ(got, 4);
  EXPECT_EQ(two.left_after(0), 4);
}

TEST_F(SharedValuesTest, an_unknown_operation_is_an_error_that_names_it_here_and_across) {
  const auto here = one.owned->call<Stock>("mislay", Amount{1});
  ASSERT_FALSE(here);
  EXPECT_EQ(here.error().code, ErrorCode::not_found);
  EXPECT_THAT(here.error().message, HasSubstr("stock has no operation mislay"));
  hand_over();
  std::string told;
  on_fiber([&] { told = one.owned->call<Stock>("mislay", Amount{1}).error().message; });
  two.hear(one);
  one.hear(two);
  loop->turn(0);
  EXPECT_THAT(told, HasSubstr("stock has no operation mislay"));
}

TEST_F(SharedValuesTest, a_call_ends_unavailable_when_the_owner_goes) {
  hand_over();
  ErrorCode code{};
  on_fiber([&] { code = one.take(1).error().code; });
  one.values.connect({});
  loop->turn(0);
  EXPECT_EQ(code, ErrorCode::unavailable);
  code = {};
  on_fiber([&] { code = one.take(1).error().code; });
  EXPECT_EQ(code, ErrorCode::unavailable) << "at once: there is nobody to ask";
}

TEST_F(SharedValuesTest, a_call_outside_of_a_loop_cannot_wait_and_says_so) {
  hand_over();
  EXPECT_EQ(one.take(1).error().code, ErrorCode::unavailable);
  EXPECT_TRUE(one.notes.empty());
}

TEST_F(SharedValuesTest, taken_back_an_owned_value_is_as_it_was_at_the_pause) {
  EXPECT_TRUE(one.take(1));
  hand_over();
  EXPECT_TRUE(two.take(5));
  one.values.take_back();
  EXPECT_EQ(one.left_after(0), 9);
}

TEST_F(SharedValuesTest, a_value_that_cannot_be_read_is_left_as_it_was_and_named) {
  using Kind = SharedValue::Kind;
  std::string seven;
  base::append_varint(seven, base::zigzag(7));
  one.hits.add(1);
  const auto loaded = one.values.load({{"stock", Kind::owned, "\xff\xff"},
                                       {"hits", Kind::counter, "\xff"},
                                       {"news", Kind::bus, ""},
                                       {"unknown", Kind::counter, seven}});
  ASSERT_FALSE(loaded);
  for (const char* name : {"stock", "hits", "news"}) {
    EXPECT_THAT(loaded.error().message, HasSubstr(name));
  }
  EXPECT_THAT(loaded.error().message, Not(HasSubstr("unknown")));
  EXPECT_EQ(one.left_after(0), 10);
  EXPECT_EQ(one.hits.value(), 1);
  ASSERT_TRUE(one.values.load({{"hits", Kind::counter, seven}}));
  EXPECT_EQ(one.hits.value(), 7) << "what can be read is loaded";
}

TEST_F(SharedValuesTest, hostile_notes_are_ignored) {
  std::vector<std::string> notes = {"", "\xff", std::string(100, '\0'), "\x01\x01\x09"};
  for (std::uint64_t kind = 0; kind < 6; ++kind) {
    std::string note;
    base::Writer writer(note);
    writer.number(1, kind);
    writer.bytes(2, "nobody");
    writer.signed_number(3, -5);
    notes.push_back(note);
    notes.push_back(note.substr(0, note.size() - 1));
  }
  for (const auto& note : notes) one.values.on_note(note);
  EXPECT_EQ(one.hits.value(), 0);
  EXPECT_TRUE(one.news.empty());
  EXPECT_EQ(one.left_after(0), 10);
  EXPECT_EQ(one.notes.size(), 1u) << "only the call of an unknown value is answered: an error";
}

TEST_F(SharedValuesTest, an_answer_that_nobody_waits_for_is_ignored) {
  hand_over();
  std::int64_t got = 0;
  on_fiber([&] { got = one.left_after(3); });
  std::string stray;
  base::Writer writer(stray);
  writer.number(1, 4);   // an answer
  writer.number(5, 99);  // to a call that was never made
  writer.bytes(4, "");
  one.values.on_note(stray);
  loop->turn(0);
  EXPECT_EQ(got, 0);
  two.hear(one);
  one.hear(two);
  loop->turn(0);
  EXPECT_EQ(got, 7);
}

}  // namespace
}  // namespace segue::server
