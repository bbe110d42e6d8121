// Runs the transcripts of tests/spec, and the law over them: split or moved at any byte, a
// connection comes to the same.
#include <gtest/gtest.h>

#include <functional>
#include <iostream>

#include "transcript.hpp"

namespace segue::http1 {
namespace {

/// A failure per line of `wanted` that `outcome` does not have.
void expect_lines(const std::vector<std::string>& wanted, const Outcome& outcome) {
  std::vector<std::string> plain;
  std::size_t requests = 0;
  for (const std::string& line : wanted) {
    const std::size_t space = line.find(' ');
    const std::string word = line.substr(0, space);
    if (!is_detail(word)) {
      plain.push_back(line);
      if (line.ends_with(" keep") || line.ends_with(" close")) ++requests;
      continue;
    }
    const std::string rest = space == std::string::npos ? "" : line.substr(space + 1);
    ASSERT_LE(requests, outcome.requests.size());
    ASSERT_GT(requests, 0u);
    EXPECT_TRUE(holds(outcome.requests[requests - 1], word, rest)) << line;
  }
  EXPECT_EQ(lines_of(outcome), plain);
}

/// Byte by byte, moved after each of them.
Outcome feed_moved_everywhere(const Transcript& transcript) {
  Feeder feeder(transcript.limits);
  for (const char byte : transcript.in) {
    feeder.feed({&byte, 1});
    EXPECT_TRUE(feeder.error() != ReadError::none || feeder.move());
  }
  return feeder.outcome();
}

/// Places where a state that moved through `broken` comes to something else than it should.
std::size_t law_violations(const Transcript& transcript,
                           const std::function<void(ReaderState&)>& broken) {
  const Outcome whole = feed_whole(transcript.in, transcript.limits);
  std::size_t violations = 0;
  for (std::size_t at = 0; at <= transcript.in.size(); ++at) {
    bool moved = false;
    const Outcome outcome = feed_moved(transcript.in, at, moved, transcript.limits, broken);
    if (!moved || !(outcome == whole)) ++violations;
  }
  return violations;
}

TEST(Spec, the_transcripts_are_there) {
  const std::size_t count = all_transcripts().size();
  std::cout << count << " transcripts\n";
  EXPECT_GE(count, 140u);
}

TEST(Spec, every_transcript_comes_out_as_written) {
  for (const Transcript& transcript : all_transcripts()) {
    SCOPED_TRACE(transcript.place);
    expect_lines(transcript.out, feed_whole(transcript.in, transcript.limits));
  }
}

TEST(Spec, byte_by_byte_comes_to_the_same) {
  for (const Transcript& transcript : all_transcripts()) {
    SCOPED_TRACE(transcript.place);
    EXPECT_EQ(lines_of(feed_bytewise(transcript.in, transcript.limits)),
              lines_of(feed_whole(transcript.in, transcript.limits)));
  }
}

TEST(Spec, cut_in_two_at_any_byte_comes_to_the_same) {
  for (const Transcript& transcript : all_transcripts()) {
    const Outcome whole = feed_whole(transcript.in, transcript.limits);
    for (std::size_t at = 0; at <= transcript.in.size(); ++at) {
      SCOPED_TRACE(transcript.place + " cut at " + std::to_string(at));
      ASSERT_EQ(feed_split(transcript.in, at, transcript.limits), whole);
    }
  }
}

TEST(Spec, moved_at_any_byte_comes_to_the_same) {
  for (const Transcript& transcript : all_transcripts()) {
    SCOPED_TRACE(transcript.place);
    EXPECT_EQ(law_violations(transcript, {}), 0u);
    EXPECT_EQ(feed_moved_everywhere(transcript), feed_whole(transcript.in, transcript.limits));
  }
}

TEST(Spec, a_refusal_is_not_later_when_bytes_come_one_by_one) {
  for (const Transcript& transcript : all_transcripts()) {
    if (feed_whole(transcript.in, transcript.limits).error == ReadError::none) continue;
    SCOPED_TRACE(transcript.place);
    for (std::size_t size = 0; size < transcript.in.size(); ++size) {
      const std::string_view prefix = std::string_view(transcript.in).substr(0, size);
      ASSERT_EQ(feed_whole(prefix, transcript.limits).error,
                feed_bytewise(prefix, transcript.limits).error)
          << size;
    }
  }
}

// Controls: a mover that loses one part of the state must be caught by the law above.

struct Loss {
  const char* what;
  void (*lose)(ReaderState&);
};

class LosingMover : public testing::TestWithParam<Loss> {};

TEST_P(LosingMover, is_caught_by_the_law) {
  std::size_t violations = 0;
  for (const Transcript& transcript : all_transcripts()) {
    violations += law_violations(transcript, GetParam().lose);
  }
  EXPECT_GT(violations, 0u) << "nothing notices that a move loses " << GetParam().what;
}

INSTANTIATE_TEST_SUITE_P(
    Controls, LosingMover,
    testing::Values(Loss{"phase",
                         [](ReaderState& state) {
                           if (state.phase == Phase::chunk_end) state.phase = Phase::chunk_size;
                         }},
                    Loss{"blank_lines", [](ReaderState& state) { state.blank_lines = 0; }},
                    Loss{"left", [](ReaderState& state) { state.left -= state.left > 0 ? 1 : 0; }},
                    Loss{"content",
                         [](ReaderState& state) {
                           if (state.partial) state.partial->content.clear();
                         }},
                    Loss{"trailers",
                         [](ReaderState& state) {
                           if (state.partial) state.partial->trailers.clear();
                         }},
                    Loss{"trailer_count",
                         [](ReaderState& state) {
                           if (state.partial) state.partial->trailer_count = 0;
                         }},
                    Loss{"extension_bytes",
                         [](ReaderState& state) {
                           if (state.partial) state.partial->extension_bytes = 0;
                         }},
                    Loss{"head",
                         [](ReaderState& state) {
                           if (state.partial && state.partial->head.size() > 5)
                             state.partial->head[5] ^= 1;
                         }}),
    [](const auto& loss) { return std::string(loss.param.what); });

}  // namespace
}  // namespace segue::http1
