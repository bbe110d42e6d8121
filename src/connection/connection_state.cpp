// The codec and the questions of ConnectionState.
#include "connection/connection_state.hpp"

#include <cstdio>
#include <optional>

#include "base/codec.hpp"
#include "http1/codec.hpp"

namespace segue::connection {
namespace {

// Tags are fixed for ever; 0x40 marks what a reader must understand.
enum Tag : std::uint32_t {
  tag_phase = 1 | base::required_tag_bit,
  tag_deadline = 2,
  tag_deadline_left = 3,
  tag_close_after_output = 4 | base::required_tag_bit,
  tag_peer_family = 5,
  tag_peer_port = 6,
  tag_peer_address = 7,
  tag_reader = 8 | base::required_tag_bit,
  tag_input = 9 | base::required_tag_bit,
  tag_output = 10 | base::required_tag_bit,
};

// A deadline from another generation is never longer than a day.
constexpr std::uint64_t deadline_left_max = 24ull * 3600 * 1000;

Error malformed(const std::string& field) {
  return {ErrorCode::malformed, "connection state: " + field};
}

std::optional<std::uint64_t> number_up_to(const base::Entry& entry, std::uint64_t max) {
  const auto value = base::as_number(entry);
  if (!value || *value > max) return std::nullopt;
  return value;
}

// One entry of the peer's address; false if it is out of range.
bool read_peer(const base::Entry& entry, Peer& peer) {
  if (entry.tag == tag_peer_family) {
    const auto family = number_up_to(entry, 3);
    if (family) peer.family = static_cast<Peer::Family>(*family);
    return family.has_value();
  }
  if (entry.tag == tag_peer_port) {
    const auto port = number_up_to(entry, 0xffff);
    if (port) peer.port = static_cast<std::uint16_t>(*port);
    return port.has_value();
  }
  if (entry.bytes.size() != peer.address.size()) return false;
  entry.bytes.copy(reinterpret_cast<char*>(peer.address.data()), peer.address.size());
  return true;
}

Result<void> read_phase(const base::Entry& entry, ConnectionState& state) {
  const auto phase = number_up_to(entry, 3);  // lingering does not travel
  if (!phase || *phase == 0) return malformed("phase is not one that travels");
  state.phase = static_cast<Phase>(*phase);
  return {};
}

Result<void> read_deadline(const base::Entry& entry, ConnectionState& state) {
  if (entry.tag == tag_deadline) {
    const auto deadline = number_up_to(entry, 5);
    if (!deadline || *deadline == 0) return malformed("deadline kind is unknown");
    state.deadline = static_cast<Deadline>(*deadline);
    return {};
  }
  const auto left = number_up_to(entry, deadline_left_max);
  if (!left) return malformed("deadline_left_ms is out of range");
  state.deadline_left_ms = static_cast<std::uint32_t>(*left);
  return {};
}

Result<void> read_entry(const base::Entry& entry, ConnectionState& state, const Limits& limits) {
  switch (entry.tag) {
    case tag_phase:
      return read_phase(entry, state);
    case tag_deadline:
    case tag_deadline_left:
      return read_deadline(entry, state);
    case tag_close_after_output: {
      const auto flag = number_up_to(entry, 1);
      if (!flag) return malformed("close_after_output is not a flag");
      state.close_after_output = *flag == 1;
      return {};
    }
    case tag_peer_family:
    case tag_peer_port:
    case tag_peer_address:
      if (!read_peer(entry, state.peer)) return malformed("peer is malformed");
      return {};
    case tag_reader: {
      auto reader = http1::decode(entry.bytes, limits);
      if (!reader) return reader.error();
      state.reader = std::move(*reader);
      return {};
    }
    case tag_input:
      if (entry.bytes.size() > input_bytes_max) return malformed("input is too long");
      state.input = entry.bytes;
      return {};
    case tag_output:
      state.output = entry.bytes;
      return {};
    default:
      break;
  }
  if (entry.tag & base::required_tag_bit) {
    return Error{ErrorCode::unsupported,
                 "connection state: required tag " + std::to_string(entry.tag) + " is unknown"};
  }
  return {};
}

// What the fields must say together, whoever wrote them.
Result<void> check(const ConnectionState& state) {
  if (state.phase == Phase::closing && state.output.empty()) {
    return malformed("closing with nothing left to send");
  }
  if (state.phase == Phase::proxy_header && !http1::at_boundary(state.reader, 0)) {
    return malformed("a request before the end of the PROXY header");
  }
  if (state.phase == Phase::closing && !state.close_after_output) {
    return malformed("closing without close_after_output");
  }
  return {};
}

}  // namespace

std::string to_text(const Peer& peer) {
  char text[64] = "unknown";
  const auto& a = peer.address;
  switch (peer.family) {
    case Peer::Family::unknown:
      break;
    case Peer::Family::unix_socket:
      return "unix";
    case Peer::Family::ipv4:
      std::snprintf(text, sizeof text, "%u.%u.%u.%u", a[0], a[1], a[2], a[3]);
      break;
    case Peer::Family::ipv6: {
      // RFC 5952: the longest run of two or more zero groups is written "::".
      std::array<unsigned, 8> group{};
      for (std::size_t i = 0; i < 8; ++i) group[i] = a[2 * i] * 256u + a[2 * i + 1];
      std::size_t best = 8, best_length = 1;
      for (std::size_t i = 0; i < 8; ++i) {
        std::size_t length = 0;
        while (i + length < 8 && group[i + length] == 0) ++length;
        if (length > best_length) best = i, best_length = length;
      }
      std::string out;
      for (std::size_t i = 0; i < 8; ++i) {
        if (i == best) {
          out += "::";
          i += best_length - 1;
          continue;
        }
        if (!out.empty() && out.back() != ':') out += ':';
        std::snprintf(text, sizeof text, "%x", group[i]);
        out += text;
      }
      return out;
    }
  }
  return text;
}

bool at_boundary(const ConnectionState& state) {
  return state.phase == Phase::open && state.output.empty() && !state.close_after_output &&
         http1::at_boundary(state.reader, state.input.size());
}

bool movable(const ConnectionState& state) { return state.phase != Phase::lingering; }

void encode(const ConnectionState& state, std::string& out) {
  base::Writer writer(out);
  writer.number(tag_phase, static_cast<std::uint64_t>(state.phase));
  writer.number(tag_deadline, static_cast<std::uint64_t>(state.deadline));
  writer.number(tag_deadline_left, state.deadline_left_ms);
  if (state.close_after_output) writer.number(tag_close_after_output, 1);
  if (state.peer.family != Peer::Family::unknown) {
    writer.number(tag_peer_family, static_cast<std::uint64_t>(state.peer.family));
    writer.number(tag_peer_port, state.peer.port);
    writer.bytes(tag_peer_address, {reinterpret_cast<const char*>(state.peer.address.data()),
                                    state.peer.address.size()});
  }
  std::string reader;
  // A reader with a request handed out cannot move; callers only encode while no handler runs.
  if (!(state.reader == http1::ReaderState{}) && http1::encode(state.reader, reader)) {
    writer.bytes(tag_reader, reader);
  }
  if (!state.input.empty()) writer.bytes(tag_input, state.input);
  if (!state.output.empty()) writer.bytes(tag_output, state.output);
}

Result<ConnectionState> decode(std::string_view record, const Limits& limits) {
  ConnectionState state;
  base::Reader reader(record);
  bool phase_seen = false;
  while (const auto entry = reader.next()) {
    if (auto read = read_entry(*entry, state, limits); !read) return read.error();
    phase_seen |= entry->tag == tag_phase;
  }
  if (reader.malformed()) return malformed("cut short");
  if (!phase_seen) return malformed("phase is missing");
  if (auto checked = check(state); !checked) return checked.error();
  return state;
}

}  // namespace segue::connection
