// Work on the pool: the fiber waits, the loop goes on, results and exceptions come back.
#include "loop/offload.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>

#include "loop/loop.hpp"

namespace segue::loop {
namespace {

using Started = Fibers::Started;

Started start(Loop& loop, std::function<void()>& job) {
  return loop.fibers().start([](void* it) { (*static_cast<std::function<void()>*>(it))(); }, &job);
}

void run_on_fiber(Loop& loop, std::function<void()> job) {
  std::function<void()> whole = [&] {
    job();
    loop.stop();
  };
  loop.post([&] { start(loop, whole); });
  loop.run();
}

std::unique_ptr<Loop> make_loop() { return *Loop::create(os::real()); }

TEST(Offload, a_job_runs_on_another_thread_and_its_value_comes_back) {
  const auto loop = make_loop();
  OffloadPool pool;
  EXPECT_GE(pool.threads(), 2u);
  run_on_fiber(*loop, [&] {
    const auto here = std::this_thread::get_id();
    const auto there = pool.run([] { return std::this_thread::get_id(); });
    ASSERT_TRUE(there);
    EXPECT_NE(*there, here);
    EXPECT_EQ(std::this_thread::get_id(), here);
    std::string text;
    EXPECT_TRUE(pool.run([&] { text = "by reference"; }));
    EXPECT_EQ(text, "by reference");
  });
}

TEST(Offload, the_loop_goes_on_while_a_job_runs) {
  const auto loop = make_loop();
  OffloadPool pool({.threads = 1});
  std::promise<void> release;
  run_on_fiber(*loop, [&] {
    loop->post([&] { release.set_value(); });  // only a loop that turns lets the job end
    EXPECT_TRUE(pool.run([&] { release.get_future().wait(); }));
  });
}

TEST(Offload, an_exception_of_the_job_comes_out_in_the_fiber) {
  const auto loop = make_loop();
  OffloadPool pool({.threads = 1});
  run_on_fiber(*loop, [&] {
    std::string message;
    try {
      (void)pool.run([]() -> int { throw std::runtime_error("no such row"); });
    } catch (const std::runtime_error& error) {
      message = error.what();
    }
    EXPECT_EQ(message, "no such row");
    EXPECT_EQ(*pool.run([] { return 7; }), 7);  // the thread lives on
  });
}

TEST(Offload, off_a_fiber_it_runs_right_here) {
  OffloadPool pool({.threads = 1});
  EXPECT_EQ(*pool.run([] { return std::this_thread::get_id(); }), std::this_thread::get_id());
  EXPECT_THROW((void)pool.run([] { throw 7; }), int);
}

// One thread, held by a job until release(); so that later jobs stay in the queue.
class Held {
 public:
  Held() {
    job_ = [this] {
      (void)pool.run([this] {
        running_.set_value();
        release_.get_future().wait();
      });
    };
    loop->post([this] { start(*loop, job_); });
    loop->turn(-1);
    running_.get_future().wait();
  }
  void release() { release_.set_value(); }

  // No stack is kept, so that whoever looks for a fiber that has ended is caught.
  std::unique_ptr<Loop> loop = *Loop::create(os::real(), {.pooled_max = 0});
  OffloadPool pool{{.threads = 1, .queue_max = 2}};

 private:
  std::promise<void> running_;
  std::promise<void> release_;
  std::function<void()> job_;
};

TEST(Offload, a_full_queue_is_an_error_and_the_job_does_not_run) {
  Held held;
  bool ran = false;
  int queued = 0;
  std::function<void()> waits = [&] { EXPECT_TRUE(held.pool.run([&] { ++queued; })); };
  std::function<void()> refused = [&] {
    const auto result = held.pool.run([&] { ran = true; });
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::unavailable);
    EXPECT_EQ(result.error().message,
              "cannot offload: 2 jobs wait already; raise OffloadOptions::queue_max or threads");
  };
  held.loop->post([&] {
    EXPECT_EQ(start(*held.loop, waits), Started::waiting);
    EXPECT_EQ(start(*held.loop, waits), Started::waiting);
    EXPECT_EQ(start(*held.loop, refused), Started::finished);
  });
  held.loop->turn(-1);
  held.release();
  while (held.loop->fibers().waiting() != 0) held.loop->turn(-1);
  EXPECT_EQ(queued, 2);
  EXPECT_FALSE(ran);
}

TEST(Offload, a_cancelled_wait_still_lasts_until_the_job_has_ended) {
  Held held;
  bool ended = false;
  std::function<void()> job = [&] {
    int local = 0;
    EXPECT_TRUE(held.pool.run([&local] { local = 7; }));
    EXPECT_EQ(local, 7);
    ended = true;
  };
  held.loop->post([&] { start(*held.loop, job); });
  held.loop->turn(-1);
  std::thread releases([&] { held.release(); });
  held.loop->fibers().cancel_all();
  EXPECT_TRUE(ended);
  EXPECT_EQ(held.loop->fibers().waiting(), 0u);
  releases.join();
  held.loop->turn(0);  // the wake-ups that come too late find nobody
}

TEST(Offload, many_fibers_of_two_loops_share_a_pool) {
  constexpr int each = 200;
  OffloadPool pool({.threads = 3});
  std::atomic<int> jobs = 0;
  const auto serve = [&] {
    auto loop = make_loop();
    int left = each;
    std::function<void()> job = [&] {
      const auto self = std::this_thread::get_id();
      EXPECT_TRUE(pool.run([&] { ++jobs; }));
      EXPECT_EQ(std::this_thread::get_id(), self);
      if (--left == 0) loop->stop();
    };
    loop->post([&] {
      for (int i = 0; i < each; ++i) start(*loop, job);
    });
    loop->run();
    return loop;  // outlives the pool's last use of it
  };
  auto other = std::async(std::launch::async, serve);
  const auto loop = serve();
  const auto other_loop = other.get();
  EXPECT_EQ(jobs, 2 * each);
}

TEST(Offload, the_pool_runs_what_is_queued_before_it_ends) {
  const auto loop = make_loop();
  int done = 0;
  std::function<void()> job;
  {
    OffloadPool pool({.threads = 1});
    job = [&] { (void)pool.run([&] { ++done; }); };
    loop->post([&] {
      for (int i = 0; i < 10; ++i) start(*loop, job);
    });
    loop->turn(-1);
  }
  EXPECT_EQ(done, 10);
  while (loop->fibers().waiting() != 0) loop->turn(-1);
}

}  // namespace
}  // namespace segue::loop
