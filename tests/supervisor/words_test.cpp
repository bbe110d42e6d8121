// The last words of a worker.
#include "supervisor/words.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace segue::supervisor {
namespace {

class Spoken : public testing::Test {
 protected:
  Spoken() {
    loop_ = std::move(*loop::Loop::create(os::real()));
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    words_ = std::make_unique<Words>(*loop_, os::Fd(ends[0]));
    worker_ = os::Fd(ends[1]);
  }
  void write(const std::string& text) {
    EXPECT_EQ(::write(worker_.get(), text.data(), text.size()), ssize_t(text.size()));
    for (int i = 0; i < 4; ++i) loop_->turn(1);
  }
  std::unique_ptr<loop::Loop> loop_;
  std::unique_ptr<Words> words_;
  os::Fd worker_;
};

TEST_F(Spoken, are_passed_on_and_kept_on_one_line) {
  testing::internal::CaptureStderr();
  write("first\nsecond\n");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "first\nsecond\n");
  EXPECT_EQ(words_->last(), "first | second");
}

TEST_F(Spoken, keep_their_end_if_they_are_many) {
  testing::internal::CaptureStderr();
  std::string text(3'000, 'a');
  text += "the end";
  write(text);
  testing::internal::GetCapturedStderr();
  EXPECT_EQ(words_->last().size(), words_bytes_max);
  EXPECT_TRUE(words_->last().ends_with("the end"));
}

TEST_F(Spoken, are_not_kept_once_it_is_ready) {
  testing::internal::CaptureStderr();
  write("starting\n");
  words_->forget();
  write("serving\n");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "starting\nserving\n");
  EXPECT_EQ(words_->last(), "");
}

TEST_F(Spoken, are_read_to_their_end_when_it_has_exited) {
  testing::internal::CaptureStderr();
  const std::string text = "one more thing";
  EXPECT_EQ(::write(worker_.get(), text.data(), text.size()), ssize_t(text.size()));
  worker_.reset();
  words_->drain();
  testing::internal::GetCapturedStderr();
  EXPECT_EQ(words_->last(), text);
}

TEST_F(Spoken, that_nobody_reads_stay_in_the_pipe_and_block_nobody) {
  int full[2];
  ASSERT_EQ(::pipe2(full, O_CLOEXEC | O_NONBLOCK), 0);
  const os::Fd reader(full[0]);
  const std::string block(4096, 'x');
  while (::write(full[1], block.data(), block.size()) > 0) {
  }
  const os::Fd own(::dup(STDERR_FILENO));
  ::dup2(full[1], STDERR_FILENO);
  ::close(full[1]);
  write("unheard");
  const bool took_more = standard_error_takes_more();
  ::dup2(own.get(), STDERR_FILENO);
  EXPECT_FALSE(took_more);
  EXPECT_EQ(words_->last(), "") << "still in the pipe";
}

}  // namespace
}  // namespace segue::supervisor
