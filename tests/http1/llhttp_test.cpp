// Over all transcripts and conformance cases: what Segue accepts, llhttp accepts as the same
// request.
#include <gtest/gtest.h>

#include <iostream>

#include "conformance.hpp"
#include "transcript.hpp"
#ifdef SEGUE_HAS_LLHTTP
#include "llhttp_oracle.hpp"
#endif

namespace segue::http1 {
namespace {

#ifdef SEGUE_HAS_LLHTTP

TEST(Llhttp, accepts_as_the_same_request_what_segue_accepts) {
  std::size_t compared = 0;
  for (const Transcript& transcript : all_transcripts()) {
    EXPECT_EQ(first_disagreement(transcript.in, &compared), "") << transcript.place;
  }
  for (const char* const file : {"llhttp.jsonl", "pico.jsonl"}) {
    for (const ConformanceCase& one : conformance_cases(file)) {
      EXPECT_EQ(first_disagreement(one.bytes, &compared), "") << one.id;
    }
  }
  std::cout << compared << " requests compared\n";
  EXPECT_GE(compared, 50u);  // of the transcripts alone
}

TEST(Llhttp, control_a_request_that_was_read_differently_is_a_disagreement) {
  constexpr std::string_view bytes = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  ReaderState state;
  http::Request request;
  ASSERT_EQ(read_request(state, bytes, request, {}).kind, ReadStep::Kind::request);
  EXPECT_EQ(disagreement(bytes, request), "");
  request.content = "smuggled";
  EXPECT_NE(disagreement(bytes, request), "");
}

#else

TEST(Llhttp, accepts_as_the_same_request_what_segue_accepts) {
  std::cout << "passed over: llhttp is not installed (Debian: node-llhttp)\n";
}

#endif

}  // namespace
}  // namespace segue::http1
