// Writes what the fuzzers start from, below the folder given: the transcripts of tests/spec, values
// of connections cut in the middle of them, and one of each message.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "connection/connection_state.hpp"
#include "server/envelope.hpp"
#include "supervisor/control.hpp"
#include "tests/http1/transcript.hpp"
#include "tests/supervisor/desk.hpp"
#include "tests/websocket/feed.hpp"

namespace {

namespace http1 = segue::http1;
namespace supervisor = segue::supervisor;

class Seeds {
 public:
  explicit Seeds(std::filesystem::path folder) : folder_(std::move(folder)) {}

  void write(const char* target, std::string_view bytes) {
    const auto folder = folder_ / target;
    std::filesystem::create_directories(folder);
    std::ofstream(folder / std::to_string(++count_), std::ios::binary) << bytes;
  }
  int count() const { return count_; }

 private:
  std::filesystem::path folder_;
  int count_ = 0;
};

// A connection that has received the first `length` bytes of a transcript.
void write_state(Seeds& seeds, const http1::Transcript& transcript, std::size_t length) {
  http1::Feeder feeder(transcript.limits);
  feeder.feed(std::string_view(transcript.in).substr(0, length));
  if (feeder.error() != http1::ReadError::none) return;
  segue::connection::ConnectionState state;
  state.reader = feeder.state();
  state.input = transcript.in.substr(length - feeder.unconsumed(), feeder.unconsumed());
  state.deadline_left_ms = 1000;
  state.peer.family = segue::connection::Peer::Family::ipv4;
  std::string bytes;
  segue::connection::encode(state, bytes);
  seeds.write("connection_decode", bytes);
  bytes.clear();
  segue::server::encode(state, 7, bytes);
  seeds.write("connection_decode", bytes);
  std::string reader;
  if (http1::encode(state.reader, reader)) {
    seeds.write("http1_decode", "\xff" + reader);
    // The first byte says in 255ths how much is the state.
    const std::string rest = transcript.in.substr(length - feeder.unconsumed());
    const auto share = static_cast<char>(reader.size() * 255 / (reader.size() + rest.size()));
    seeds.write("http1_decode", share + reader + rest);
  }
}

void write_proxy_headers(Seeds& seeds) {
  const std::string signature("\r\n\r\n\0\r\nQUIT\n", 12);
  seeds.write("proxy_header", "PROXY TCP4 192.0.2.1 198.51.100.2 4711 80\r\nGET / HTTP/1.1\r\n");
  seeds.write("proxy_header", "PROXY TCP6 2001:db8::1 2001:db8::2 4711 80\r\n");
  seeds.write("proxy_header", "PROXY UNKNOWN\r\n");
  seeds.write("proxy_header", signature + std::string("\x21\x11\0\x0c", 4) + "abcdefghijkl");
  seeds.write("proxy_header", signature + std::string("\x20\0\0\0", 4));
}

void write_messages(Seeds& seeds) {
  for (const auto& message : supervisor::every_message()) {
    seeds.write("handover_message", segue::handover::encode(message));
  }
  seeds.write("supervisor_decode", supervisor::encode(supervisor::Request{
                                       supervisor::Command::upgrade, "/srv/hello", true, true}));
  seeds.write("supervisor_decode", supervisor::encode(supervisor::Answer{1, "{}", "refused"}));
}

// A conversation, read from its beginning and from the middle of a message.
void write_frames(Seeds& seeds) {
  using namespace segue::websocket;
  const std::string frames =
      client_frame(Opcode::text, "k\u00f3sme") + client_frame(Opcode::ping, "1") +
      client_frame(Opcode::text, "fr\xe2", false) + client_frame(Opcode::continuation, "\x82\xac") +
      client_frame(FrameHeader{.opcode = Opcode::binary, .compressed = true}, "\xca\x48") +
      client_frame(Opcode::close, close_payload(1000, "bye"));
  for (const std::size_t at : {0, 9, 25, 33}) {
    Feeder feeder({.compression = true});
    feeder.feed(std::string_view(frames).substr(0, at));
    std::string state;
    if (!encode(feeder.state(), state)) continue;
    const std::string rest = frames.substr(at - feeder.unconsumed());
    const auto share = static_cast<char>((state.size() * 255 + state.size() + rest.size() - 1) /
                                         (state.size() + rest.size()));
    seeds.write("websocket_decode", share + std::string("\x02") + state + rest);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: write-seeds FOLDER\n");
    return 2;
  }
  Seeds seeds(argv[1]);
  for (const http1::Transcript& transcript : http1::all_transcripts()) {
    seeds.write("http1_reader", std::string("\x01\x10") + transcript.in);
    seeds.write("http1_llhttp", transcript.in);
    for (const std::size_t parts : {1, 2, 3}) {
      write_state(seeds, transcript, transcript.in.size() / parts);
    }
  }
  write_proxy_headers(seeds);
  write_messages(seeds);
  write_frames(seeds);
  std::printf("%d seeds\n", seeds.count());
  return seeds.count() > 0 ? 0 : 1;
}
