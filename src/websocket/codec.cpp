// ReaderState as a tagged record: see codec.hpp.
#include "websocket/codec.hpp"

#include "base/codec.hpp"

namespace segue::websocket {
namespace {

/// Fixed for ever; a retired number stays here as a comment. All are required: a reader that does
/// not know one of them would misread the connection. ReaderState::utf8 follows from the content.
namespace tag {
constexpr std::uint32_t phase = 0x41;      ///< number: Phase
constexpr std::uint32_t flags = 0x42;      ///< number: bits of namespace flag; absent = 0
constexpr std::uint32_t key = 0x43;        ///< bytes: four; absent = zero
constexpr std::uint32_t fragments = 0x44;  ///< number; absent = 0
constexpr std::uint32_t left = 0x45;       ///< number; absent = 0
constexpr std::uint32_t content = 0x46;    ///< bytes; absent = empty
}  // namespace tag
/// Bits of tag::flags.
namespace flag {
constexpr std::uint64_t text = 1, compressed = 2, final = 4, all = 7;
}  // namespace flag

Error malformed(std::string_view what) {
  return {ErrorCode::malformed, "websocket state: " + std::string(what)};
}

Result<void> take_phase(std::uint64_t number, ReaderState& state) {
  if (number < 1 || number > 5 || number == static_cast<std::uint64_t>(Phase::ended)) {
    return malformed("no phase that travels: " + std::to_string(number));
  }
  state.phase = static_cast<Phase>(number);
  return {};
}

Result<void> take_number(const base::Entry& entry, ReaderState& state) {
  const auto number = base::as_number(entry);
  if (!number) return malformed("tag " + std::to_string(entry.tag) + " is not a number");
  switch (entry.tag) {
    case tag::phase:
      return take_phase(*number, state);
    case tag::flags:
      if (*number > flag::all) return malformed("unknown flags");
      state.text = (*number & flag::text) != 0;
      state.compressed = (*number & flag::compressed) != 0;
      state.final = (*number & flag::final) != 0;
      return {};
    case tag::fragments:
      if (*number > UINT32_MAX) return malformed("impossible count of fragments");
      state.fragments = static_cast<std::uint32_t>(*number);
      return {};
    default:
      state.left = *number;
      return {};
  }
}

Result<void> take_entry(const base::Entry& entry, ReaderState& state) {
  switch (entry.tag) {
    case tag::phase:
    case tag::flags:
    case tag::fragments:
    case tag::left:
      return take_number(entry, state);
    case tag::key:
      if (entry.bytes.size() != state.key.size()) return malformed("a key has four bytes");
      for (std::size_t i = 0; i < state.key.size(); ++i) {
        state.key[i] = static_cast<std::uint8_t>(entry.bytes[i]);
      }
      return {};
    case tag::content:
      state.content = entry.bytes;
      return {};
  }
  if ((entry.tag & base::required_tag_bit) == 0) return {};
  return Error{ErrorCode::unsupported,
               "websocket state: unknown required tag " + std::to_string(entry.tag)};
}

Result<ReaderState> take_entries(std::string_view bytes) {
  ReaderState state;
  std::uint64_t seen = 0;
  base::Reader reader(bytes);
  while (const auto entry = reader.next()) {
    if (entry->tag >= tag::phase && entry->tag <= tag::content) {
      const std::uint64_t bit = std::uint64_t{1} << (entry->tag & 0x3f);
      if ((seen & bit) != 0) return malformed("tag " + std::to_string(entry->tag) + " twice");
      seen |= bit;
    }
    if (const auto taken = take_entry(*entry, state); !taken) return taken.error();
  }
  if (reader.malformed()) return malformed("broken record");
  if ((seen & std::uint64_t{1} << (tag::phase & 0x3f)) == 0) return malformed("no phase");
  return state;
}

Result<void> check_message(const ReaderState& state, const ReadOptions& options) {
  if (state.compressed && !options.compression) return malformed("compression was not agreed upon");
  if (state.fragments == 0) return malformed("a message without a frame");
  if (state.fragments > options.fragments_max) return malformed("too many fragments");
  const std::size_t come = state.content.size();
  if (come > options.message_bytes_max || state.left > options.message_bytes_max - come) {
    return malformed("the message exceeds the limit");
  }
  const bool in_frame = state.phase == Phase::payload;
  if (in_frame != (state.left > 0)) return malformed("phase and bytes left disagree");
  if (!in_frame && (state.final || state.key != MaskKey{})) return malformed("a frame that ended");
  if (options.from_server && state.key != MaskKey{}) return malformed("a server masks nothing");
  return {};
}

Result<void> check(ReaderState& state, const ReadOptions& options) {
  if (state.phase == Phase::between || state.phase == Phase::closed) {
    ReaderState empty;
    empty.phase = state.phase;
    return state == empty ? Result<void>{} : malformed("a message outside of one");
  }
  if (const auto checked = check_message(state, options); !checked) return checked;
  const bool is_text = state.text && !state.compressed;
  if (is_text && !take_utf8(state.utf8, state.content)) return malformed("text that is no UTF-8");
  return {};
}

}  // namespace

bool encode(const ReaderState& state, std::string& out) {
  if (state.phase == Phase::ended) return false;
  base::Writer writer(out);
  writer.number(tag::phase, static_cast<std::uint64_t>(state.phase));
  const std::uint64_t flags = (state.text ? flag::text : 0) |
                              (state.compressed ? flag::compressed : 0) |
                              (state.final ? flag::final : 0);
  if (flags != 0) writer.number(tag::flags, flags);
  if (state.key != MaskKey{}) {
    writer.bytes(tag::key, {reinterpret_cast<const char*>(state.key.data()), state.key.size()});
  }
  if (state.fragments != 0) writer.number(tag::fragments, state.fragments);
  if (state.left != 0) writer.number(tag::left, state.left);
  if (!state.content.empty()) writer.bytes(tag::content, state.content);
  return true;
}

Result<ReaderState> decode(std::string_view bytes, const ReadOptions& options) {
  Result<ReaderState> state = take_entries(bytes);
  if (!state) return state;
  if (const auto checked = check(*state, options); !checked) return checked.error();
  return state;
}

}  // namespace segue::websocket
